// SPDX-License-Identifier: Apache-2.0
// Softmax, key bias and folding of attention for any vector type Simd; the order of float
// operations is that of scalar/scalar_attention.cc. Compiled once per ISA.
#pragma once

#include "kernels/attend.h"
#include "kernels/fixed_math.h"

namespace lemma::kernels {
namespace {

constexpr size_t kLaneVectors = 16 / Simd::kRows;  // of the 16 lanes that sums are made in

inline Simd::Floats TimesPowerOfTwo(Simd::Floats y, Simd::Floats shifted) {
  const Simd::Ints power = Simd::ShiftToExponent(Simd::AsInts(shifted));
  return Simd::AsFloats(Simd::AddInts(Simd::AsInts(y), power));
}

inline Simd::Floats FineExp2(Simd::Floats x) {
  const Simd::Floats magic = Simd::Splat(kRoundMagic);
  const Simd::Floats c = Simd::Max(Simd::Splat(-125.0F), x);
  const Simd::Floats shifted = Simd::Add(c, magic);
  const Simd::Floats r = Simd::Sub(c, Simd::Sub(shifted, magic));
  Simd::Floats y = Simd::Fma(Simd::Splat(kExp2Fine[5]), r, Simd::Splat(kExp2Fine[4]));
  for (int i = 3; i >= 0; --i) y = Simd::Fma(y, r, Simd::Splat(kExp2Fine[i]));
  return TimesPowerOfTwo(Simd::Fma(y, r, Simd::Splat(1.0F)), shifted);
}

inline Simd::Floats CoarseExp2(Simd::Floats x, Simd::Floats scale) {
  const Simd::Floats magic = Simd::Splat(kRoundMagic);
  const Simd::Floats shifted = Simd::Fma(x, scale, magic);
  const Simd::Floats minus_n = Simd::Sub(magic, shifted);
  const Simd::Floats r = Simd::Fma(x, scale, minus_n);
  Simd::Floats y = Simd::Fma(Simd::Splat(kExp2Coarse[2]), r, Simd::Splat(kExp2Coarse[1]));
  y = Simd::Fma(y, r, Simd::Splat(kExp2Coarse[0]));
  y = Simd::Fma(y, r, Simd::Splat(1.0F));
  return Simd::ZeroAbove(TimesPowerOfTwo(y, shifted), minus_n, Simd::Splat(49.0F));
}

// The largest of `count` scores. Those from count to the end of its 16 are overwritten.
inline float LargestScore(float* score, size_t count) {
  for (size_t t = count; t % 16 != 0; ++t) score[t] = -__builtin_inff();
  Simd::Floats max[kLaneVectors];
  for (Simd::Floats& m : max) m = Simd::Splat(-__builtin_inff());
  for (size_t t = 0; t < count; t += 16) {
    for (size_t v = 0; v < kLaneVectors; ++v) {
      max[v] = Simd::Max(Simd::Load(score + t + v * Simd::kRows), max[v]);
    }
  }
  float lane[16];
  for (size_t v = 0; v < kLaneVectors; ++v) Simd::Store(lane + v * Simd::kRows, max[v]);
  for (size_t step = 8; step > 0; step /= 2) {
    for (size_t i = 0; i < step; ++i) lane[i] = MaxSecond(lane[i], lane[i + step]);
  }
  return lane[0];
}

inline float SumVectors(const Simd::Floats sum[kLaneVectors]) {
  float lane[16];
  for (size_t v = 0; v < kLaneVectors; ++v) Simd::Store(lane + v * Simd::kRows, sum[v]);
  return SumLanes16(lane);
}

enum class Weights : uint8_t { kFloat, kBf16, kScaledBf16 };

// The weights of tokens [t, t + kRows) for sum and for the product with V.
template <Weights kKind>
inline Simd::Floats WeighTokens(const AttendTask& task, size_t t, Simd::Floats below_max,
                                Simd::Floats* sum) {
  const Simd::Floats scale = Simd::Splat(task.log2_scale);
  if constexpr (kKind == Weights::kFloat) {
    const Simd::Floats weight = FineExp2(Simd::Mul(below_max, scale));
    *sum = Simd::Add(*sum, weight);
    return weight;
  } else {
    Simd::Floats weight = CoarseExp2(below_max, scale);
    *sum = Simd::Add(*sum, weight);
    if constexpr (kKind == Weights::kScaledBf16) {
      const float* scales = task.v_scales[t / kAttendPage] + t % kAttendPage;
      weight = Simd::Mul(weight, Simd::Load(scales));
      weight = Simd::ZeroBelow(weight, weight, Simd::Splat(kBf16Least));
    }
    return Simd::RoundToBf16(weight);
  }
}

// A row's last, partly seen 16 tokens: lanes from `count` on weigh 0.
template <Weights kKind>
inline void WeighLastTokens(const AttendTask& task, float* p, size_t t, size_t count, float max,
                            Simd::Floats* sum) {
  float weights[16];
  float sums[16];
  for (size_t v = 0; v < kLaneVectors; ++v) {
    const size_t at = v * Simd::kRows;
    const Simd::Floats below_max = Simd::Sub(Simd::Load(p + t + at), Simd::Splat(max));
    Simd::Floats added = Simd::Splat(0.0F);
    Simd::Store(weights + at, WeighTokens<kKind>(task, t + at, below_max, &added));
    Simd::Store(sums + at, added);
  }
  for (size_t i = count; i < 16; ++i) weights[i] = sums[i] = 0.0F;
  for (size_t v = 0; v < kLaneVectors; ++v) {
    const size_t at = v * Simd::kRows;
    Simd::Store(p + t + at, Simd::Load(weights + at));
    sum[v] = Simd::Add(sum[v], Simd::Load(sums + at));
  }
}

template <Weights kKind>
void Softmax(const AttendTask& task) {
  const size_t end = (task.tokens + 31) / 32 * 32;
  for (size_t r = 0; r < task.rows; ++r) {
    float* p = task.scores + r * kScoreStride;
    const size_t count = task.visible[r];
    const float max = LargestScore(p, count);
    const Simd::Floats top = Simd::Splat(max);
    Simd::Floats sum[kLaneVectors];
    for (Simd::Floats& s : sum) s = Simd::Splat(0.0F);
    size_t t = 0;
    for (; t + 16 <= count; t += 16) {
      for (size_t v = 0; v < kLaneVectors; ++v) {
        const size_t at = t + v * Simd::kRows;
        const Simd::Floats below_max = Simd::Sub(Simd::Load(p + at), top);
        Simd::Store(p + at, WeighTokens<kKind>(task, at, below_max, &sum[v]));
      }
    }
    if (t < count) {
      WeighLastTokens<kKind>(task, p, t, count - t, max, sum);
      t += 16;
    }
    for (; t < end; t += Simd::kRows) Simd::Store(p + t, Simd::Splat(0.0F));
    task.max[r] = max;
    task.sum[r] = SumVectors(sum);
  }
}

// kCount rows, the 4 * kRows tokens from t on.
template <size_t kCount>
inline void AddKeyBiasBlock(const KeyBiasTask& task, size_t row, size_t t) {
  constexpr size_t kWide = 4;
  const float* angles = task.angles[t / kAttendPage] + t % kAttendPage;
  const float* factors = task.factors + row * 2 * task.num_pairs;
  Simd::Floats sum[kCount][kWide];
  for (auto& sums : sum) {
    for (Simd::Floats& f : sums) f = Simd::Splat(0.0F);
  }
  for (size_t i = 0; i < task.num_pairs; ++i) {
    for (size_t part = 0; part < 2; ++part) {  // cosines, sines
      const float* from = angles + (2 * task.pairs[i] + part) * kAttendPage;
      for (size_t r = 0; r < kCount; ++r) {
        const Simd::Floats factor = Simd::Splat(factors[(r * task.num_pairs + i) * 2 + part]);
        for (size_t w = 0; w < kWide; ++w) {
          sum[r][w] = Simd::Fma(factor, Simd::Load(from + w * Simd::kRows), sum[r][w]);
        }
      }
    }
  }
  for (size_t r = 0; r < kCount; ++r) {
    float* scores = task.scores + (row + r) * kScoreStride + t;
    for (size_t w = 0; w < kWide; ++w) {
      float* at = scores + w * Simd::kRows;
      Simd::Store(at, Simd::Add(Simd::Load(at), sum[r][w]));
    }
  }
}

void AddKeyBias(const KeyBiasTask& task) {
  for (size_t t = 0; t < task.tokens; t += 4 * Simd::kRows) {
    size_t row = 0;
    for (; row + Simd::kAttendRows <= task.rows; row += Simd::kAttendRows) {
      AddKeyBiasBlock<Simd::kAttendRows>(task, row, t);
    }
    for (; row < task.rows; ++row) AddKeyBiasBlock<1>(task, row, t);
  }
}

void Fold(const FoldTask& task) {
  const size_t padded = PaddedHeadDim(task.head_dim);
  for (size_t r = 0; r < task.rows; ++r) {
    if (task.visible[r] == 0) continue;
    const float max = MaxSecond(task.next_max[r], task.max[r]);
    const float keep = FixedExp2((task.max[r] - max) * task.log2_scale);
    const float add = FixedExp2((task.next_max[r] - max) * task.log2_scale);
    task.max[r] = max;
    task.sum[r] = task.sum[r] * keep + task.next_sum[r] * add;
    for (size_t i = r * padded; i < (r + 1) * padded; i += Simd::kRows) {
      const Simd::Floats kept = Simd::Mul(Simd::Load(task.out + i), Simd::Splat(keep));
      const Simd::Floats added = Simd::Mul(Simd::Load(task.next_out + i), Simd::Splat(add));
      Simd::Store(task.out + i, Simd::Add(kept, added));
    }
  }
}

void Scale(const float* from, size_t n, float factor, float* to) {
  size_t i = 0;
  for (; i + Simd::kRows <= n; i += Simd::kRows) {
    Simd::Store(to + i, Simd::Mul(Simd::Load(from + i), Simd::Splat(factor)));
  }
  for (; i < n; ++i) to[i] = from[i] * factor;
}

inline void SetSoftmax(AttentionKernels* kernels) {
  AttentionKernels& k = *kernels;
  k.add_key_bias = AddKeyBias;
  k.softmax[static_cast<size_t>(KvType::kF32)] = Softmax<Weights::kFloat>;
  k.softmax[static_cast<size_t>(KvType::kF16)] = Softmax<Weights::kFloat>;
  k.softmax[static_cast<size_t>(KvType::kBf16)] = Softmax<Weights::kBf16>;
  k.softmax[static_cast<size_t>(KvType::kQ8_0)] = Softmax<Weights::kScaledBf16>;
  k.fold = Fold;
  k.scale = Scale;
}

}  // namespace
}  // namespace lemma::kernels
