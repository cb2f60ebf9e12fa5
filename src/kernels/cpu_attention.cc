// SPDX-License-Identifier: Apache-2.0
// The position-dependent ops of CpuOps: RoPE, the KV store, and attention in segments of 512
// tokens that are folded in order, whether one worker walks them or several share them
// (flash-decoding), so that both give the same bits.
#include <algorithm>

#include "kernels/cpu_kv.h"
#include "kernels/cpu_ops.h"
#include "kernels/fixed_math.h"

namespace lemma::kernels {
namespace {

// Rows (query row, head) of a block: they share what is prepared for a segment, as widened pages.
constexpr size_t kTaskRows = 384;
// Rows of a kernel call: their scores against a segment stay near the first-level cache.
constexpr size_t kSubBlockRows = 32;

constexpr size_t RoundUp16(size_t n) { return (n + 15) / 16 * 16; }

// Consecutive query rows of one sequence that go through K and V together.
struct QueryBlock {
  size_t row;       // of the batch
  size_t count;     // query rows
  size_t position;  // of the first
  std::span<const PageId> pages;

  [[nodiscard]] size_t tokens() const { return position + count; }
  [[nodiscard]] size_t segments() const { return (tokens() + kSegmentTokens - 1) / kSegmentTokens; }
};

std::vector<QueryBlock> ListBlocks(const AttentionArgs& args, size_t most) {
  std::vector<QueryBlock> blocks;
  for (const AttentionSpan& span : args.spans) {
    for (size_t i = 0; i < span.count; i += most) {
      blocks.push_back(
          {span.row_begin + i, std::min(most, span.count - i), span.position + i, span.pages});
    }
  }
  return blocks;
}

// Hands out 64-byte aligned pieces of a worker's memory; with null, only counts.
class Carver {
 public:
  explicit Carver(float* memory) : memory_(memory) {}
  float* Take(size_t floats) {
    float* out = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += RoundUp16(floats);
    return out;
  }
  [[nodiscard]] size_t used() const { return used_; }

 private:
  float* memory_;
  size_t used_ = 0;
};

// Softmax state of a block's rows: max, sum, and the weighted values.
struct RowStates {
  float* max;
  float* sum;
  float* out;

  RowStates(Carver& carver, size_t rows, size_t head_dim)
      : max(carver.Take(rows)),
        sum(carver.Take(rows)),
        out(carver.Take(RoundUp16(rows) * PaddedHeadDim(head_dim))) {}
};

// What all workers of one Attention call share.
struct AttentionJob {
  const CpuKv& kv;
  const AttentionArgs& args;
  const AttentionKernels& kernels;
  const KeyAngles& angles;
  const float* q;
  float* out;
  std::vector<QueryBlock> blocks;
  size_t block_rows;  // query rows of the largest block

  [[nodiscard]] size_t group() const { return args.heads / args.kv_heads; }
  [[nodiscard]] size_t max_rows() const { return block_rows * group(); }
  [[nodiscard]] bool widens(KvType type) const {
    return type == KvType::kQ8_0 && kernels.widen_q8_0 != nullptr;
  }
};

// The memory of one worker.
struct WorkerMemory {
  float* q;
  uint16_t* q_bf16;
  uint32_t* visible;
  float* scores;
  float* factors;   // of the key bias: [rows][pairs][2]
  uint32_t* pairs;  // frequencies with a bias
  uint8_t* k_wide;
  uint8_t* v_wide;
  RowStates total;
  RowStates next;

