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

constexpr size_t kSegmentPages = 8;
constexpr size_t kSegmentTokens = kSegmentPages * kPageTokens;

// One query row of one sequence.
struct QueryRow {
  size_t row;
  size_t tokens;  // visible: its position + 1
  std::span<const PageId> pages;
};

std::vector<QueryRow> ListRows(const AttentionArgs& args) {
  std::vector<QueryRow> rows;
  for (const AttentionSpan& span : args.spans) {
    for (size_t i = 0; i < span.count; ++i) {
      rows.push_back({span.row_begin + i, span.position + i + 1, span.pages});
    }
  }
  return rows;
}

size_t Segments(const QueryRow& row) { return (row.tokens + kSegmentTokens - 1) / kSegmentTokens; }

// Softmax state of the query heads of one KV head: max, sum, and the weighted values.
struct HeadState {
  float* max;
  float* sum;
  float* out;

  HeadState(float* memory, size_t heads)
      : max(memory), sum(memory + heads), out(memory + 2 * heads) {}
  static size_t Floats(size_t heads, size_t head_dim) {
    return heads * (2 + PaddedHeadDim(head_dim));
  }
};

void Fold(const HeadState& next, size_t heads, size_t padded, HeadState& total) {
  for (size_t h = 0; h < heads; ++h) {
    const float max = MaxSecond(next.max[h], total.max[h]);
    const float keep = FixedExp(total.max[h] - max);
    const float add = FixedExp(next.max[h] - max);
    total.max[h] = max;
    total.sum[h] = total.sum[h] * keep + next.sum[h] * add;
    float* to = total.out + h * padded;
    const float* from = next.out + h * padded;
    for (size_t i = 0; i < padded; ++i) to[i] = to[i] * keep + from[i] * add;
  }
}

// What all workers of one Attention call share.
struct AttentionJob {
  const CpuKv& kv;
  const AttentionArgs& args;
  AttendFn attend;
  const float* q;
  float* out;
  std::vector<QueryRow> rows;

  [[nodiscard]] size_t group() const { return args.heads / args.kv_heads; }
  [[nodiscard]] size_t state_floats() const { return HeadState::Floats(group(), args.head_dim); }

  void Segment(const QueryRow& row, size_t kv_head, size_t segment, HeadState& state) const {
    const uint8_t* k_pages[kSegmentPages];
    const uint8_t* v_pages[kSegmentPages];
    AttendTask task;
    task.tokens = std::min(row.tokens - segment * kSegmentTokens, kSegmentTokens);
    for (size_t p = 0; p * kPageTokens < task.tokens; ++p) {
      const PageId page = row.pages[segment * kSegmentPages + p];
      k_pages[p] = kv.k_page(page, args.layer, kv_head);
      v_pages[p] = kv.v_page(page, args.layer, kv_head);
    }
    task.q = q + (row.row * args.heads + kv_head * group()) * args.head_dim;
    task.heads = group();
    task.head_dim = args.head_dim;
    task.scale = args.scale;
    task.k_pages = k_pages;
    task.v_pages = v_pages;
    task.max = state.max;
    task.sum = state.sum;
    task.out = state.out;
    attend(task);
  }

  void Finish(const QueryRow& row, size_t kv_head, const HeadState& state) const {
    const size_t padded = PaddedHeadDim(args.head_dim);
    for (size_t h = 0; h < group(); ++h) {
      float* to = out + (row.row * args.heads + kv_head * group() + h) * args.head_dim;
      const float inverse = 1.0F / state.sum[h];
      for (size_t i = 0; i < args.head_dim; ++i) to[i] = state.out[h * padded + i] * inverse;
    }
  }
};

// A worker walks all segments of its (KV head, row).
void AttendWhole(const AttentionJob& job, ThreadPool& pool, std::vector<float>& scratch) {
  const size_t floats = job.state_floats();
  scratch.resize(2 * floats * static_cast<size_t>(pool.threads()));
  const size_t padded = PaddedHeadDim(job.args.head_dim);
  const size_t count = job.rows.size() * job.args.kv_heads;
  pool.ParallelFor(count, 1, [&](size_t begin, size_t end, int worker) {
    float* memory = scratch.data() + 2 * floats * static_cast<size_t>(worker);
    HeadState total(memory, job.group());
    HeadState next(memory + floats, job.group());
    for (size_t i = begin; i < end; ++i) {
      const QueryRow& row = job.rows[i % job.rows.size()];
      const size_t kv_head = i / job.rows.size();
      job.Segment(row, kv_head, 0, total);
      for (size_t s = 1; s < Segments(row); ++s) {
        job.Segment(row, kv_head, s, next);
        Fold(next, job.group(), padded, total);
      }
      job.Finish(row, kv_head, total);
    }
  });
}

// Few rows and long contexts: the segments are shared out, then folded in order.
void AttendSplit(const AttentionJob& job, ThreadPool& pool, std::vector<float>& scratch) {
  struct Part {
    size_t row;
    size_t kv_head;
    size_t segment;
  };
  std::vector<Part> parts;
  for (size_t r = 0; r < job.rows.size(); ++r) {
    for (size_t h = 0; h < job.args.kv_heads; ++h) {
      for (size_t s = 0; s < Segments(job.rows[r]); ++s) parts.push_back({r, h, s});
    }
  }
  const size_t floats = job.state_floats();
  scratch.resize(floats * parts.size());
  pool.ParallelFor(parts.size(), 1, [&](size_t begin, size_t end, int) {
    for (size_t i = begin; i < end; ++i) {
      HeadState state(scratch.data() + i * floats, job.group());
      job.Segment(job.rows[parts[i].row], parts[i].kv_head, parts[i].segment, state);
    }
  });
  const size_t padded = PaddedHeadDim(job.args.head_dim);
  for (size_t i = 0; i < parts.size();) {
    const Part& part = parts[i];
    const QueryRow& row = job.rows[part.row];
    HeadState total(scratch.data() + i * floats, job.group());
    for (size_t s = 1; s < Segments(row); ++s) {
      Fold(HeadState(scratch.data() + (i + s) * floats, job.group()), job.group(), padded, total);
    }
    job.Finish(row, part.kv_head, total);
    i += Segments(row);
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
  const std::vector<QueryRow> rows = ListRows(args);
  const size_t width = args.kv_heads * args.head_dim;
  pool_.ParallelFor(rows.size(), 16, [&](size_t begin, size_t end, int) {
    for (size_t i = begin; i < end; ++i) {
      const size_t position = rows[i].tokens - 1;
      storage.Store(table_, rows[i].pages[position / kPageTokens], position % kPageTokens,
                    args.layer, k.data() + rows[i].row * width, v.data() + rows[i].row * width);
    }
  });
}

void CpuOps::Attention(const KvStorage& kv, const AttentionArgs& args, std::span<const float> q,
                       std::span<float> out) {
  const auto& storage = static_cast<const CpuKv&>(kv);
  const AttendFn attend =
      storage.shape().type == KvType::kF32 ? table_.attend_f32 : table_.attend_f16;
  const AttentionJob job{storage, args, attend, q.data(), out.data(), ListRows(args)};
  if (job.rows.empty()) return;
  size_t longest = 0;
  for (const QueryRow& row : job.rows) longest = std::max(longest, Segments(row));
  const auto threads = static_cast<size_t>(pool_.threads());
  const bool few = job.rows.size() * args.kv_heads < 4 * threads;
  if (few && longest > 1 && threads > 1) {
    AttendSplit(job, pool_, attention_scratch_);
  } else {
    AttendWhole(job, pool_, attention_scratch_);
  }
}

}  // namespace lemma::kernels
