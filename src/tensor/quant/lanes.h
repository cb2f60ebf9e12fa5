// SPDX-License-Identifier: Apache-2.0
// Four floats side by side, by the vector extension that GCC and clang share: SSE, NEON or plain
// code, with the same results on each. For the .cc files of this folder only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lemma::tensor {

using F4 = float __attribute__((vector_size(16)));
using I4 = int32_t __attribute__((vector_size(16)));

inline F4 Splat(float x) { return F4{x, x, x, x}; }
inline F4 Min(F4 a, F4 b) { return a < b ? a : b; }
inline F4 Max(F4 a, F4 b) { return a > b ? a : b; }

// To the nearest integer, ties to even. REQUIRES: |x| < 2^22.
inline F4 Round(F4 x) {
  const F4 magic = Splat(0x1.8p23F);
  return (x + magic) - magic;
}

}  // namespace lemma::tensor