  WorkerMemory(Carver& carver, const AttentionJob& job)
      : q(carver.Take(RoundUp16(job.max_rows()) * PaddedKeyDim(job.args.head_dim))),
        q_bf16(reinterpret_cast<uint16_t*>(
            carver.Take(RoundUp16(job.max_rows()) * PaddedKeyDim(job.args.head_dim) / 2))),
        visible(reinterpret_cast<uint32_t*>(carver.Take(job.max_rows()))),
        scores(carver.Take(kSubBlockRows * kScoreStride)),
        factors(carver.Take(job.args.key_bias.empty() ? 0 : job.max_rows() * job.args.head_dim)),
        pairs(reinterpret_cast<uint32_t*>(carver.Take(job.args.head_dim))),
        k_wide(reinterpret_cast<uint8_t*>(
            carver.Take(job.widens(job.kv.shape().type.k)
                            ? kSegmentPages * KPageBytes(KvType::kBf16, job.args.head_dim) / 4
                            : 0))),
        v_wide(reinterpret_cast<uint8_t*>(
            carver.Take(job.widens(job.kv.shape().type.v)
                            ? kSegmentPages * VPageBytes(KvType::kBf16, job.args.head_dim) / 4
                            : 0))),
        total(carver, job.max_rows(), job.args.head_dim),
        next(carver, job.max_rows(), job.args.head_dim) {}
};

// Walks one block of query rows through the segments, for one KV head.
class BlockWalk {
 public:
  BlockWalk(const AttentionJob& job, const QueryBlock& block, size_t kv_head,
            const WorkerMemory& memory)
      : job_(job),
        block_(block),
        kv_head_(kv_head),
        memory_(memory),
        rows_(block.count * job.group()),
        dim_(job.args.head_dim) {
    GatherQueries();
    if (!job.args.key_bias.empty()) FindKeyBias();
  }

  // max, sum and out of the rows over one segment alone.
  void Segment(size_t segment, const RowStates& state) {
    SetVisible(segment);
    AttendTask task;
    task.rows = rows_;
    task.head_dim = dim_;
    task.tokens = memory_.visible[rows_ - 1];
    task.visible = memory_.visible;
    task.q = memory_.q;
    task.q_bf16 = memory_.q_bf16;
    task.log2_scale = job_.args.scale * kLog2E;
    task.scores = memory_.scores;
    task.max = state.max;
    task.sum = state.sum;
    task.out = state.out;
    const uint8_t* pages[2][kSegmentPages];
    const float* scales[2][kSegmentPages];
    task.k_pages = pages[0];
    task.v_pages = pages[1];
    task.k_scales = scales[0];
    task.v_scales = scales[1];
    SetPages(segment, task.tokens, pages, scales);
    for (size_t row = 0; row < rows_; row += kSubBlockRows) AttendRows(segment, task, row);
  }

  void Fold(const RowStates& next, const RowStates& total) const {
    FoldTask task;
    task.rows = rows_;
    task.head_dim = dim_;
    task.log2_scale = job_.args.scale * kLog2E;
    task.visible = memory_.visible;
    task.next_max = next.max;
    task.next_sum = next.sum;
    task.next_out = next.out;
    task.max = total.max;
    task.sum = total.sum;
    task.out = total.out;
    job_.kernels.fold(task);
  }

  void Finish(const RowStates& state) const {
    const size_t padded = PaddedHeadDim(dim_);
    for (size_t r = 0; r < rows_; ++r) {
      float* to = job_.out + HeadOffset(r);
      job_.kernels.scale(state.out + r * padded, dim_, 1.0F / state.sum[r], to);
    }
  }

  // What each row sees of a segment; SetVisible also runs in Segment.
  void SetVisible(size_t segment) {
    const size_t begin = segment * kSegmentTokens;
    for (size_t r = 0; r < rows_; ++r) {
      const size_t seen = block_.position + r / job_.group() + 1;
      const size_t here = std::min(seen > begin ? seen - begin : 0, kSegmentTokens);
      memory_.visible[r] = static_cast<uint32_t>(here);
    }
  }

 private:
  // Of row r's head in q and out.
  [[nodiscard]] size_t HeadOffset(size_t r) const {
    const size_t head = kv_head_ * job_.group() + r % job_.group();
    return ((block_.row + r / job_.group()) * job_.args.heads + head) * dim_;
  }

  // Asks for the lines of q and of out early: they lie apart, one row's heads at a time.
  void PrefetchRows() const {
    constexpr size_t kLineFloats = 64 / sizeof(float);
    for (size_t r = 0; r < rows_; r += job_.group()) {
      const size_t at = HeadOffset(r);
      for (size_t i = 0; i < job_.group() * dim_; i += kLineFloats) {
        __builtin_prefetch(job_.q + at + i, 0, 2);
        __builtin_prefetch(job_.out + at + i, 1, 2);
      }
    }
  }

