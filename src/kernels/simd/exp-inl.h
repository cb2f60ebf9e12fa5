// SPDX-License-Identifier: Apache-2.0
// FixedExp and SiLU (kernels/fixed_math.h) over any vector type Simd, operation by operation.
// Compiled once per ISA.
#pragma once

#include "kernels/fixed_math.h"

namespace lemma::kernels {
namespace {

inline Simd::Floats Exp(Simd::Floats x) {
  using F = Simd::Floats;
  const F c = Simd::Min(Simd::Splat(kExpHigh), Simd::Max(Simd::Splat(kExpLow), x));
  const F magic = Simd::Splat(kRoundMagic);
  const F shifted = Simd::Fma(c, Simd::Splat(kLog2E), magic);
  const F n = Simd::Sub(shifted, magic);
  F r = Simd::Fma(n, Simd::Splat(-kLn2High), c);
  r = Simd::Fma(n, Simd::Splat(-kLn2Low), r);
  F p = Simd::Fma(Simd::Splat(kExpC0), r, Simd::Splat(kExpC1));
  p = Simd::Fma(p, r, Simd::Splat(kExpC2));
  p = Simd::Fma(p, r, Simd::Splat(kExpC3));
  p = Simd::Fma(p, r, Simd::Splat(kExpC4));
  p = Simd::Fma(p, r, Simd::Splat(kExpC5));
  const F y = Simd::Add(Simd::Fma(p, Simd::Mul(r, r), r), Simd::Splat(1.0F));
  constexpr int kBias = 127 - 0x4B400000;  // 127 - the bits of kRoundMagic
  const Simd::Ints power = Simd::AddInts(Simd::AsInts(shifted), Simd::SplatInt(kBias));
  return Simd::Mul(y, Simd::AsFloats(Simd::ShiftToExponent(power)));
}

// gate / (1 + exp(-gate)) * up
inline Simd::Floats SiluTimes(Simd::Floats gate, Simd::Floats up) {
  const Simd::Floats minus = Simd::Splat(-0.0F);
  const Simd::Floats negated = Simd::AsFloats(Simd::Xor(Simd::AsInts(gate), Simd::AsInts(minus)));
  return Simd::Mul(Simd::Div(gate, Simd::Add(Simd::Splat(1.0F), Exp(negated))), up);
}

}  // namespace
}  // namespace lemma::kernels
