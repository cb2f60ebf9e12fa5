// SPDX-License-Identifier: Apache-2.0
// Matrix products over R16 tiles for any vector type Simd; the float operations and their order
// are those of scalar/scalar_matmul.cc. Compiled once per ISA.
#pragma once

#include "kernels/kernels.h"
#include "kernels/simd/formats-inl.h"

namespace lemma::kernels {
namespace {

using Ints = Simd::Ints;
using Floats = Simd::Floats;

constexpr size_t kParts = kTileRows / Simd::kRows;
// The weights are one long sequential stream. They are asked for twice: far ahead into the second
// level cache (many requests may be open there) and shortly before their use into the first. The
// requests are spread over the loads of a tile, since a burst fills the line buffers and stalls the
// loads behind it. Measured on Sapphire Rapids, 2 threads, against the speed of a plain read: one
// burst 4 KB ahead 0.88 (Q4_K) and 0.77 (Q6_K), two distances 1.0 and 0.97. Both threads at once,
// GB/s: 1536 and 4608 bytes 33.6 / 30.8, 3072 and 5376 bytes 34.0 / 32.0, 4608 alone 29.7 / 28.5.
constexpr size_t kPrefetchNear = 3072;
constexpr size_t kPrefetchFar = 5376;

// Asks for the `part`-th of `parts` equal shares of the kBytes ahead.
template <size_t kBytes>
inline void PrefetchShare(const uint8_t* tile, size_t part, size_t parts) {
  const size_t end = kBytes * (part + 1) / parts;
  for (size_t at = (kBytes * part / parts + 63) / 64 * 64; at < end; at += 64) {
    Simd::PrefetchL2(tile + kPrefetchFar + at);
    Simd::PrefetchL1(tile + kPrefetchNear + at);
  }
}

// y of one row of the batch, part `part` of row group `group`.
inline void StorePart(const MatmulTask& task, size_t m, size_t group, size_t part, Floats acc) {
  const size_t row = group * kTileRows + part * Simd::kRows;
  if (row >= task.n) return;
  float* y = task.y + m * task.n + row;
  if (row + Simd::kRows <= task.n) {
    Simd::Store(y, task.accumulate ? Simd::Add(Simd::Load(y), acc) : acc);
    return;
  }
  float lanes[Simd::kRows];
  Simd::Store(lanes, acc);
  for (size_t i = 0; row + i < task.n; ++i) y[i] = task.accumulate ? y[i] + lanes[i] : lanes[i];
}

// Exact dot product of kCount vectors of codes with 4 * kCount activations whose sum is `sum`.
template <class Format, size_t kCount>
inline Ints Dot(const Bytes* q, const int8_t* a, int sum) {
  if constexpr (Format::kSigned) {
    const Ints start = Simd::SplatInt(-Simd::kSignedOffset * sum);
    return Simd::template DotSigned<kCount>(start, q, a);
  } else {
    const Ints start = Simd::SplatInt(-Format::kOffset * sum);
    return Simd::template DotUnsigned<kCount, Format::kMax>(start, q, a);
  }
}

// use(m, dot) for the dot product of the same codes with each of kRows activation rows, from input
// k of the block on; sum(m) is the sum of those activations.
template <class Format, size_t kCount, size_t kRows, class Sum, class Use, class S = Simd>
inline void EachDot(const Bytes* q, const QuantBlock* a, size_t k, const Sum& sum, const Use& use) {
  size_t m = 0;
  if constexpr (S::kPairs && kRows >= 2) {
    Bytes pairs[kCount];
    S::template ZipPairs<kCount>(q, pairs);
    constexpr int kOffset = Format::kSigned ? Simd::kSignedOffset : Format::kOffset;
    for (; m + 2 <= kRows; m += 2) {
      Ints dots[2] = {Simd::SplatInt(-kOffset * sum(m)), Simd::SplatInt(-kOffset * sum(m + 1))};
      S::template DotPairs<kCount>(pairs, a[m].q + k, a[m + 1].q + k, dots);
      use(m, dots[0]);
      use(m + 1, dots[1]);
    }
  }
  for (; m < kRows; ++m) use(m, Dot<Format, kCount>(q, a[m].q + k, sum(m)));
}

template <class Format>
inline void UnpackCodes(const uint8_t* tile, size_t j, size_t part, Bytes q[8]) {
  Format::Unpack(tile, j, part, q);
  if constexpr (Format::kSigned) {
    for (size_t i = 0; i < 8; ++i) q[i] = Simd::PrepareSigned(q[i]);
  }
}

// sum_g scale_g * dot_g of one tile part for kRows activation blocks.
template <class Format, size_t kRows>
inline void SuperDots(const uint8_t* tile, const Scales& scales, size_t part, const QuantBlock* a,
                      Ints sums[kRows]) {
  for (size_t m = 0; m < kRows; ++m) sums[m] = Simd::SplatInt(0);
  const int8_t* scale = scales.scale + part * Simd::kRows;
  for (size_t j = 0; j < 8; ++j) {
    if (part == 0) PrefetchShare<Format::kTileBytes>(tile, j, 8);
    Bytes q[8];
    UnpackCodes<Format>(tile, j, part, q);
    if constexpr (Format::kGroup == 32) {
      const Ints s = Simd::LoadInt8(scale + 16 * j);
      EachDot<Format, 8, kRows>(
          q, a, 32 * j, [&](size_t m) { return a[m].sums32[j]; },
          [&](size_t m, Ints dot) { sums[m] = Simd::AddInts(sums[m], Simd::MulInts(s, dot)); });
    } else {
      for (size_t h = 0; h < 2; ++h) {
        const Ints s = Simd::LoadInt8(scale + 32 * j + 16 * h);
        EachDot<Format, 4, kRows>(
            q + 4 * h, a, 32 * j + 16 * h, [&](size_t m) { return a[m].sums16[2 * j + h]; },
            [&](size_t m, Ints dot) { sums[m] = Simd::AddInts(sums[m], Simd::MulInts(s, dot)); });
      }
    }
  }
}

// sum_g min_g * (sum of the activations of group g).
template <class Format>
inline Ints MinDot(const Scales& scales, size_t part, const QuantBlock& a) {
  constexpr size_t kPairs = kSuperBlock / Format::kGroup / 2;
  const int16_t* sums = Format::kGroup == 32 ? a.sums32 : a.sums16;
  Ints total = Simd::SplatInt(0);
  for (size_t p = 0; p < kPairs; ++p) {
    const Ints mins = Simd::LoadUint8Pairs(scales.min_pairs + 32 * p + 2 * part * Simd::kRows);
    total = Simd::AddPairProducts(total, mins, Simd::SplatPair(sums + 2 * p));
  }
  return total;
}

template <class Format, size_t kRows>
void SuperMatmul(const MatmulTask& task) {
  const size_t tiles = task.k / kSuperBlock;
  for (size_t g = task.group_begin; g < task.group_end; ++g) {
    const uint8_t* tile = task.groups + g * task.group_bytes;
    const QuantBlock* a = task.blocks;
    Floats acc[kParts][kRows];
    for (auto& part : acc) {
      for (Floats& f : part) f = Simd::Splat(0.0F);
    }
    for (size_t t = 0; t < tiles; ++t, tile += Format::kTileBytes, a += kRows) {
      Scales scales;
      Format::GetScales(tile, &scales);
      for (size_t part = 0; part < kParts; ++part) {
        Ints sums[kRows];
        SuperDots<Format, kRows>(tile, scales, part, a, sums);
        const Floats d = Simd::LoadHalves(tile + Format::kD + 2 * part * Simd::kRows);
        const Floats dmin = Simd::LoadHalves(tile + Format::kDmin + 2 * part * Simd::kRows);
        for (size_t m = 0; m < kRows; ++m) {
          const Floats da = Simd::Splat(a[m].d);
          Floats& f = acc[part][m];
          f = Simd::Fma(Simd::Mul(d, da), Simd::ToFloats(sums[m]), f);
          if constexpr (Format::kHasMin) {
            const Ints mins = MinDot<Format>(scales, part, a[m]);
            f = Simd::FmaNegated(Simd::Mul(dmin, da), Simd::ToFloats(mins), f);
          }
        }
      }
    }
    for (size_t part = 0; part < kParts; ++part) {
      for (size_t m = 0; m < kRows; ++m) StorePart(task, m, g, part, acc[part][m]);
    }
  }
}

// Formats of 32: tile t is the (t % 8)-th part of activation block t / 8.
template <class Format, size_t kRows>
void SmallMatmul(const MatmulTask& task) {
  const size_t tiles = task.k / 32;
  for (size_t g = task.group_begin; g < task.group_end; ++g) {
    const uint8_t* tile = task.groups + g * task.group_bytes;
    Floats acc[kParts][kRows];
    for (auto& part : acc) {
      for (Floats& f : part) f = Simd::Splat(0.0F);
    }
    for (size_t t = 0; t < tiles; ++t, tile += Format::kTileBytes) {
      PrefetchShare<Format::kTileBytes>(tile, 0, 1);
      const QuantBlock* a = task.blocks + t / 8 * kRows;
      const size_t j = t % 8;
      for (size_t part = 0; part < kParts; ++part) {
        Bytes q[8];
        UnpackCodes<Format>(tile, j, part, q);
        const Floats d = Simd::LoadHalves(tile + Format::kD + 2 * part * Simd::kRows);
        const Floats min = Simd::LoadHalves(tile + Format::kDmin + 2 * part * Simd::kRows);
        const auto sum32 = [&](size_t m) { return a[m].sums32[j]; };
        EachDot<Format, 8, kRows>(q, a, 32 * j, sum32, [&](size_t m, Ints dot) {
          const Floats da = Simd::Splat(a[m].d);
          Floats& f = acc[part][m];
          f = Simd::Fma(Simd::Mul(d, da), Simd::ToFloats(dot), f);
          if constexpr (Format::kHasMin) {
            const Floats sum = Simd::Splat(static_cast<float>(a[m].sums32[j]));
            f = Simd::Fma(Simd::Mul(min, da), sum, f);
          }
        });
      }
    }
    for (size_t part = 0; part < kParts; ++part) {
      for (size_t m = 0; m < kRows; ++m) StorePart(task, m, g, part, acc[part][m]);
    }
  }
}

struct WordsF32 {
  static constexpr size_t kBytes = 4;
  static Floats Get(const uint8_t* from) { return Simd::LoadFloatBytes(from); }
};
struct WordsF16 {
  static constexpr size_t kBytes = 2;
  static Floats Get(const uint8_t* from) { return Simd::LoadHalves(from); }
};
struct WordsBF16 {
  static constexpr size_t kBytes = 2;
  static Floats Get(const uint8_t* from) { return Simd::LoadBf16s(from); }
};

// Rows [first, first + kRows) of the task: four partial sums by k mod 4, then (0 + 1) + (2 + 3).
template <class Words, size_t kRows>
void FloatRows(const MatmulTask& task, size_t group, size_t part, size_t first) {
  const uint8_t* word = task.groups + group * task.group_bytes + part * Simd::kRows * Words::kBytes;
  const float* x = task.x + first * task.k;
  Floats acc[4][kRows];
  for (auto& chain : acc) {
    for (Floats& f : chain) f = Simd::Splat(0.0F);
  }
  constexpr size_t kStep = kTileRows * Words::kBytes;
  size_t k = 0;
  for (; k + 4 <= task.k; k += 4, word += 4 * kStep) {
    PrefetchShare<4 * kStep>(word, 0, 1);
    for (size_t u = 0; u < 4; ++u) {
      const Floats w = Words::Get(word + u * kStep);
      for (size_t m = 0; m < kRows; ++m) {
        acc[u][m] = Simd::Fma(w, Simd::Splat(x[m * task.k + k + u]), acc[u][m]);
      }
    }
  }
  for (size_t u = 0; k + u < task.k; ++u) {
    const Floats w = Words::Get(word + u * kStep);
    for (size_t m = 0; m < kRows; ++m) {
      acc[u][m] = Simd::Fma(w, Simd::Splat(x[m * task.k + k + u]), acc[u][m]);
    }
  }
  for (size_t m = 0; m < kRows; ++m) {
    const Floats sum = Simd::Add(Simd::Add(acc[0][m], acc[1][m]), Simd::Add(acc[2][m], acc[3][m]));
    StorePart(task, first + m, group, part, sum);
  }
}

template <class Words>
void FloatMatmul(const MatmulTask& task) {
  for (size_t g = task.group_begin; g < task.group_end; ++g) {
    for (size_t part = 0; part < kParts; ++part) {
      size_t m = 0;
      if constexpr (Simd::kFloatRows >= 4) {
        for (; m + 4 <= task.rows; m += 4) FloatRows<Words, 4>(task, g, part, m);
      }
      for (; m + 2 <= task.rows; m += 2) FloatRows<Words, 2>(task, g, part, m);
      for (; m < task.rows; ++m) FloatRows<Words, 1>(task, g, part, m);
    }
  }
}

template <class Format>
void SuperByRows(const MatmulTask& task) {
  static_assert(Simd::kMaxRows == 2 || Simd::kMaxRows == 4 || Simd::kMaxRows == 8);
  if (task.rows == 1) return SuperMatmul<Format, 1>(task);
  if (task.rows == 2) return SuperMatmul<Format, 2>(task);
  if constexpr (Simd::kMaxRows >= 4) {
    if (task.rows == 3) return SuperMatmul<Format, 3>(task);
    if (task.rows == 4) return SuperMatmul<Format, 4>(task);
  }
  if constexpr (Simd::kMaxRows >= 8) {
    if (task.rows == 5) return SuperMatmul<Format, 5>(task);
    if (task.rows == 6) return SuperMatmul<Format, 6>(task);
    if (task.rows == 7) return SuperMatmul<Format, 7>(task);
    if (task.rows == 8) return SuperMatmul<Format, 8>(task);
  }
}

template <class Format>
void SmallByRows(const MatmulTask& task) {
  static_assert(Simd::kMaxRows == 2 || Simd::kMaxRows == 4 || Simd::kMaxRows == 8);
  if (task.rows == 1) return SmallMatmul<Format, 1>(task);
  if (task.rows == 2) return SmallMatmul<Format, 2>(task);
  if constexpr (Simd::kMaxRows >= 4) {
    if (task.rows == 3) return SmallMatmul<Format, 3>(task);
    if (task.rows == 4) return SmallMatmul<Format, 4>(task);
  }
  if constexpr (Simd::kMaxRows >= 8) {
    if (task.rows == 5) return SmallMatmul<Format, 5>(task);
    if (task.rows == 6) return SmallMatmul<Format, 6>(task);
    if (task.rows == 7) return SmallMatmul<Format, 7>(task);
    if (task.rows == 8) return SmallMatmul<Format, 8>(task);
  }
}

inline void SetMatmuls(KernelTable* table) {
  using tensor::DType;
  const auto set = [table](DType dtype, MatmulFn fn) {
    table->matmul[static_cast<size_t>(dtype)] = fn;
  };
  table->max_rows = Simd::kMaxRows;
  set(DType::kF32, FloatMatmul<WordsF32>);
  set(DType::kF16, FloatMatmul<WordsF16>);
  set(DType::kBF16, FloatMatmul<WordsBF16>);
  set(DType::kQ4_0, SmallByRows<FormatQ4_0>);
  set(DType::kQ4_1, SmallByRows<FormatQ4_1>);
  set(DType::kQ5_0, SmallByRows<FormatQ5_0>);
  set(DType::kQ5_1, SmallByRows<FormatQ5_1>);
  set(DType::kQ8_0, SmallByRows<FormatQ8_0>);
  set(DType::kIQ4NL, SmallByRows<FormatIQ4NL>);
  set(DType::kQ2K, SuperByRows<FormatQ2K>);
  set(DType::kQ3K, SuperByRows<FormatQ3K>);
  set(DType::kQ4K, SuperByRows<FormatQ4K>);
  set(DType::kQ5K, SuperByRows<FormatQ5K>);
  set(DType::kQ6K, SuperByRows<FormatQ6K>);
  set(DType::kIQ4XS, SuperByRows<FormatIQ4XS>);
}

}  // namespace
}  // namespace lemma::kernels