  void GatherQueries() {
    PrefetchRows();
    const size_t stride = PaddedKeyDim(dim_);
    const bool paired = IsPaired(job_.kv.shape().type.k);
    for (size_t r = 0; r < rows_; ++r) {
      const float* from = job_.q + HeadOffset(r);
      float* to = memory_.q + r * stride;
      if (paired) {
        job_.kernels.round_query(from, dim_, to, memory_.q_bf16 + r * stride);
      } else {
        std::copy_n(from, dim_, to);
      }
    }
  }

  // cos(angle) (q1 b1 + q2 b2) + sin(angle) (q2 b1 - q1 b2) for each rotated pair with a bias.
  void FindKeyBias() {
    const RopeParams& rope = job_.args.rope;
    const size_t half = rope.frequencies.size();
    const bool neox = rope.layout == RopeLayout::kNeox;
    const float* bias = job_.args.key_bias.data() + kv_head_ * dim_;
    const auto first = [&](size_t i) { return neox ? i : 2 * i; };
    const size_t distance = neox ? half : 1;
    for (size_t i = 0; i < half; ++i) {
      if (bias[first(i)] == 0.0F && bias[first(i) + distance] == 0.0F) continue;
      memory_.pairs[num_pairs_++] = static_cast<uint32_t>(i);
    }
    float* to = memory_.factors;
    for (size_t r = 0; r < rows_; ++r) {
      const float* query = job_.q + HeadOffset(r);
      for (size_t i = 0; i < num_pairs_; ++i, to += 2) {
        const size_t a = first(memory_.pairs[i]);
        const size_t b = a + distance;
        to[0] = query[a] * bias[a] + query[b] * bias[b];
        to[1] = query[b] * bias[a] - query[a] * bias[b];
      }
    }
  }

  void AddKeyBias(size_t segment, const AttendTask& scores, size_t row) const {
    const float* angles[kSegmentPages];
    for (size_t p = 0; p * kPageTokens < scores.tokens; ++p) {
      angles[p] = job_.angles.page(segment * kSegmentPages + p);
    }
    KeyBiasTask task;
    task.rows = scores.rows;
    task.tokens = scores.tokens;
    task.angles = angles;
    task.pairs = memory_.pairs;
    task.num_pairs = num_pairs_;
    task.factors = memory_.factors + row * 2 * num_pairs_;
    task.scores = scores.scores;
    job_.kernels.add_key_bias(task);
  }

  void SetPages(size_t segment, size_t tokens, const uint8_t* pages[2][kSegmentPages],
                const float* scales[2][kSegmentPages]) const {
    const KvTypes types = job_.kv.shape().type;
    const size_t last = (block_.tokens() - 1) / kPageTokens;
    for (size_t p = 0; p * kPageTokens < tokens; ++p) {
      const size_t index = segment * kSegmentPages + p;
      const PageId page = block_.pages[index];
      const PageId next = block_.pages[std::min(index + 1, last)];
      const uint8_t* next_pages[2] = {job_.kv.k_page(next, job_.args.layer, kv_head_),
                                      job_.kv.v_page(next, job_.args.layer, kv_head_)};
      pages[0][p] = job_.kv.k_page(page, job_.args.layer, kv_head_);
      pages[1][p] = job_.kv.v_page(page, job_.args.layer, kv_head_);
      const size_t elements[2] = {KElements(types.k, dim_), VElements(dim_)};
      const KvType type[2] = {types.k, types.v};
      uint8_t* wide[2] = {memory_.k_wide, memory_.v_wide};
      for (size_t i = 0; i < 2; ++i) {
        if (type[i] != KvType::kQ8_0) continue;
        scales[i][p] = reinterpret_cast<const float*>(pages[i][p] + elements[i]);
        if (!job_.widens(type[i])) continue;
        uint8_t* to = wide[i] + p * elements[i] * 2;
        job_.kernels.widen_q8_0(pages[i][p], next_pages[i], elements[i], to);
        pages[i][p] = to;
      }
    }
  }

