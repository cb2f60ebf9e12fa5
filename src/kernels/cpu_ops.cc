// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu_ops.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>

#include "base/cpu_features.h"
#include "kernels/cpu_kv.h"
#include "kernels/registry.h"

namespace lemma::kernels {
namespace {

// Input rows per pass over a matrix; longer inputs are cut. Bounds the quantised scratch.
constexpr size_t kBatchRows = kGemmMaxRows;
// Rows whose quantised inputs should stay in the second-level cache beside the weights.
constexpr size_t kBlockRows = 64;
// Less work than this is not worth waking the pool for.
constexpr size_t kSerialElements = 16384;
constexpr size_t kSerialBytes = 32768;
constexpr size_t kChunksPerThread = 32;
// The tile kernels take groups in pairs and need some of them to get going.
constexpr size_t kTileChunksPerThread = 8;
// From so many rows on, a group is enough work to be shared out alone.
constexpr size_t kShrinkingRows = 64;
constexpr size_t kLongestRange = 16;  // groups

size_t QuantBlocks(size_t k) { return (k + kSuperBlock - 1) / kSuperBlock; }

const CpuMatrix& AsCpu(const PackedMatrix& w) { return static_cast<const CpuMatrix&>(w); }

}  // namespace

// Input rows of one pass, quantised. The row kernels take them max_rows at a time.
struct CpuOps::Batch {
  const float* x;
  size_t first_row;  // within the call's output
  size_t rows;
  size_t k;
  Accumulate accumulate;
  MatmulType type;
  const uint16_t* bf16;  // the rows as the bf16 class takes them
};

CpuOps::CpuOps(const KernelTable& table, int threads) : table_(table), pool_(threads) {}

std::string CpuOps::name() const { return fmt::format("{} ({})", table_.name, table_.description); }

Result<std::unique_ptr<PackedMatrix>> CpuOps::Pack(const tensor::TensorView& weight) {
  LEMMA_ASSIGN_OR_RETURN(std::unique_ptr<CpuMatrix> matrix,
                         CpuMatrix::Pack(weight, pool_, weight_memory_));
  LEMMA_RETURN_IF_ERROR(Reserve(*matrix));
  return std::unique_ptr<PackedMatrix>(std::move(matrix));
}

// Work space for the inputs of this matrix; its pages cost memory only once they are used.
Status CpuOps::Reserve(const CpuMatrix& w) {
  const auto grow = [](AlignedBuffer& buffer, size_t bytes) -> Status {
    if (bytes <= buffer.size()) return OkStatus();
    LEMMA_ASSIGN_OR_RETURN(buffer, AlignedBuffer::Allocate(bytes));
    return OkStatus();
  };
  const auto dtype = static_cast<size_t>(w.dtype());
  if (table_.bf16_gemm[dtype] != nullptr) {
    const size_t inputs = Bf16Steps(w.columns()) * kBf16Step;
    LEMMA_RETURN_IF_ERROR(grow(bf16_input_, kGemmMaxRows * inputs * sizeof(uint16_t)));
    const size_t outputs = Bf16Steps(w.rows()) * kBf16Step;
    const bool gated = table_.bf16_gated[dtype] != nullptr;
    if (gated) LEMMA_RETURN_IF_ERROR(grow(bf16_gated_, kGemmMaxRows * outputs * sizeof(uint16_t)));
    const auto threads = static_cast<size_t>(pool_.threads());
    LEMMA_RETURN_IF_ERROR(grow(gemm_scratch_, threads * kGemmScratch * sizeof(float)));
  }
  if (w.layout().group == 0) return OkStatus();
  const size_t blocks = QuantBlocks(w.columns());
  LEMMA_RETURN_IF_ERROR(grow(quantized_, kBatchRows * blocks * sizeof(QuantBlock)));
  if (table_.gemm[dtype] == nullptr) return OkStatus();
  return grow(gemm_input_, kGemmMaxRows * blocks * kGemmInputBytes);
}

Result<std::unique_ptr<KvStorage>> CpuOps::MakeKv(const KvShape& shape) {
  LEMMA_ASSIGN_OR_RETURN(std::unique_ptr<CpuKv> kv, CpuKv::Create(shape));
  return std::unique_ptr<KvStorage>(std::move(kv));
}

void CpuOps::Matmul(const PackedMatrix& w, std::span<const float> x, std::span<float> y,
                    Accumulate accumulate, MatmulType type) {
  const Product product{&w, y};
  MatmulMany({&product, 1}, x, accumulate, type);
}

void CpuOps::MatmulMany(std::span<const Product> products, std::span<const float> x,
                        Accumulate accumulate, MatmulType type) {
  if (products.empty()) return;
  const size_t k = products[0].w->columns();
  const size_t rows = x.size() / k;
  for (size_t first = 0; first < rows; first += kBatchRows) {
    const size_t count = std::min(kBatchRows, rows - first);
    const Batch batch{x.data() + first * k, first, count, k, accumulate, type, Bf16Input()};
    bool quantized = false;
    bool gemm = false;
    bool bf16 = false;
    for (const Product& p : products) {
      const CpuMatrix& w = AsCpu(*p.w);
      const Way way = WayOf(w, batch);
      quantized |= way == Way::kRows && w.layout().group != 0;
      gemm |= way == Way::kGemm;
      bf16 |= way == Way::kBf16;
    }
    if (quantized) QuantizeBatch(batch);
    if (gemm) QuantizeGemm(batch);
    if (bf16) RoundBatch(batch);
    MatmulBatch(products, batch);
  }
}

CpuOps::Way CpuOps::WayOf(const CpuMatrix& w, const Batch& batch) const {
  const auto dtype = static_cast<size_t>(w.dtype());
  if (batch.type == MatmulType::kBf16 && table_.bf16_gemm[dtype] != nullptr) return Way::kBf16;
  const bool many = table_.gemm[dtype] != nullptr && batch.rows >= table_.gemm_min_rows;
  return many ? Way::kGemm : Way::kRows;
}

// Block b of row i of a chunk of `count` rows from row `begin` lies at begin * blocks + b * count
// + i - begin.
void CpuOps::QuantizeBatch(const Batch& batch) {
  const size_t blocks = QuantBlocks(batch.k);
  auto* out = reinterpret_cast<QuantBlock*>(quantized_.data());
  const size_t grain = 1 + kSerialElements / batch.k;
  pool_.ParallelFor(batch.rows, grain, [&](size_t begin, size_t end, int) {
    for (size_t i = begin; i < end; ++i) {
      const size_t chunk = i / table_.max_rows * table_.max_rows;
      const size_t count = std::min(table_.max_rows, batch.rows - chunk);
      table_.quantize(batch.x + i * batch.k, batch.k, count, out + chunk * blocks + i - chunk);
    }
  });
}

GemmInput CpuOps::InputOf(const Batch& batch) const {
  GemmInput in;
  in.stride = (batch.rows + kGemmRowStep - 1) / kGemmRowStep * kGemmRowStep;
  const size_t count = in.stride * QuantBlocks(batch.k);
  in.q = reinterpret_cast<int8_t*>(gemm_input_.data());
  in.sums = reinterpret_cast<uint16_t*>(gemm_input_.data() + count * kSuperBlock);
  in.d = reinterpret_cast<float*>(gemm_input_.data() + count * (kSuperBlock + kGemmSumBytes));
  return in;
}

void CpuOps::QuantizeGemm(const Batch& batch) {
  const GemmInput in = InputOf(batch);
  const size_t grain = 1 + kSerialElements / batch.k;
  pool_.ParallelFor(batch.rows, grain, [&](size_t begin, size_t end, int) {
    for (size_t i = begin; i < end; ++i) {
      table_.quantize_gemm(batch.x + i * batch.k, batch.k, i, in);
    }
  });
}

void CpuOps::RoundBatch(const Batch& batch) {
  auto* out = reinterpret_cast<uint16_t*>(bf16_input_.data());
  const size_t grain = 1 + kSerialElements / batch.k;
  pool_.ParallelFor(batch.rows, grain, [&](size_t begin, size_t end, int) {
    for (size_t i = begin; i < end; ++i) {
      table_.round_row(batch.x + i * batch.k, batch.k, i, out);
    }
  });
}

// The groups of all products are numbered one after the other and shared out together.
void CpuOps::MatmulBatch(std::span<const Product> products, const Batch& batch) {
  size_t groups = 0;
  size_t bytes = 0;
  for (const Product& p : products) {
    groups += AsCpu(*p.w).num_groups();
    bytes += p.w->bytes();
  }
  const size_t serial = 1 + kSerialBytes * groups / (bytes * batch.rows);
  const bool tiles = WayOf(AsCpu(*products[0].w), batch) != Way::kRows;
  const auto threads = static_cast<size_t>(pool_.threads());
  const size_t even = tiles ? groups / (threads * kTileChunksPerThread) / 2 * 2 + 2
                            : groups / (threads * kChunksPerThread);
  const auto multiply = [&](size_t begin, size_t end, int worker) {
    size_t first = 0;
    for (const Product& p : products) {
      const size_t count = AsCpu(*p.w).num_groups();
      const size_t from = std::max(begin, first);
      const size_t to = std::min(end, first + count);
      if (from < to) {
        const Way way = WayOf(AsCpu(*p.w), batch);
        const auto index = static_cast<size_t>(worker);
        if (way == Way::kBf16) {
          MultiplyBf16(p, batch, from - first, to - first, index);
        } else if (way == Way::kGemm) {
          MultiplyMany(p, batch, from - first, to - first, index);
        } else {
          MultiplyGroups(p, batch, from - first, to - first);
        }
      }
      first += count;
    }
  };
  if (batch.rows < kShrinkingRows) {
    return pool_.ParallelFor(groups, std::max(serial, even), multiply);
  }
  if (groups <= serial) return multiply(0, groups, 0);
  ShareShrinking(groups, multiply);
}

// Ranges that get smaller towards the end: long ones pass more groups over cached activations,
// short ones let the threads end together.
void CpuOps::ShareShrinking(size_t count, FunctionRef<void(size_t, size_t, int)> body) {
  const auto parts = 2 * static_cast<size_t>(pool_.threads());
  std::atomic<size_t> next{0};
  pool_.Run([&](int worker) {
    size_t begin = next.load(std::memory_order_relaxed);
    while (begin < count) {
      const size_t even = (count - begin) / parts / 2 * 2;  // the kernels take groups in pairs
      const size_t end = std::min(begin + std::clamp<size_t>(even, 2, kLongestRange), count);
      if (!next.compare_exchange_weak(begin, end, std::memory_order_relaxed)) continue;
      body(begin, end, worker);
      begin = next.load(std::memory_order_relaxed);
    }
  });
}

void CpuOps::MultiplyMany(const Product& product, const Batch& batch, size_t group_begin,
                          size_t group_end, size_t worker) {
  const CpuMatrix& w = AsCpu(*product.w);
  GemmTask task;
  task.groups = w.groups();
  task.group_bytes = w.group_bytes();
  task.group_begin = group_begin;
  task.group_end = group_end;
  task.n = w.rows();
  task.k = batch.k;
  task.rows = batch.rows;
  task.input = InputOf(batch);
  task.y = product.y.data() + batch.first_row * task.n;
  task.accumulate = batch.accumulate == Accumulate::kYes;
  task.scratch = reinterpret_cast<float*>(gemm_scratch_.data()) + worker * kGemmScratch;
  table_.gemm[static_cast<size_t>(w.dtype())](task);
}

const uint16_t* CpuOps::Bf16Input() const {
  return reinterpret_cast<const uint16_t*>(bf16_input_.data());
}

Bf16GemmTask CpuOps::TaskOf(const CpuMatrix& w, const Batch& batch, size_t worker) {
  Bf16GemmTask task;
  task.groups = w.groups();
  task.group_bytes = w.group_bytes();
  task.n = w.rows();
  task.k = batch.k;
  task.rows = batch.rows;
  task.x = batch.bf16;
  task.scratch = reinterpret_cast<float*>(gemm_scratch_.data()) + worker * kGemmScratch;
  return task;
}

void CpuOps::MultiplyBf16(const Product& product, const Batch& batch, size_t group_begin,
                          size_t group_end, size_t worker) {
  const CpuMatrix& w = AsCpu(*product.w);
  Bf16GemmTask task = TaskOf(w, batch, worker);
  task.group_begin = group_begin;
  task.group_end = group_end;
  task.y = product.y.data() + batch.first_row * task.n;
  task.accumulate = batch.accumulate == Accumulate::kYes;
  table_.bf16_gemm[static_cast<size_t>(w.dtype())](task);
}

void CpuOps::FeedForward(const GatedWeights& w, std::span<const float> x, std::span<float> y,
                         const GatedWork& work, MatmulType type) {
  const CpuMatrix& gate = AsCpu(*w.gate);
  const bool fused = type == MatmulType::kBf16 && gate.dtype() == w.up->dtype() &&
                     table_.bf16_gated[static_cast<size_t>(gate.dtype())] != nullptr &&
                     table_.bf16_gemm[static_cast<size_t>(w.down->dtype())] != nullptr;
  if (!fused) {
    const Product products[] = {{w.gate, work.gate}, {w.up, work.up}};
    MatmulMany(products, x, Accumulate::kNo, type);
    SiluMul(work.gate, work.up);
    return Matmul(*w.down, work.gate, y, Accumulate::kYes, type);
  }
  const size_t k = gate.columns();
  const size_t rows = x.size() / k;
  for (size_t first = 0; first < rows; first += kBatchRows) {
    const size_t count = std::min(kBatchRows, rows - first);
    const Batch batch{x.data() + first * k, first, count, k, Accumulate::kNo, type, Bf16Input()};
    RoundBatch(batch);
    FeedForwardBatch(w, batch, y);
  }
}

void CpuOps::FeedForwardBatch(const GatedWeights& w, const Batch& batch, std::span<float> y) {
  const CpuMatrix& gate = AsCpu(*w.gate);
  auto* gated = reinterpret_cast<uint16_t*>(bf16_gated_.data());
  const auto multiply = [&](size_t begin, size_t end, int worker) {
    Bf16GemmTask task = TaskOf(gate, batch, static_cast<size_t>(worker));
    task.up_groups = AsCpu(*w.up).groups();
    task.group_begin = begin;
    task.group_end = end;
    task.gated = gated;
    table_.bf16_gated[static_cast<size_t>(gate.dtype())](task);
  };
  ShareShrinking(gate.num_groups(), multiply);
  Batch next = batch;
  next.k = w.down->columns();
  next.accumulate = Accumulate::kYes;
  next.bf16 = gated;
  const Product down{w.down, y};
  MatmulBatch({&down, 1}, next);
}

void CpuOps::MultiplyGroups(const Product& product, const Batch& batch, size_t group_begin,
                            size_t group_end) {
  const CpuMatrix& w = AsCpu(*product.w);
  const MatmulFn multiply = table_.matmul[static_cast<size_t>(w.dtype())];
  const size_t blocks = QuantBlocks(batch.k);
  const auto* quantized = reinterpret_cast<const QuantBlock*>(quantized_.data());
  MatmulTask task;
  task.groups = w.groups();
  task.group_bytes = w.group_bytes();
  task.n = w.rows();
  task.k = batch.k;
  task.accumulate = batch.accumulate == Accumulate::kYes;
  const auto call = [&](size_t row, size_t begin, size_t end) {
    task.group_begin = begin;
    task.group_end = end;
    task.rows = std::min(table_.max_rows, batch.rows - row);
    if (w.layout().group != 0) task.blocks = quantized + row * blocks;
    task.x = batch.x + row * batch.k;
    task.y = product.y.data() + (batch.first_row + row) * task.n;
    multiply(task);
  };
  if (batch.rows <= table_.max_rows) return call(0, group_begin, group_end);
  for (size_t first = 0; first < batch.rows; first += kBlockRows) {
    const size_t last = std::min(first + kBlockRows, batch.rows);
    for (size_t g = group_begin; g < group_end; ++g) {
      for (size_t row = first; row < last; row += table_.max_rows) call(row, g, g + 1);
    }
  }
}

void CpuOps::GatherRows(const PackedMatrix& table, std::span<const int32_t> tokens,
                        std::span<float> out) {
  const CpuMatrix& w = AsCpu(table);
  const size_t grain = 1 + kSerialElements / w.columns();
  pool_.ParallelFor(tokens.size(), grain, [&](size_t begin, size_t end, int) {
    for (size_t i = begin; i < end; ++i) {
      w.Decode(static_cast<size_t>(tokens[i]), out.data() + i * w.columns());
    }
  });
}

void CpuOps::RmsNorm(std::span<const float> x, std::span<const float> weight, float eps,
                     std::span<float> out) {
  const size_t n = weight.size();
  pool_.ParallelFor(x.size() / n, 1 + kSerialElements / n, [&](size_t begin, size_t end, int) {
    for (size_t r = begin; r < end; ++r) {
      table_.rms_norm(x.data() + r * n, weight.data(), eps, n, out.data() + r * n);
    }
  });
}

void CpuOps::AddBias(std::span<float> x, std::span<const float> bias) {
  const size_t n = bias.size();
  pool_.ParallelFor(x.size() / n, 1 + kSerialElements / n, [&](size_t begin, size_t end, int) {
    for (size_t r = begin; r < end; ++r) {
      float* row = x.data() + r * n;
      for (size_t i = 0; i < n; ++i) row[i] += bias[i];
    }
  });
}

void CpuOps::Add(std::span<float> x, std::span<const float> y) {
  pool_.ParallelFor(x.size(), 2 * kSerialElements, [&](size_t begin, size_t end, int) {
    for (size_t i = begin; i < end; ++i) x[i] += y[i];
  });
}

void CpuOps::SiluMul(std::span<float> gate, std::span<const float> up) {
  pool_.ParallelFor(gate.size(), kSerialElements, [&](size_t begin, size_t end, int) {
    table_.silu_mul(gate.data() + begin, up.data() + begin, end - begin);
  });
}

KvTypes UsualKvTypes(const std::optional<std::string>& isa) {
  const auto table = ChooseKernels(isa);
  return table.ok() ? (*table)->usual_kv : KvType::kF16;
}

MatmulType UsualPrefillType(const std::optional<std::string>& isa) {
  const auto table = ChooseKernels(isa);
  return table.ok() ? (*table)->usual_prefill : MatmulType::kInt8;
}

Result<std::unique_ptr<Ops>> MakeCpuOps(const CpuOptions& options) {
  if (options.threads < 0 || options.threads > 1024) {
    return InvalidArgument(
        fmt::format("{} threads: expected 1 to 1024, or 0 for one a processor", options.threads));
  }
  LEMMA_ASSIGN_OR_RETURN(const KernelTable* table, ChooseKernels(options.isa));
  const int threads = options.threads == 0 ? UsableCpus() : options.threads;
  return std::unique_ptr<Ops>(std::make_unique<CpuOps>(*table, threads));
}

}  // namespace lemma::kernels
