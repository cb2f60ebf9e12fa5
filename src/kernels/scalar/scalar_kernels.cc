// SPDX-License-Identifier: Apache-2.0
// The scalar table: plain C++ for any processor, and the specification of every kernel's bits.
#include "kernels/fixed_math.h"
#include "kernels/isa_tables.h"
#include "kernels/scalar/scalar_attention.h"
#include "kernels/scalar/scalar_matmul.h"

namespace lemma::kernels {
namespace {

void ClearBlock(float d, QuantBlock* out) {
  *out = QuantBlock{};
  out->d = d;
}

// `count` <= 256 inputs.
void QuantizeBlock(const float* x, size_t count, QuantBlock* out) {
  uint32_t amax_bits = 0;  // ordered like |x|, with NaN above infinity
  for (size_t i = 0; i < count; ++i) {
    const uint32_t bits = FloatToBits(x[i]) & 0x7FFFFFFFU;
    amax_bits = bits > amax_bits ? bits : amax_bits;
  }
  if (amax_bits >= 0x7F800000U) return ClearBlock(BitsToFloat(0x7FC00000U), out);
  const float amax = BitsToFloat(amax_bits);
  if (amax < 0x1p-100F) return ClearBlock(0.0F, out);
  const float inverse = 127.0F / amax;
  for (size_t i = 0; i < count; ++i) {
    const float rounded = (x[i] * inverse + kRoundMagic) - kRoundMagic;
    out->q[i] = static_cast<int8_t>(rounded);
  }
  for (size_t i = count; i < kSuperBlock; ++i) out->q[i] = 0;
  for (size_t g = 0; g < 16; ++g) {
    int sum = 0;
    for (size_t i = 0; i < 16; ++i) sum += out->q[16 * g + i];
    out->sums16[g] = static_cast<int16_t>(sum);
  }
  for (size_t g = 0; g < 8; ++g) {
    out->sums32[g] = static_cast<int16_t>(out->sums16[2 * g] + out->sums16[2 * g + 1]);
  }
  out->d = amax / 127.0F;
}

void Quantize(const float* x, size_t k, size_t stride, QuantBlock* out) {
  for (size_t begin = 0; begin < k; begin += kSuperBlock, out += stride) {
    QuantizeBlock(x + begin, k - begin < kSuperBlock ? k - begin : kSuperBlock, out);
  }
}

void RmsNorm(const float* x, const float* weight, float eps, size_t n, float* out) {
  float lanes[16] = {};
  for (size_t i = 0; i < n; ++i) lanes[i % 16] = __builtin_fmaf(x[i], x[i], lanes[i % 16]);
  const float mean = SumLanes16(lanes) / static_cast<float>(n);
  const float inverse = 1.0F / __builtin_sqrtf(mean + eps);
  for (size_t i = 0; i < n; ++i) out[i] = x[i] * inverse * weight[i];
}

void SiluMul(float* gate, const float* up, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    gate[i] = gate[i] / (1.0F + FixedExp(-gate[i])) * up[i];
  }
}

void FloatsToHalves(const float* x, size_t n, uint16_t* out) {
  for (size_t i = 0; i < n; ++i) out[i] = FloatToHalf(x[i]);
}

}  // namespace

void FillScalarKernels(KernelTable* table) {
  table->name = "scalar";
  table->description = "portable C++";
  table->max_rows = 8;
  SetScalarMatmuls(table);
  SetScalarBf16Matmuls(table);
  table->quantize = Quantize;
  table->rms_norm = RmsNorm;
  table->silu_mul = SiluMul;
  table->float_to_half = FloatsToHalves;
  SetScalarAttention(&table->attention);
}

}  // namespace lemma::kernels
