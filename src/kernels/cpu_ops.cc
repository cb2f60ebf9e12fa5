// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu_ops.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/cpu_features.h"
#include "kernels/cpu_kv.h"
#include "kernels/registry.h"

namespace lemma::kernels {
namespace {

// Input rows per pass over a matrix; longer inputs are cut. Bounds the quantised scratch.
constexpr size_t kBatchRows = 256;
// Rows whose quantised inputs should stay in the second-level cache beside the weights.
constexpr size_t kBlockRows = 64;
// Less work than this is not worth waking the pool for.
constexpr size_t kSerialElements = 16384;
constexpr size_t kSerialBytes = 32768;
constexpr size_t kChunksPerThread = 16;

size_t QuantBlocks(size_t k) { return (k + kSuperBlock - 1) / kSuperBlock; }

const CpuMatrix& AsCpu(const PackedMatrix& w) { return static_cast<const CpuMatrix&>(w); }

}  // namespace

struct CpuOps::RowChunk {
  size_t begin;
  size_t count;
};

struct CpuOps::Batch {
  const float* x;
  size_t first_row;  // within the call's output
  size_t rows;
  size_t k;
  std::vector<RowChunk> chunks;

  Batch(std::span<const float> input, size_t first, size_t num_rows, size_t width, size_t max_rows)
      : x(input.data() + first * width), first_row(first), rows(num_rows), k(width) {
    size_t begin = 0;
    for (size_t count = max_rows; count > 0; count /= 2) {
      for (; rows - begin >= count; begin += count) chunks.push_back({begin, count});
    }
  }
};

CpuOps::CpuOps(const KernelTable& table, int threads) : table_(table), pool_(threads) {}

std::string CpuOps::name() const { return fmt::format("{} ({})", table_.name, table_.description); }

Result<std::unique_ptr<PackedMatrix>> CpuOps::Pack(const tensor::TensorView& weight) {
  LEMMA_ASSIGN_OR_RETURN(std::unique_ptr<CpuMatrix> matrix, CpuMatrix::Pack(weight, pool_));
  const size_t scratch = kBatchRows * QuantBlocks(matrix->columns()) * sizeof(QuantBlock);
  if (matrix->layout().group != 0 && scratch > quantized_.size()) {
    LEMMA_ASSIGN_OR_RETURN(quantized_, AlignedBuffer::Allocate(scratch));
  }
  return std::unique_ptr<PackedMatrix>(std::move(matrix));
}

Result<std::unique_ptr<KvStorage>> CpuOps::MakeKv(const KvShape& shape) {
  LEMMA_ASSIGN_OR_RETURN(std::unique_ptr<CpuKv> kv, CpuKv::Create(shape));
  return std::unique_ptr<KvStorage>(std::move(kv));
}

void CpuOps::Matmul(const PackedMatrix& w, std::span<const float> x, std::span<float> y,
                    Accumulate accumulate) {
  const Product product{&w, y};
  MatmulMany({&product, 1}, x, accumulate);
}

void CpuOps::MatmulMany(std::span<const Product> products, std::span<const float> x,
                        Accumulate accumulate) {
  if (products.empty()) return;
  const size_t k = products[0].w->columns();
  const size_t rows = x.size() / k;
  for (size_t first = 0; first < rows; first += kBatchRows) {
    const Batch batch(x, first, std::min(kBatchRows, rows - first), k, table_.max_rows);
    const bool quantized = std::ranges::any_of(
        products, [](const Product& p) { return AsCpu(*p.w).layout().group != 0; });
    if (quantized) QuantizeBatch(batch);
    MatmulBatch(products, batch, accumulate);
  }
}

// Block b of the i-th row of a chunk lies at chunk.begin * blocks + b * chunk.count + i.
void CpuOps::QuantizeBatch(const Batch& batch) {
  const size_t blocks = QuantBlocks(batch.k);
  auto* out = reinterpret_cast<QuantBlock*>(quantized_.data());
  const size_t grain = 1 + kSerialElements / (batch.k * table_.max_rows);
  pool_.ParallelFor(batch.chunks.size(), grain, [&](size_t begin, size_t end, int) {
    for (size_t c = begin; c < end; ++c) {
      const RowChunk& chunk = batch.chunks[c];
      for (size_t i = 0; i < chunk.count; ++i) {
        table_.quantize(batch.x + (chunk.begin + i) * batch.k, batch.k, chunk.count,
                        out + chunk.begin * blocks + i);
      }
    }
  });
}

// The groups of all products are numbered one after the other and shared out together.
void CpuOps::MatmulBatch(std::span<const Product> products, const Batch& batch,
                         Accumulate accumulate) {
  size_t groups = 0;
  size_t bytes = 0;
  for (const Product& p : products) {
    groups += AsCpu(*p.w).num_groups();
    bytes += p.w->bytes();
  }
  const size_t serial = 1 + kSerialBytes * groups / (bytes * batch.rows);
  const size_t shares = static_cast<size_t>(pool_.threads()) * kChunksPerThread;
  const size_t grain = std::max(serial, groups / shares);
  pool_.ParallelFor(groups, grain, [&](size_t begin, size_t end, int) {
    size_t first = 0;
    for (const Product& p : products) {
      const size_t count = AsCpu(*p.w).num_groups();
      const size_t from = std::max(begin, first);
      const size_t to = std::min(end, first + count);
      if (from < to) MultiplyGroups(p, batch, accumulate, from - first, to - first);
      first += count;
    }
  });
}

void CpuOps::MultiplyGroups(const Product& product, const Batch& batch, Accumulate accumulate,
                            size_t group_begin, size_t group_end) {
  const CpuMatrix& w = AsCpu(*product.w);
  const MatmulFn multiply = table_.matmul[static_cast<size_t>(w.dtype())];
  const size_t blocks = QuantBlocks(batch.k);
  const auto* quantized = reinterpret_cast<const QuantBlock*>(quantized_.data());
  MatmulTask task;
  task.groups = w.groups();
  task.group_bytes = w.group_bytes();
  task.n = w.rows();
  task.k = batch.k;
  task.accumulate = accumulate == Accumulate::kYes;
  const auto call = [&](const RowChunk& chunk, size_t begin, size_t end) {
    task.group_begin = begin;
    task.group_end = end;
    task.rows = chunk.count;
    if (w.layout().group != 0) task.blocks = quantized + chunk.begin * blocks;
    task.x = batch.x + chunk.begin * batch.k;
    task.y = product.y.data() + (batch.first_row + chunk.begin) * task.n;
    multiply(task);
  };
  if (batch.chunks.size() == 1) return call(batch.chunks[0], group_begin, group_end);
  const size_t per_block = std::max<size_t>(kBlockRows / table_.max_rows, 1);
  for (size_t first = 0; first < batch.chunks.size(); first += per_block) {
    const size_t last = std::min(first + per_block, batch.chunks.size());
    for (size_t g = group_begin; g < group_end; ++g) {
      for (size_t c = first; c < last; ++c) call(batch.chunks[c], g, g + 1);
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
