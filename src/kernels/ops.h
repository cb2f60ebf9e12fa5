// SPDX-License-Identifier: Apache-2.0
// The operations a model's forward pass is made of, neutral of the device. Activations are f32,
// row-major, one row a token. Implementations: CpuOps (kernels/cpu_ops.h) and, later, CUDA.
//
// Numerics (docs/architecture.md): the result of each output row depends on its input row only,
// never on the number of rows, of threads or of neighbours, and is bit-identical on every ISA of
// a class. K is never split across threads.
//
// Threads: an Ops object is used by one thread at a time; it owns the pool it spreads work over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/status.h"
#include "kernels/kv_type.h"
#include "kernels/matmul_type.h"
#include "tensor/view.h"

namespace lemma::kernels {

// A weight matrix as repacked for the device: rows (N, outputs) x columns (K, inputs).
class PackedMatrix {
 public:
  virtual ~PackedMatrix() = default;
  PackedMatrix() = default;
  PackedMatrix(const PackedMatrix&) = delete;
  PackedMatrix& operator=(const PackedMatrix&) = delete;
  [[nodiscard]] virtual tensor::DType dtype() const = 0;
  [[nodiscard]] virtual size_t rows() const = 0;
  [[nodiscard]] virtual size_t columns() const = 0;
  // Bytes this matrix keeps resident for reads in a forward pass.
  [[nodiscard]] virtual size_t bytes() const = 0;
};

enum class RopeLayout : uint8_t {
  kNeox,      // pairs (i, i + dim/2): qwen2, qwen3
  kAdjacent,  // pairs (2i, 2i + 1): llama as stored in GGUF
};

// Angles are position * frequencies[i], i < frequencies.size() = rotated dims / 2. Both the
// Llama-3 factors and YaRN are already folded into the frequencies and `magnitude`.
struct RopeParams {
  RopeLayout layout = RopeLayout::kNeox;
  std::span<const float> frequencies;
  float magnitude = 1.0F;  // multiplies cos and sin (YaRN's attention factor)
};

inline constexpr size_t kPageTokens = 64;
using PageId = uint32_t;

// Where K and V of all layers live: pages of kPageTokens tokens. Layout is the device's business.
class KvStorage {
 public:
  virtual ~KvStorage() = default;
  KvStorage() = default;
  KvStorage(const KvStorage&) = delete;
  KvStorage& operator=(const KvStorage&) = delete;
  [[nodiscard]] virtual size_t num_pages() const = 0;
  [[nodiscard]] virtual size_t page_bytes() const = 0;  // all layers, K and V
  // Copies the content of one page over another, all layers.
  virtual void CopyPage(PageId from, PageId to) = 0;
  // The content of a page as bytes, page_bytes() of them, that mean the same to every storage of
  // this shape and type on this device.
  virtual void ReadPage(PageId from, std::span<std::byte> out) const = 0;
  virtual void WritePage(PageId to, std::span<const std::byte> bytes) = 0;
};

struct KvShape {
  size_t layers = 0;
  size_t kv_heads = 0;
  size_t head_dim = 0;
  size_t pages = 0;
  KvTypes type = {};
};

// The rows of one sequence within a batch: rows [row_begin, row_begin + count) hold the positions
// [position, position + count). `pages` covers at least position + count tokens.
struct AttentionSpan {
  size_t row_begin = 0;
  size_t count = 0;
  size_t position = 0;
  std::span<const PageId> pages;
};

struct AttentionArgs {
  size_t layer = 0;
  size_t heads = 0;     // query heads
  size_t kv_heads = 0;  // heads % kv_heads == 0
  size_t head_dim = 0;
  float scale = 0.0F;  // > 0; 1/sqrt(head_dim) as a rule
  std::span<const AttentionSpan> spans;
  // A bias that the stored keys lack: [kv_heads][head_dim] before rotation, rotated dimensions
  // only; its rotation by `rope` at each key's position counts as part of the key. May be empty.
  std::span<const float> key_bias = {};
  RopeParams rope = {};
};

enum class Accumulate : uint8_t { kNo, kYes };  // kYes: y += W x

class Ops {
 public:
  virtual ~Ops() = default;
  Ops() = default;
  Ops(const Ops&) = delete;
  Ops& operator=(const Ops&) = delete;

  // "avx512 (AVX-512 VNNI)": for humans.
  [[nodiscard]] virtual std::string name() const = 0;

