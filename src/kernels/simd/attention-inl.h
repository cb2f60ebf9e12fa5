// SPDX-License-Identifier: Apache-2.0
// Scores and weighted values for any vector type Simd; the order of float operations is that of
// scalar/scalar_attention.cc. Up to Simd::kAttendRows rows share each load of K and V. Compiled
// once per ISA.
#pragma once

#include "kernels/attend.h"
#include "kernels/fixed_math.h"
#include "kernels/simd/softmax-inl.h"

namespace lemma::kernels {
namespace {

struct PageF32 {
  static constexpr size_t kBytes = 4;
  static Simd::Floats Get(const uint8_t* page, size_t i) {
    return Simd::LoadFloatBytes(page + 4 * i);
  }
};
struct PageF16 {
  static constexpr size_t kBytes = 2;
  static Simd::Floats Get(const uint8_t* page, size_t i) { return Simd::LoadHalves(page + 2 * i); }
};
struct PageBf16 {
  static constexpr bool kScaled = false;
  static void Get(const uint8_t* page, size_t i, Simd::Floats* even, Simd::Floats* odd) {
    Simd::LoadBf16Pairs(page + 2 * i, even, odd);
  }
};
struct PageQ8 {
  static constexpr bool kScaled = true;
  static void Get(const uint8_t* page, size_t i, Simd::Floats* even, Simd::Floats* odd) {
    Simd::LoadInt8Pairs(page + i, even, odd);
  }
};

constexpr size_t kPairStep = 32;  // inputs of one TDPBF16PS

// Calls group.template operator()<kCount>(first row) for all rows, as many at a time as fit.
template <class Group>
inline void ForRowGroups(size_t rows, Group group) {
  size_t r = 0;
  for (; r + Simd::kAttendRows <= rows; r += Simd::kAttendRows) {
    group.template operator()<Simd::kAttendRows>(r);
  }
  if constexpr (Simd::kAttendRows > 4) {
    for (; r + 4 <= rows; r += 4) group.template operator()<4>(r);
  }
  for (; r + 2 <= rows; r += 2) group.template operator()<2>(r);
  for (; r < rows; ++r) group.template operator()<1>(r);
}

// Dot products of kCount rows with the 4 * kRows tokens of a page from `first` on.
template <class Page, size_t kCount>
inline void ChainScoreBlock(const AttendTask& task, const float* q, const uint8_t* page,
                            size_t first, float* scores) {
  constexpr size_t kWide = 4;
  const size_t stride = PaddedKeyDim(task.head_dim);
  Simd::Floats acc[kCount][kWide];
  for (auto& row : acc) {
    for (Simd::Floats& f : row) f = Simd::Splat(0.0F);
  }
  for (size_t i = 0; i < task.head_dim; ++i) {
    Simd::Floats k[kWide];
    for (size_t w = 0; w < kWide; ++w) {
      k[w] = Page::Get(page, KIndex(task.head_dim, first + w * Simd::kRows, i));
    }
    for (size_t r = 0; r < kCount; ++r) {
      const Simd::Floats qi = Simd::Splat(q[r * stride + i]);
      for (size_t w = 0; w < kWide; ++w) acc[r][w] = Simd::Fma(qi, k[w], acc[r][w]);
    }
  }
  for (size_t r = 0; r < kCount; ++r) {
    for (size_t w = 0; w < kWide; ++w) {
      Simd::Store(scores + r * kScoreStride + first + w * Simd::kRows, acc[r][w]);
    }
  }
}

// Sums over steps are kept in memory: the registers are full of chains.
inline void AddStep(size_t step, Simd::Floats value, float* sum) {
  Simd::Store(sum, step == 0 ? value : Simd::Add(Simd::Load(sum), value));
}

// The same over pairs, kWide vectors of tokens.
template <class Page, size_t kCount, size_t kWide>
inline void PairScoreBlock(const AttendTask& task, const float* q, const uint8_t* page,
                           size_t first, float* scores) {
  const size_t stride = PaddedKeyDim(task.head_dim);
  for (size_t step = 0; step < stride; step += kPairStep) {
    Simd::Floats even[kCount][kWide];
    Simd::Floats odd[kCount][kWide];
    for (size_t r = 0; r < kCount; ++r) {
      for (size_t w = 0; w < kWide; ++w) even[r][w] = odd[r][w] = Simd::Splat(0.0F);
    }
    for (size_t i = step; i < step + kPairStep; i += 2) {
      for (size_t w = 0; w < kWide; ++w) {
        Simd::Floats k_even;
        Simd::Floats k_odd;
        Page::Get(page, KPairIndex(task.head_dim, first + w * Simd::kRows, i), &k_even, &k_odd);
        for (size_t r = 0; r < kCount; ++r) {
          const float* at = q + r * stride + i;
          even[r][w] = Simd::Fma(Simd::Splat(at[0]), k_even, even[r][w]);
          odd[r][w] = Simd::Fma(Simd::Splat(at[1]), k_odd, odd[r][w]);
        }
      }
    }
    for (size_t r = 0; r < kCount; ++r) {
      for (size_t w = 0; w < kWide; ++w) {
        AddStep(step, Simd::Add(even[r][w], odd[r][w]),
                scores + r * kScoreStride + first + w * Simd::kRows);
      }
    }
  }
}

inline void ScaleScores(const float* scales, size_t count, float* scores) {
  for (size_t t = 0; t < count; t += Simd::kRows) {
    Simd::Store(scores + t, Simd::Mul(Simd::Load(scores + t), Simd::Load(scales + t)));
  }
}

// The tokens of page p that a row sees.
inline size_t SeenInPage(const AttendTask& task, size_t row, size_t p) {
  const size_t begin = p * kAttendPage;
  const size_t seen = task.visible[row];
  return seen <= begin ? 0 : seen - begin < kAttendPage ? seen - begin : kAttendPage;
}

template <class Page>
void ChainScores(const AttendTask& task) {
  for (size_t p = 0; p * kAttendPage < task.tokens; ++p) {
    ForRowGroups(task.rows, [&]<size_t kCount>(size_t row) {
      const float* q = task.q + row * PaddedKeyDim(task.head_dim);
      float* scores = task.scores + row * kScoreStride + p * kAttendPage;
      const size_t seen = SeenInPage(task, row + kCount - 1, p);
      for (size_t t = 0; t < seen; t += 4 * Simd::kRows) {
        ChainScoreBlock<Page, kCount>(task, q, task.k_pages[p], t, scores);
      }
    });
  }
}

template <class Page>
void PairScores(const AttendTask& task) {
  constexpr size_t kWide = Simd::kPairVectors;
  for (size_t p = 0; p * kAttendPage < task.tokens; ++p) {
    ForRowGroups(task.rows, [&]<size_t kCount>(size_t row) {
      const float* q = task.q + row * PaddedKeyDim(task.head_dim);
      float* scores = task.scores + row * kScoreStride + p * kAttendPage;
      const size_t seen = SeenInPage(task, row + kCount - 1, p);
      for (size_t t = 0; t < seen; t += kWide * Simd::kRows) {
        PairScoreBlock<Page, kCount, kWide>(task, q, task.k_pages[p], t, scores);
      }
      if (!Page::kScaled) return;
      for (size_t r = 0; r < kCount; ++r) {
        ScaleScores(task.k_scales[p], seen, scores + r * kScoreStride);
      }
    });
  }
}

// acc[r] += sum over tokens [begin, end) of p[r][t] v[t]; all within a segment.
template <class Page, size_t kCount, size_t kWide>
inline void AddChain(const AttendTask& task, const float* p, size_t at, size_t begin, size_t end,
                     Simd::Floats acc[kCount][kWide]) {
  for (size_t t = begin; t < end; ++t) {
    const uint8_t* page = task.v_pages[t / kAttendPage];
    const size_t index = VIndex(task.head_dim, t % kAttendPage, at);
    Simd::Floats v[kWide];
    for (size_t w = 0; w < kWide; ++w) v[w] = Page::Get(page, index + w * Simd::kRows);
    for (size_t r = 0; r < kCount; ++r) {
      const Simd::Floats weight = Simd::Splat(p[r * kScoreStride + t]);
      for (size_t w = 0; w < kWide; ++w) acc[r][w] = Simd::Fma(weight, v[w], acc[r][w]);
    }
  }
}

// kWide vectors of dimensions from `at` on. The tokens that all rows see go together, the few that
// only later rows see row by row: a weight of 0 may not meet an infinity.
template <class Page, size_t kCount, size_t kWide>
inline void ChainValueBlock(const AttendTask& task, size_t row, size_t at) {
  const size_t padded = PaddedHeadDim(task.head_dim);
  const float* p = task.scores + row * kScoreStride;
  const size_t shared = task.visible[row];
  Simd::Floats acc[kCount][kWide];
  for (auto& sums : acc) {
    for (Simd::Floats& f : sums) f = Simd::Splat(0.0F);
  }
  AddChain<Page, kCount, kWide>(task, p, at, 0, shared, acc);
  for (size_t r = 0; r < kCount; ++r) {
    AddChain<Page, 1, kWide>(task, p + r * kScoreStride, at, shared, task.visible[row + r],
                             acc + r);
    for (size_t w = 0; w < kWide; ++w) {
      Simd::Store(task.out + (row + r) * padded + at + w * Simd::kRows, acc[r][w]);
    }
  }
}

template <class Page>
void ChainValues(const AttendTask& task) {
  constexpr size_t kWide = 4;
  const size_t padded = PaddedHeadDim(task.head_dim);
  ForRowGroups(task.rows, [&]<size_t kCount>(size_t row) {
    size_t at = 0;
    for (; at + kWide * Simd::kRows <= padded; at += kWide * Simd::kRows) {
      ChainValueBlock<Page, kCount, kWide>(task, row, at);
    }
    for (; at < padded; at += Simd::kRows) ChainValueBlock<Page, kCount, 1>(task, row, at);
  });
}

template <class Page, size_t kCount, size_t kWide>
inline void PairValueBlock(const AttendTask& task, size_t row, size_t at) {
  const size_t padded = PaddedHeadDim(task.head_dim);
  const float* p = task.scores + row * kScoreStride;
  for (size_t step = 0; step < task.visible[row + kCount - 1]; step += kPairStep) {
    const uint8_t* page = task.v_pages[step / kAttendPage];
    Simd::Floats even[kCount][kWide];
    Simd::Floats odd[kCount][kWide];
    for (size_t r = 0; r < kCount; ++r) {
      for (size_t w = 0; w < kWide; ++w) even[r][w] = odd[r][w] = Simd::Splat(0.0F);
    }
    for (size_t t = step; t < step + kPairStep; t += 2) {
      for (size_t w = 0; w < kWide; ++w) {
        Simd::Floats v_even;
        Simd::Floats v_odd;
        Page::Get(page, VPairIndex(t % kAttendPage, at + w * Simd::kRows), &v_even, &v_odd);
        for (size_t r = 0; r < kCount; ++r) {
          const float* weights = p + r * kScoreStride + t;
          even[r][w] = Simd::Fma(Simd::Splat(weights[0]), v_even, even[r][w]);
          odd[r][w] = Simd::Fma(Simd::Splat(weights[1]), v_odd, odd[r][w]);
        }
      }
    }
    for (size_t r = 0; r < kCount; ++r) {
      for (size_t w = 0; w < kWide; ++w) {
        AddStep(step, Simd::Add(even[r][w], odd[r][w]),
                task.out + (row + r) * padded + at + w * Simd::kRows);
      }
    }
  }
}

template <class Page>
void PairValues(const AttendTask& task) {
  constexpr size_t kWide = Simd::kPairVectors;
  const size_t padded = PaddedHeadDim(task.head_dim);
  ForRowGroups(task.rows, [&]<size_t kCount>(size_t row) {
    size_t at = 0;
    for (; at + kWide * Simd::kRows <= padded; at += kWide * Simd::kRows) {
      PairValueBlock<Page, kCount, kWide>(task, row, at);
    }
    for (; at < padded; at += Simd::kRows) PairValueBlock<Page, kCount, 1>(task, row, at);
  });
}

inline void SetAttention(AttentionKernels* kernels) {
  AttentionKernels& k = *kernels;
  k.scores[static_cast<size_t>(KvType::kF32)] = ChainScores<PageF32>;
  k.scores[static_cast<size_t>(KvType::kF16)] = ChainScores<PageF16>;
  k.scores[static_cast<size_t>(KvType::kBf16)] = PairScores<PageBf16>;
  k.scores[static_cast<size_t>(KvType::kQ8_0)] = PairScores<PageQ8>;
  k.values[static_cast<size_t>(KvType::kF32)] = ChainValues<PageF32>;
  k.values[static_cast<size_t>(KvType::kF16)] = ChainValues<PageF16>;
  k.values[static_cast<size_t>(KvType::kBf16)] = PairValues<PageBf16>;
  k.values[static_cast<size_t>(KvType::kQ8_0)] = PairValues<PageQ8>;
  SetSoftmax(kernels);
}

}  // namespace
}  // namespace lemma::kernels
