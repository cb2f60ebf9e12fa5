// SPDX-License-Identifier: Apache-2.0
// What the kernel tests share: Ops by name, seeded random data, random weights of every format.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/fixed_math.h"
#include "kernels/layout.h"
#include "kernels/ops.h"
#include "tensor/dtype.h"
#include "tensor/view.h"

namespace lemma::kernels {

inline std::unique_ptr<Ops> TestOps(std::string_view isa, int threads) {
  auto ops = MakeCpuOps({.threads = threads, .isa = std::string(isa)});
  EXPECT_TRUE(ops.ok()) << ops.status().ToString();
  return ops.ok() ? std::move(*ops) : nullptr;
}

inline std::vector<float> Normal(size_t count, uint32_t seed, float scale = 1.0F) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal(0.0F, scale);
  std::vector<float> out(count);
  for (float& x : out) x = normal(rng);
  return out;
}

struct TestWeight {
  std::vector<std::byte> bytes;
  tensor::TensorView view;
};

inline tensor::TensorView View(tensor::DType dtype, size_t k, size_t n,
                               const std::vector<std::byte>& bytes) {
  tensor::TensorView view;
  view.dtype = dtype;
  view.shape.dims = {k, n, 1, 1};
  view.shape.rank = 2;
  view.bytes = bytes;
  return view;
}

// Every code, scale and min bit pattern can occur; only the f16 (bf16, f32) fields are kept to
// ordinary magnitudes of either sign.
inline std::vector<std::byte> RandomBlocks(tensor::DType dtype, size_t k, size_t n, uint32_t seed) {
  using tensor::DType;
  std::mt19937 rng(seed);
  const FormatLayout& layout = LayoutOf(dtype);
  std::vector<std::byte> bytes(k / layout.tile_k * n * layout.block_bytes);
  for (std::byte& b : bytes) b = static_cast<std::byte>(rng());
  std::uniform_real_distribution<float> scale(-0.1F, 0.1F);
  const auto put_half = [&](size_t at) {
    const uint16_t half = FloatToHalf(scale(rng));
    std::memcpy(bytes.data() + at, &half, 2);
  };
  for (size_t at = 0; at < bytes.size(); at += layout.block_bytes) {
    switch (dtype) {
      case DType::kF32: {
        const float value = scale(rng);
        std::memcpy(bytes.data() + at, &value, 4);
        break;
      }
      case DType::kBF16: {
        const auto value = static_cast<uint16_t>(FloatToBits(scale(rng)) >> 16);
        std::memcpy(bytes.data() + at, &value, 2);
        break;
      }
      case DType::kQ2K:
        put_half(at + 80);
        put_half(at + 82);
        break;
      case DType::kQ3K:
        put_half(at + 108);
        break;
      case DType::kQ6K:
        put_half(at + 208);
        break;
      default:
        put_half(at);
        if (layout.has_min) put_half(at + 2);
    }
  }
  return bytes;
}

// Bits, so that NaN equals itself and -0 differs from 0.
inline ::testing::AssertionResult SameBits(const std::vector<float>& a,
                                           const std::vector<float>& b) {
  if (a.size() != b.size()) return ::testing::AssertionFailure() << "sizes differ";
  for (size_t i = 0; i < a.size(); ++i) {
    if (FloatToBits(a[i]) != FloatToBits(b[i])) {
      return ::testing::AssertionFailure() << "at " << i << ": " << a[i] << " != " << b[i];
    }
  }
  return ::testing::AssertionSuccess();
}

// The same, but every NaN is like every other: which one comes out is the processor's choice.
inline ::testing::AssertionResult SameBitsOrNan(const std::vector<float>& got,
                                                const std::vector<float>& expected) {
  if (got.size() != expected.size()) return ::testing::AssertionFailure() << "sizes differ";
  for (size_t i = 0; i < got.size(); ++i) {
    const bool same = std::isnan(expected[i]) ? std::isnan(got[i])
                                              : FloatToBits(got[i]) == FloatToBits(expected[i]);
    if (!same) {
      return ::testing::AssertionFailure() << "at " << i << ": " << got[i] << " != " << expected[i];
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace lemma::kernels