  // All steps for up to kSubBlockRows rows.
  void AttendRows(size_t segment, const AttendTask& whole, size_t row) const {
    AttendTask task = whole;
    task.rows = std::min(whole.rows - row, kSubBlockRows);
    task.visible += row;
    task.tokens = task.visible[task.rows - 1];
    if (task.tokens == 0) return;
    task.q += row * PaddedKeyDim(dim_);
    task.q_bf16 += row * PaddedKeyDim(dim_);
    task.max += row;
    task.sum += row;
    task.out += row * PaddedHeadDim(dim_);
    const KvTypes types = job_.kv.shape().type;
    job_.kernels.scores[static_cast<size_t>(types.k)](task);
    if (num_pairs_ > 0) AddKeyBias(segment, task, row);
    job_.kernels.softmax[static_cast<size_t>(types.v)](task);
    job_.kernels.values[static_cast<size_t>(types.v)](task);
  }

  const AttentionJob& job_;
  const QueryBlock& block_;
  size_t kv_head_;
  const WorkerMemory& memory_;
  size_t rows_;
  size_t dim_;
  size_t num_pairs_ = 0;
};

// Memory for every worker, and for `states` states behind it.
class AttentionMemory {
 public:
  AttentionMemory(const AttentionJob& job, int threads, size_t states, std::vector<float>& memory)
      : job_(job) {
    Carver worker(nullptr);
    const WorkerMemory unused_worker(worker, job);
    worker_floats_ = worker.used();
    Carver state(nullptr);
    const RowStates unused_state(state, job.max_rows(), job.args.head_dim);
    state_floats_ = state.used();
    states_begin_ = worker_floats_ * static_cast<size_t>(threads);
    memory.resize(std::max(memory.size(), states_begin_ + states * state_floats_ + 16));
    const auto address = reinterpret_cast<uintptr_t>(memory.data());
    base_ = memory.data() + (64 - address % 64) % 64 / sizeof(float);
  }
  [[nodiscard]] WorkerMemory worker(int index) const {
    Carver carver(base_ + worker_floats_ * static_cast<size_t>(index));
    return WorkerMemory(carver, job_);
  }
  [[nodiscard]] RowStates state(size_t index) const {
    Carver carver(base_ + states_begin_ + state_floats_ * index);
    return RowStates(carver, job_.max_rows(), job_.args.head_dim);
  }

