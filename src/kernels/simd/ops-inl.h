// SPDX-License-Identifier: Apache-2.0
// Quantisation, RMS norm, SiLU and f16 conversion over any vector type Simd, operation by
// operation those of scalar/scalar_kernels.cc and fixed_math.h. Compiled once per ISA.
#pragma once

#include "kernels/fixed_math.h"
#include "kernels/kernels.h"
#include "kernels/simd/exp-inl.h"

namespace lemma::kernels {
namespace {

inline void ClearBlock(float d, QuantBlock* out) {
  std::memset(out, 0, sizeof(*out));
  out->d = d;
}

inline uint32_t AbsMaxBits(const float* x) {
  const Simd::Ints mask = Simd::SplatInt(0x7FFFFFFF);
  Simd::Ints max = Simd::SplatInt(0);
  for (size_t i = 0; i < kSuperBlock; i += Simd::kRows) {
    const Simd::Ints bits = Simd::AsInts(Simd::Load(x + i));
    max = Simd::MaxInts(max, Simd::And(bits, mask));
  }
  int32_t lanes[Simd::kRows];
  Simd::StoreInts(lanes, max);
  int32_t out = 0;
  for (const int32_t lane : lanes) out = lane > out ? lane : out;
  return static_cast<uint32_t>(out);
}

inline void QuantizeBlock(const float* x, QuantBlock* out) {
  const uint32_t amax_bits = AbsMaxBits(x);
  if (amax_bits >= 0x7F800000U) return ClearBlock(BitsToFloat(0x7FC00000U), out);
  const float amax = BitsToFloat(amax_bits);
  if (amax < 0x1p-100F) return ClearBlock(0.0F, out);
  const Simd::Floats inverse = Simd::Splat(127.0F / amax);
  for (size_t i = 0; i < kSuperBlock; i += Simd::kRows) {
    Simd::StoreInt8(out->q + i, Simd::Round(Simd::Mul(Simd::Load(x + i), inverse)));
  }
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
  size_t at = 0;
  for (; at + kSuperBlock <= k; at += kSuperBlock, out += stride) QuantizeBlock(x + at, out);
  if (at == k) return;
  float rest[kSuperBlock] = {};
  std::memcpy(rest, x + at, (k - at) * sizeof(float));
  QuantizeBlock(rest, out);
}

void RmsNorm(const float* x, const float* weight, float eps, size_t n, float* out) {
  constexpr size_t kVectors = 16 / Simd::kRows;
  Simd::Floats sums[kVectors];
  for (Simd::Floats& s : sums) s = Simd::Splat(0.0F);
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (size_t v = 0; v < kVectors; ++v) {
      const Simd::Floats e = Simd::Load(x + i + v * Simd::kRows);
      sums[v] = Simd::Fma(e, e, sums[v]);
    }
  }
  float lanes[16];
  for (size_t v = 0; v < kVectors; ++v) Simd::Store(lanes + v * Simd::kRows, sums[v]);
  for (size_t t = 0; i + t < n; ++t) lanes[t] = __builtin_fmaf(x[i + t], x[i + t], lanes[t]);
  const float mean = SumLanes16(lanes) / static_cast<float>(n);
  const float inverse = 1.0F / __builtin_sqrtf(mean + eps);
  const Simd::Floats scale = Simd::Splat(inverse);
  for (i = 0; i + Simd::kRows <= n; i += Simd::kRows) {
    const Simd::Floats scaled = Simd::Mul(Simd::Load(x + i), scale);
    Simd::Store(out + i, Simd::Mul(scaled, Simd::Load(weight + i)));
  }
  for (; i < n; ++i) out[i] = x[i] * inverse * weight[i];
}

void SiluMul(float* gate, const float* up, size_t n) {
  size_t i = 0;
  for (; i + Simd::kRows <= n; i += Simd::kRows) {
    Simd::Store(gate + i, SiluTimes(Simd::Load(gate + i), Simd::Load(up + i)));
  }
  for (; i < n; ++i) gate[i] = gate[i] / (1.0F + FixedExp(-gate[i])) * up[i];
}

void FloatsToHalves(const float* x, size_t n, uint16_t* out) {
  size_t i = 0;
  for (; i + Simd::kRows <= n; i += Simd::kRows) Simd::StoreHalves(out + i, Simd::Load(x + i));
  for (; i < n; ++i) out[i] = FloatToHalf(x[i]);
}

inline void SetOps(KernelTable* table) {
  table->quantize = Quantize;
  table->rms_norm = RmsNorm;
  table->silu_mul = SiluMul;
  table->float_to_half = FloatsToHalves;
}

}  // namespace
}  // namespace lemma::kernels