  // Repacks a rank-2 weight (columns = dims[0] = K). The view's bytes are not used afterwards
  // unless the implementation says that it keeps the layout. ResourceExhausted when out of memory.
  virtual Result<std::unique_ptr<PackedMatrix>> Pack(const tensor::TensorView& weight) = 0;
  virtual Result<std::unique_ptr<KvStorage>> MakeKv(const KvShape& shape) = 0;

  // y[m][n] (+)= sum_k x[m][k] w[n][k]; x is [rows][K], y is [rows][N], both dense.
  // REQUIRES: w was packed by these Ops (here and below).
  virtual void Matmul(const PackedMatrix& w, std::span<const float> x, std::span<float> y,
                      Accumulate accumulate, MatmulType type) = 0;
  // Several products of the same x (q,k,v or gate,up): the input is quantised once.
  struct Product {
    const PackedMatrix* w;
    std::span<float> y;
  };
  virtual void MatmulMany(std::span<const Product> products, std::span<const float> x,
                          Accumulate accumulate, MatmulType type) = 0;

  // y += down (silu(gate x) * (up x)). `work` is room for gate x and up x; what it holds afterwards
  // is not defined. The bits are those of the products and SiluMul one by one.
  struct GatedWeights {
    const PackedMatrix* gate;
    const PackedMatrix* up;
    const PackedMatrix* down;
  };
  struct GatedWork {
    std::span<float> gate;  // [rows][gate->rows()]
    std::span<float> up;
  };
  virtual void FeedForward(const GatedWeights& w, std::span<const float> x, std::span<float> y,
                           const GatedWork& work, MatmulType type) = 0;

  // Row `token` of an embedding matrix, decoded to f32, for each token. out is [tokens][K].
  virtual void GatherRows(const PackedMatrix& table, std::span<const int32_t> tokens,
                          std::span<float> out) = 0;

  // out[r] = x[r] / sqrt(mean(x[r]^2) + eps) * weight, rows of weight.size() values.
  // Also serves the per-head QK norm (rows = tokens * heads). out may be x.
  virtual void RmsNorm(std::span<const float> x, std::span<const float> weight, float eps,
                       std::span<float> out) = 0;
  // x[r][i] += bias[i] for every row of bias.size() values.
  virtual void AddBias(std::span<float> x, std::span<const float> bias) = 0;
  // Rotates x as [tokens][heads][head_dim] in place; positions has one entry a token.
  virtual void Rope(std::span<float> x, size_t head_dim, std::span<const int32_t> positions,
                    const RopeParams& params) = 0;
  // Writes k and v ([rows][kv_heads][head_dim]) of `args.spans` into the pages of args.layer.
  virtual void StoreKv(KvStorage& kv, const AttentionArgs& args, std::span<const float> k,
                       std::span<const float> v) = 0;
  // Causal attention of q ([rows][heads][head_dim]) over the stored pages, own rows included.
  // Fixed segments in a fixed order, so that the bits do not depend on threads or neighbours.
  virtual void Attention(const KvStorage& kv, const AttentionArgs& args, std::span<const float> q,
                         std::span<float> out) = 0;
  // gate[i] = silu(gate[i]) * up[i].
  virtual void SiluMul(std::span<float> gate, std::span<const float> up) = 0;
  // x[i] += y[i].
  virtual void Add(std::span<float> x, std::span<const float> y) = 0;
};

struct CpuOptions {
  int threads = 0;  // 0: one a usable processor
  // "scalar", "avx2", "avx512", "amx", "neon"; absent: LEMMA_ISA, or the best.
  std::optional<std::string> isa;
};

// Error when the asked ISA is unknown or the processor lacks it: forcing never falls back.
Result<std::unique_ptr<Ops>> MakeCpuOps(const CpuOptions& options);
// The types of K and V that suit the kernels of `isa` (as in CpuOptions) best: bf16 with AMX, whose
// tiles multiply it, f16 elsewhere.
KvTypes UsualKvTypes(const std::optional<std::string>& isa);
// The type of product that is fastest for many rows: bf16 with AMX, int8 elsewhere.
MatmulType UsualPrefillType(const std::optional<std::string>& isa);
// The names that MakeCpuOps accepts on this processor, slowest first ("scalar" always).
std::span<const std::string_view> AvailableIsas();

}  // namespace lemma::kernels
