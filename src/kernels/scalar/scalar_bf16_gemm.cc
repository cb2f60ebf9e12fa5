// SPDX-License-Identifier: Apache-2.0
// The products of the bf16 class in plain C++: a vector type of one float under the generic code.
#include "kernels/scalar/scalar_matmul.h"

namespace lemma::kernels {
namespace {

struct Simd {
  using Floats = float;
  static constexpr size_t kRows = 1;
  static Floats Splat(float value) { return value; }
  static Floats Load(const float* from) { return *from; }
  static void Store(float* to, Floats a) { *to = a; }
  static Floats Add(Floats a, Floats b) { return a + b; }
  static Floats Fma(Floats a, Floats b, Floats c) { return __builtin_fmaf(a, b, c); }
};

}  // namespace
}  // namespace lemma::kernels

// The generic kernels need Simd above.
#include "kernels/simd/bf16_gemm-inl.h"

namespace lemma::kernels {

void SetScalarBf16Matmuls(KernelTable* table) { SetBf16Matmuls(table); }

}  // namespace lemma::kernels
