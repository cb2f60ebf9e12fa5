// SPDX-License-Identifier: Apache-2.0
// Attention over one segment for any vector type Simd; the order of float operations is that of
// scalar/scalar_attention.cc. Up to Simd::kHeads heads share each pass over a page. Compiled once
// per ISA, after ops-inl.h.
#pragma once

#include "kernels/fixed_math.h"
#include "kernels/kernels.h"
#include "kernels/simd/ops-inl.h"

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

constexpr size_t kPageVectors = kAttendPage / Simd::kRows;

// Scaled scores of kHeads heads against a whole page; scores past `count` become -infinity.
template <class Page, size_t kHeads>
inline void PageScores(const AttendTask& task, const float* q, const uint8_t* k_page, size_t count,
                       float score[kHeads][kAttendPage]) {
  constexpr size_t kBlock = 4;  // vectors of tokens at a time
  for (size_t first = 0; first < kPageVectors; first += kBlock) {
    Simd::Floats acc[kHeads][kBlock];
    for (auto& head : acc) {
      for (Simd::Floats& f : head) f = Simd::Splat(0.0F);
    }
    for (size_t i = 0; i < task.head_dim; ++i) {
      Simd::Floats k[kBlock];
      for (size_t v = 0; v < kBlock; ++v) {
        const size_t token = (first + v) * Simd::kRows;
        k[v] = Page::Get(k_page, (token / 16 * task.head_dim + i) * 16 + token % 16);
      }
      for (size_t h = 0; h < kHeads; ++h) {
        const Simd::Floats qi = Simd::Splat(q[h * task.head_dim + i]);
        for (size_t v = 0; v < kBlock; ++v) acc[h][v] = Simd::Fma(qi, k[v], acc[h][v]);
      }
    }
    const Simd::Floats scale = Simd::Splat(task.scale);
    for (size_t h = 0; h < kHeads; ++h) {
      for (size_t v = 0; v < kBlock; ++v) {
        Simd::Store(score[h] + (first + v) * Simd::kRows, Simd::Mul(acc[h][v], scale));
      }
    }
  }
  for (size_t h = 0; h < kHeads; ++h) {
    for (size_t t = count; t < kAttendPage; ++t) score[h][t] = -__builtin_inff();
  }
}

inline float PageMax(const float* score) {
  float lane[16];
  for (size_t at = 0; at < 16; at += Simd::kRows) {
    const Simd::Floats low = Simd::Max(Simd::Load(score + at), Simd::Load(score + at + 16));
    const Simd::Floats high = Simd::Max(Simd::Load(score + at + 32), Simd::Load(score + at + 48));
    Simd::Store(lane + at, Simd::Max(low, high));
  }
  for (size_t step = 8; step > 0; step /= 2) {
    for (size_t i = 0; i < step; ++i) lane[i] = MaxSecond(lane[i], lane[i + step]);
  }
  return lane[0];
}

// score becomes exp(score - max), 0 past `count`; returns the sum.
inline float PageExp(float max, size_t count, float* score) {
  const Simd::Floats top = Simd::Splat(max);
  for (size_t t = 0; t < kAttendPage; t += Simd::kRows) {
    Simd::Store(score + t, Exp(Simd::Sub(Simd::Load(score + t), top)));
  }
  for (size_t t = count; t < kAttendPage; ++t) score[t] = 0.0F;
  float lane[16];
  for (size_t at = 0; at < 16; at += Simd::kRows) {
    const Simd::Floats low = Simd::Add(Simd::Load(score + at), Simd::Load(score + at + 16));
    const Simd::Floats high = Simd::Add(Simd::Load(score + at + 32), Simd::Load(score + at + 48));
    Simd::Store(lane + at, Simd::Add(low, high));
  }
  return SumLanes16(lane);
}

// out = out * keep + sum_t p[t] v[t], kWide vectors of dimensions at a time from `at` on.
template <class Page, size_t kHeads, size_t kWide>
inline void AddValues(const float p[kHeads][kAttendPage], const float keep[kHeads],
                      const uint8_t* v_page, size_t count, size_t padded, size_t at, float* out) {
  Simd::Floats acc[kHeads][kWide];
  for (size_t h = 0; h < kHeads; ++h) {
    const Simd::Floats factor = Simd::Splat(keep[h]);
    for (size_t w = 0; w < kWide; ++w) {
      acc[h][w] = Simd::Mul(Simd::Load(out + h * padded + at + w * Simd::kRows), factor);
    }
  }
  for (size_t t = 0; t < count; ++t) {
    Simd::Floats v[kWide];
    for (size_t w = 0; w < kWide; ++w) v[w] = Page::Get(v_page, t * padded + at + w * Simd::kRows);
    for (size_t h = 0; h < kHeads; ++h) {
      const Simd::Floats pt = Simd::Splat(p[h][t]);
      for (size_t w = 0; w < kWide; ++w) acc[h][w] = Simd::Fma(pt, v[w], acc[h][w]);
    }
  }
  for (size_t h = 0; h < kHeads; ++h) {
    for (size_t w = 0; w < kWide; ++w) {
      Simd::Store(out + h * padded + at + w * Simd::kRows, acc[h][w]);
    }
  }
}

template <class Page, size_t kHeads>
inline void AttendHeads(const AttendTask& task, size_t first) {
  const size_t padded = PaddedHeadDim(task.head_dim);
  float* out = task.out + first * padded;
  float max[kHeads];
  float sum[kHeads];
  float keep[kHeads];
  alignas(64) float p[kHeads][kAttendPage];
  for (size_t h = 0; h < kHeads; ++h) {
    max[h] = -__builtin_inff();
    sum[h] = 0.0F;
  }
  for (size_t i = 0; i < kHeads * padded; ++i) out[i] = 0.0F;
  for (size_t page = 0; page * kAttendPage < task.tokens; ++page) {
    const size_t left = task.tokens - page * kAttendPage;
    const size_t count = left < kAttendPage ? left : kAttendPage;
    PageScores<Page, kHeads>(task, task.q + first * task.head_dim, task.k_pages[page], count, p);
    for (size_t h = 0; h < kHeads; ++h) {
      const float new_max = MaxSecond(PageMax(p[h]), max[h]);
      keep[h] = FixedExp(max[h] - new_max);
      sum[h] = __builtin_fmaf(sum[h], keep[h], PageExp(new_max, count, p[h]));
      max[h] = new_max;
    }
    constexpr size_t kWide = 4;
    size_t at = 0;
    for (; at + kWide * Simd::kRows <= padded; at += kWide * Simd::kRows) {
      AddValues<Page, kHeads, kWide>(p, keep, task.v_pages[page], count, padded, at, out);
    }
    for (; at < padded; at += Simd::kRows) {
      AddValues<Page, kHeads, 1>(p, keep, task.v_pages[page], count, padded, at, out);
    }
  }
  for (size_t h = 0; h < kHeads; ++h) {
    task.max[first + h] = max[h];
    task.sum[first + h] = sum[h];
  }
}

template <class Page>
void Attend(const AttendTask& task) {
  size_t head = 0;
  if constexpr (Simd::kHeads >= 4) {
    for (; head + 4 <= task.heads; head += 4) AttendHeads<Page, 4>(task, head);
  }
  for (; head + 2 <= task.heads; head += 2) AttendHeads<Page, 2>(task, head);
  for (; head < task.heads; ++head) AttendHeads<Page, 1>(task, head);
}

inline void SetAttention(KernelTable* table) {
  table->attend_f32 = Attend<PageF32>;
  table->attend_f16 = Attend<PageF16>;
}

}  // namespace
}  // namespace lemma::kernels
