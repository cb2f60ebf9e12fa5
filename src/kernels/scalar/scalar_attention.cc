// SPDX-License-Identifier: Apache-2.0
// The specification of attention over one segment (attend.h). Softmax in powers of two; segments
// are folded online (Milakov and Gimelshein, arXiv 1805.02867).
#include "kernels/scalar/scalar_attention.h"

#include "kernels/fixed_math.h"

namespace lemma::kernels {
namespace {

constexpr float kMinusInfinity = -__builtin_inff();
constexpr size_t kStep = 32;  // inputs of one TDPBF16PS

struct F32 {
  static float Get(const uint8_t* page, size_t i) { return BitsToFloat(LoadU32(page + 4 * i)); }
};
struct F16 {
  static float Get(const uint8_t* page, size_t i) { return HalfToFloat(LoadU16(page + 2 * i)); }
};
struct Bf16 {
  static constexpr bool kScaled = false;
  static float Get(const uint8_t* page, size_t i) { return Bf16ToFloat(LoadU16(page + 2 * i)); }
};
struct Q8 {
  static constexpr bool kScaled = true;
  static float Get(const uint8_t* page, size_t i) {
    return static_cast<float>(static_cast<int8_t>(page[i]));
  }
};

// One fma chain over the dimensions, in order.
template <class T>
void ChainScores(const AttendTask& task) {
  for (size_t r = 0; r < task.rows; ++r) {
    const float* q = task.q + r * PaddedKeyDim(task.head_dim);
    for (size_t t = 0; t < task.visible[r]; ++t) {
      const uint8_t* page = task.k_pages[t / kAttendPage];
      float dot = 0.0F;
      for (size_t i = 0; i < task.head_dim; ++i) {
        const float k = T::Get(page, KIndex(task.head_dim, t % kAttendPage, i));
        dot = __builtin_fmaf(q[i], k, dot);
      }
      task.scores[r * kScoreStride + t] = dot;
    }
  }
}

template <class T>
void PairScores(const AttendTask& task) {
  for (size_t r = 0; r < task.rows; ++r) {
    const float* q = task.q + r * PaddedKeyDim(task.head_dim);
    for (size_t t = 0; t < task.visible[r]; ++t) {
      const size_t slot = t % kAttendPage;
      const uint8_t* page = task.k_pages[t / kAttendPage];
      float dot = 0.0F;
      for (size_t step = 0; step < PaddedKeyDim(task.head_dim); step += kStep) {
        float chain[2] = {0.0F, 0.0F};
        for (size_t i = step; i < step + kStep; ++i) {
          const float k = T::Get(page, KPairIndex(task.head_dim, slot, i));
          chain[i % 2] = __builtin_fmaf(q[i], k, chain[i % 2]);
        }
        dot = dot + (chain[0] + chain[1]);
      }
      if (T::kScaled) dot = dot * task.k_scales[t / kAttendPage][slot];
      task.scores[r * kScoreStride + t] = dot;
    }
  }
}

void AddKeyBias(const KeyBiasTask& task) {
  for (size_t r = 0; r < task.rows; ++r) {
    const float* factors = task.factors + r * 2 * task.num_pairs;
    for (size_t t = 0; t < task.tokens; ++t) {
      const float* angles = task.angles[t / kAttendPage] + t % kAttendPage;
      float sum = 0.0F;
      for (size_t i = 0; i < task.num_pairs; ++i) {
        const float* at = angles + size_t{2} * kAttendPage * task.pairs[i];
        sum = __builtin_fmaf(factors[2 * i], at[0], sum);
        sum = __builtin_fmaf(factors[2 * i + 1], at[kAttendPage], sum);
      }
      task.scores[r * kScoreStride + t] += sum;
    }
  }
}

void RoundQuery(const float* from, size_t dim, float* q, uint16_t* /*q_bf16*/) {
  for (size_t i = 0; i < dim; ++i) q[i] = Bf16ToFloat(FloatToFiniteBf16(from[i]));
  for (size_t i = dim; i < PaddedKeyDim(dim); ++i) q[i] = 0.0F;
}

void Scale(const float* from, size_t n, float factor, float* to) {
  for (size_t i = 0; i < n; ++i) to[i] = from[i] * factor;
}

enum class Weights : uint8_t { kFloat, kBf16, kScaledBf16 };

float Weight(Weights kind, float below_max, float scale) {
  return kind == Weights::kFloat ? FixedExp2(below_max * scale) : CoarseExp2(below_max, scale);
}

// The largest of `count` scores; 16 lanes, though only the sign of a zero depends on the order.
float LargestScore(const float* score, size_t count) {
  float lane[16];
  for (float& l : lane) l = kMinusInfinity;
  for (size_t t = 0; t < count; ++t) lane[t % 16] = MaxSecond(score[t], lane[t % 16]);
  for (size_t step = 8; step > 0; step /= 2) {
    for (size_t i = 0; i < step; ++i) lane[i] = MaxSecond(lane[i], lane[i + step]);
  }
  return lane[0];
}

// The sum has 16 lanes, lane t % 16 in order of t, and SumLanes16.
template <Weights kKind>
void Softmax(const AttendTask& task) {
  const size_t end = (task.tokens + kStep - 1) / kStep * kStep;
  for (size_t r = 0; r < task.rows; ++r) {
    float* p = task.scores + r * kScoreStride;
    const float max = LargestScore(p, task.visible[r]);
    float lane[16] = {};
    for (size_t t = 0; t < end; ++t) {
      if (t >= task.visible[r]) {
        p[t] = 0.0F;
        continue;
      }
      float weight = Weight(kKind, p[t] - max, task.log2_scale);
      lane[t % 16] += weight;
      if (kKind == Weights::kScaledBf16) {
        weight = weight * task.v_scales[t / kAttendPage][t % kAttendPage];
        if (weight < kBf16Least) weight = 0.0F;
      }
      p[t] = kKind == Weights::kFloat ? weight : RoundToBf16(weight);
    }
    task.max[r] = max;
    task.sum[r] = SumLanes16(lane);
  }
}

// One fma chain over the tokens, in order.
template <class T>
void ChainValues(const AttendTask& task) {
  const size_t padded = PaddedHeadDim(task.head_dim);
  for (size_t r = 0; r < task.rows; ++r) {
    const float* p = task.scores + r * kScoreStride;
    for (size_t i = 0; i < padded; ++i) {
      float acc = 0.0F;
      for (size_t t = 0; t < task.visible[r]; ++t) {
        const uint8_t* page = task.v_pages[t / kAttendPage];
        acc = __builtin_fmaf(p[t], T::Get(page, VIndex(task.head_dim, t % kAttendPage, i)), acc);
      }
      task.out[r * padded + i] = acc;
    }
  }
}

template <class T>
void PairValues(const AttendTask& task) {
  const size_t padded = PaddedHeadDim(task.head_dim);
  for (size_t r = 0; r < task.rows; ++r) {
    const float* p = task.scores + r * kScoreStride;
    for (size_t i = 0; i < padded; ++i) {
      float acc = 0.0F;
      for (size_t step = 0; step < task.visible[r]; step += kStep) {
        const uint8_t* page = task.v_pages[step / kAttendPage];
        float chain[2] = {0.0F, 0.0F};
        for (size_t t = step; t < step + kStep; ++t) {
          const float v = T::Get(page, VPairIndex(t % kAttendPage, i));
          chain[t % 2] = __builtin_fmaf(p[t], v, chain[t % 2]);
        }
        acc = acc + (chain[0] + chain[1]);
      }
      task.out[r * padded + i] = acc;
    }
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
    for (size_t i = r * padded; i < (r + 1) * padded; ++i) {
      task.out[i] = task.out[i] * keep + task.next_out[i] * add;
    }
  }
}

}  // namespace

void SetScalarAttention(AttentionKernels* kernels) {
  AttentionKernels& k = *kernels;
  k.scores[static_cast<size_t>(KvType::kF32)] = ChainScores<F32>;
  k.scores[static_cast<size_t>(KvType::kF16)] = ChainScores<F16>;
  k.scores[static_cast<size_t>(KvType::kBf16)] = PairScores<Bf16>;
  k.scores[static_cast<size_t>(KvType::kQ8_0)] = PairScores<Q8>;
  k.add_key_bias = AddKeyBias;
  k.softmax[static_cast<size_t>(KvType::kF32)] = Softmax<Weights::kFloat>;
  k.softmax[static_cast<size_t>(KvType::kF16)] = Softmax<Weights::kFloat>;
  k.softmax[static_cast<size_t>(KvType::kBf16)] = Softmax<Weights::kBf16>;
  k.softmax[static_cast<size_t>(KvType::kQ8_0)] = Softmax<Weights::kScaledBf16>;
  k.values[static_cast<size_t>(KvType::kF32)] = ChainValues<F32>;
  k.values[static_cast<size_t>(KvType::kF16)] = ChainValues<F16>;
  k.values[static_cast<size_t>(KvType::kBf16)] = PairValues<Bf16>;
  k.values[static_cast<size_t>(KvType::kQ8_0)] = PairValues<Q8>;
  k.fold = Fold;
  k.round_query = RoundQuery;
  k.scale = Scale;
}

}  // namespace lemma::kernels