 private:
  const AttentionJob& job_;
  size_t worker_floats_ = 0;
  size_t state_floats_ = 0;
  size_t states_begin_ = 0;
  float* base_ = nullptr;
};

// A worker walks all segments of its (KV head, block), the blocks with the longest views first.
void AttendWhole(const AttentionJob& job, ThreadPool& pool, std::vector<float>& scratch) {
  const AttentionMemory memory(job, pool.threads(), 0, scratch);
  const size_t count = job.blocks.size() * job.args.kv_heads;
  pool.ParallelFor(count, 1, [&](size_t begin, size_t end, int worker) {
    const WorkerMemory own = memory.worker(worker);
    for (size_t i = begin; i < end; ++i) {
      const QueryBlock& block = job.blocks[job.blocks.size() - 1 - i / job.args.kv_heads];
      BlockWalk walk(job, block, i % job.args.kv_heads, own);
      walk.Segment(0, own.total);
      for (size_t s = 1; s < block.segments(); ++s) {
        walk.Segment(s, own.next);
        walk.Fold(own.next, own.total);
      }
      walk.Finish(own.total);
    }
  });
}

// Few rows and long contexts: the segments are shared out, then folded in order.
void AttendSplit(const AttentionJob& job, ThreadPool& pool, std::vector<float>& scratch) {
  struct Part {
    const QueryBlock* block;
    size_t kv_head;
    size_t segment;
  };
  std::vector<Part> parts;
  for (const QueryBlock& block : job.blocks) {
    for (size_t h = 0; h < job.args.kv_heads; ++h) {
      for (size_t s = 0; s < block.segments(); ++s) parts.push_back({&block, h, s});
    }
  }
  const AttentionMemory memory(job, pool.threads(), parts.size(), scratch);
  pool.ParallelFor(parts.size(), 1, [&](size_t begin, size_t end, int worker) {
    const WorkerMemory own = memory.worker(worker);
    for (size_t i = begin; i < end; ++i) {
      BlockWalk walk(job, *parts[i].block, parts[i].kv_head, own);
      walk.Segment(parts[i].segment, memory.state(i));
    }
  });
  const WorkerMemory own = memory.worker(0);
  for (size_t i = 0; i < parts.size(); i += parts[i].block->segments()) {
    BlockWalk walk(job, *parts[i].block, parts[i].kv_head, own);
    const RowStates total = memory.state(i);
    for (size_t s = 1; s < parts[i].block->segments(); ++s) {
      walk.SetVisible(s);
      walk.Fold(memory.state(i + s), total);
    }
    walk.Finish(total);
  }
}

// Pairs (x[a], x[b]) turned by the row's angles; dimensions past 2 * half stay as they are.
void RotateHead(const float* cosine, const float* sine, size_t half, RopeLayout layout, float* x) {
  const size_t step = layout == RopeLayout::kNeox ? 1 : 2;
  const size_t distance = layout == RopeLayout::kNeox ? half : 1;
  for (size_t i = 0; i < half; ++i) {
    float& a = x[i * step];
    float& b = x[i * step + distance];
    const float new_a = a * cosine[i] - b * sine[i];
    b = a * sine[i] + b * cosine[i];
    a = new_a;
  }
}

}  // namespace

void CpuOps::Rope(std::span<float> x, size_t head_dim, std::span<const int32_t> positions,
                  const RopeParams& params) {
  if (positions.empty()) return;
  rope_.Prepare(positions, params);
  const size_t row_floats = x.size() / positions.size();
  const size_t half = params.frequencies.size();
  pool_.ParallelFor(positions.size(), 8, [&](size_t begin, size_t end, int) {
    for (size_t r = begin; r < end; ++r) {
      for (size_t at = r * row_floats; at < (r + 1) * row_floats; at += head_dim) {
        RotateHead(rope_.cosines(r), rope_.sines(r), half, params.layout, x.data() + at);
      }
    }
  });
}

void CpuOps::StoreKv(KvStorage& kv, const AttentionArgs& args, std::span<const float> k,
                     std::span<const float> v) {
  const auto& storage = static_cast<const CpuKv&>(kv);
  const std::vector<QueryBlock> rows = ListBlocks(args, 1);
  const size_t width = args.kv_heads * args.head_dim;
  pool_.ParallelFor(rows.size(), 16, [&](size_t begin, size_t end, int) {
    for (size_t i = begin; i < end; ++i) {
      const size_t position = rows[i].position;
      storage.Store(table_, rows[i].pages[position / kPageTokens], position % kPageTokens,
                    args.layer, k.data() + rows[i].row * width, v.data() + rows[i].row * width);
    }
  });
}

void CpuOps::Attention(const KvStorage& kv, const AttentionArgs& args, std::span<const float> q,
                       std::span<float> out) {
  const auto& storage = static_cast<const CpuKv&>(kv);
  const size_t most = std::max<size_t>(kTaskRows / (args.heads / args.kv_heads), 1);
  AttentionJob job{storage,  args,       table_.attention,       key_angles_,
                   q.data(), out.data(), ListBlocks(args, most), 0};
  if (job.blocks.empty()) return;
  size_t longest = 0;
  for (const QueryBlock& block : job.blocks) {
    job.block_rows = std::max(job.block_rows, block.count);
    longest = std::max(longest, block.tokens());
  }
  if (!args.key_bias.empty()) key_angles_.Prepare(longest, args.rope);
  const auto threads = static_cast<size_t>(pool_.threads());
  const bool few = job.blocks.size() * args.kv_heads < 4 * threads;
  if (few && longest > kSegmentTokens && threads > 1) {
    AttendSplit(job, pool_, attention_scratch_);
  } else {
    AttendWhole(job, pool_, attention_scratch_);
  }
}

}  // namespace lemma::kernels
