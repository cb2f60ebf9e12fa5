// SPDX-License-Identifier: Apache-2.0
// Attention with bf16 and q8_0 keys or values on tiles: queries (weights) are the A operand, pages
// the B operand as they lie in memory, TDPBF16PS does what the scalar specification says. Blocks of
// 32 rows x 32 columns keep four results in registers; up to 16 rows take 64 columns at a time.
#include <immintrin.h>

#include "kernels/amx/tiles-inl.h"
#include "kernels/attend.h"
#include "kernels/fixed_math.h"
#include "kernels/isa_tables.h"

namespace lemma::kernels {
namespace {

constexpr size_t kTileRows = 16;
constexpr size_t kStep = 32;  // inputs of one product
constexpr size_t kTileBytes = 1024;
constexpr size_t kScoreBytes = kScoreStride * sizeof(float);

// Tiles: 0-3 results, 4-5 A, 6-7 B.
inline void Zero4() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

// One step of two row tiles and two column tiles.
inline void Multiply2x2(const uint8_t* a, size_t a_stride, const uint8_t* b0, const uint8_t* b1) {
  _tile_loadd(6, b0, 64);
  _tile_loadd(4, a, a_stride);
  _tile_dpbf16ps(0, 4, 6);
  _tile_loadd(7, b1, 64);
  _tile_dpbf16ps(1, 4, 7);
  _tile_loadd(5, a + kTileRows * a_stride, a_stride);
  _tile_dpbf16ps(2, 5, 6);
  _tile_dpbf16ps(3, 5, 7);
}

// One step of one row tile and four column tiles, `apart` bytes from each other.
inline void Multiply1x4(const uint8_t* a, size_t a_stride, const uint8_t* b, size_t apart) {
  _tile_loadd(4, a, a_stride);
  _tile_loadd(6, b, 64);
  _tile_dpbf16ps(0, 4, 6);
  _tile_loadd(7, b + apart, 64);
  _tile_dpbf16ps(1, 4, 7);
  _tile_loadd(6, b + 2 * apart, 64);
  _tile_dpbf16ps(2, 4, 6);
  _tile_loadd(7, b + 3 * apart, 64);
  _tile_dpbf16ps(3, 4, 7);
}

inline void Multiply1x1(const uint8_t* a, size_t a_stride, const uint8_t* b) {
  _tile_loadd(4, a, a_stride);
  _tile_loadd(6, b, 64);
  _tile_dpbf16ps(0, 4, 6);
}

inline void Store2x2(float* to, size_t stride_bytes, size_t row_floats) {
  _tile_stored(0, to, stride_bytes);
  _tile_stored(1, to + 16, stride_bytes);
  _tile_stored(2, to + kTileRows * row_floats, stride_bytes);
  _tile_stored(3, to + kTileRows * row_floats + 16, stride_bytes);
}

inline void Store1x4(float* to, size_t stride_bytes) {
  _tile_stored(0, to, stride_bytes);
  _tile_stored(1, to + 16, stride_bytes);
  _tile_stored(2, to + 32, stride_bytes);
  _tile_stored(3, to + 48, stride_bytes);
}

inline size_t SeenInPage(const AttendTask& task, size_t row, size_t p) {
  const size_t begin = p * kAttendPage;
  const size_t seen = task.visible[row];
  return seen <= begin ? 0 : seen - begin < kAttendPage ? seen - begin : kAttendPage;
}

inline void ScaleRows(const float* scales, size_t rows, size_t count, float* scores) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t t = 0; t < count; t += 16) {
      float* at = scores + r * kScoreStride + t;
      _mm512_storeu_ps(at, _mm512_mul_ps(_mm512_loadu_ps(at), _mm512_loadu_ps(scales + t)));
    }
  }
}

// Up to 32 rows against one page.
void PageScores(const AttendTask& task, size_t row, size_t rows, size_t p, size_t seen) {
  const size_t dim = PaddedKeyDim(task.head_dim);
  const auto* q = reinterpret_cast<const uint8_t*>(task.q_bf16 + row * dim);
  const size_t steps = dim / kStep;
  float* scores = task.scores + row * kScoreStride + p * kAttendPage;
  const uint8_t* page = task.k_pages[p];
  if (rows <= kTileRows) {
    Zero4();
    for (size_t d = 0; d < steps; ++d) {
      Multiply1x4(q + d * 64, 2 * dim, page + d * kTileBytes, steps * kTileBytes);
    }
    return Store1x4(scores, kScoreBytes);
  }
  for (size_t t = 0; t < seen; t += 32) {
    const uint8_t* b = page + t / 16 * steps * kTileBytes;
    Zero4();
    for (size_t d = 0; d < steps; ++d) {
      Multiply2x2(q + d * 64, 2 * dim, b + d * kTileBytes, b + (steps + d) * kTileBytes);
    }
    Store2x2(scores + t, kScoreBytes, kScoreStride);
  }
}

void RoundQuery(const float* from, size_t dim, float* /*q*/, uint16_t* q_bf16) {
  for (size_t i = 0; i < PaddedKeyDim(dim); i += 16) {
    const __m256i rounded = FiniteBf16(LoadUpTo16(from + i, dim > i ? dim - i : 0));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(q_bf16 + i), rounded);
  }
}

enum class Scaled : uint8_t { kNo, kYes };

template <Scaled kScaled>
void Scores(const AttendTask& task) {
  ConfigureTiles(task.rows < kTileRows ? task.rows : kTileRows);
  for (size_t p = 0; p * kAttendPage < task.tokens; ++p) {
    for (size_t row = 0; row < task.rows; row += 32) {
      const size_t rows = task.rows - row < 32 ? task.rows - row : 32;
      const size_t seen = SeenInPage(task, row + rows - 1, p);
      if (seen == 0) continue;
      PageScores(task, row, rows, p, seen);
      CompilerFence();
      if constexpr (kScaled == Scaled::kYes) {
        ScaleRows(task.k_scales[p], rows, seen, task.scores + row * kScoreStride + p * kAttendPage);
      }
    }
  }
  _tile_release();
}

inline __m512 CoarseExp2(__m512 x, __m512 scale) {
  const __m512 magic = _mm512_set1_ps(kRoundMagic);
  const __m512 shifted = _mm512_fmadd_ps(x, scale, magic);
  const __m512 n = _mm512_sub_ps(shifted, magic);
  const __m512 r = _mm512_fmsub_ps(x, scale, n);
  __m512 y = _mm512_fmadd_ps(_mm512_set1_ps(kExp2Coarse[2]), r, _mm512_set1_ps(kExp2Coarse[1]));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(kExp2Coarse[0]));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0F));
  const __m512i power = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
  const __mmask16 kept = _mm512_cmp_ps_mask(n, _mm512_set1_ps(-49.0F), _CMP_NLT_UQ);
  return _mm512_castsi512_ps(_mm512_maskz_add_epi32(kept, _mm512_castps_si512(y), power));
}

// Which zero or NaN it is depends on the order, but nothing else does.
inline float LargestScore(const float* score, size_t count) {
  const __m512 least = _mm512_set1_ps(-__builtin_inff());
  __m512 max[4] = {least, least, least, least};
  size_t t = 0;
  for (; t + 64 <= count; t += 64) {
    for (size_t i = 0; i < 4; ++i)
      max[i] = _mm512_max_ps(_mm512_loadu_ps(score + t + 16 * i), max[i]);
  }
  for (; t < count; t += 16) {
    const size_t left = count - t;
    const auto seen = static_cast<__mmask16>(left < 16 ? (1U << left) - 1 : 0xFFFFU);
    max[0] = _mm512_max_ps(_mm512_mask_loadu_ps(least, seen, score + t), max[0]);
  }
  max[0] = _mm512_max_ps(_mm512_max_ps(max[0], max[1]), _mm512_max_ps(max[2], max[3]));
  return _mm512_reduce_max_ps(max[0]);
}

// SumLanes16 in registers.
inline float SumLanes(__m512 lanes) {
  const __m256 high = _mm512_extractf32x8_ps(lanes, 1);
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(lanes), high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// 16 weights of a row as bf16, lanes outside `seen` 0.
template <Scaled kScaled>
inline __m512 Weigh(const float* score, __mmask16 seen, __m512 scale, __m512 max,
                    const float* v_scales, __m512* sum) {
  const __m512 below_max = _mm512_sub_ps(_mm512_loadu_ps(score), max);
  __m512 weight = _mm512_maskz_mov_ps(seen, CoarseExp2(below_max, scale));
  *sum = _mm512_add_ps(*sum, weight);
  if constexpr (kScaled == Scaled::kYes) {
    weight = _mm512_mul_ps(weight, _mm512_loadu_ps(v_scales));
    const __m512 least = _mm512_set1_ps(kBf16Least);
    weight = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(weight, least, _CMP_NLT_UQ), weight);
  }
  return weight;
}

// Weights as bf16, at the beginning of the row's scores: A tiles of the product with V.
template <Scaled kScaled>
void Softmax(const AttendTask& task) {
  const size_t end = (task.tokens + kStep - 1) / kStep * kStep;
  const __m512 scale = _mm512_set1_ps(task.log2_scale);
  for (size_t r = 0; r < task.rows; ++r) {
    const float* scores = task.scores + r * kScoreStride;
    auto* weights = reinterpret_cast<uint8_t*>(task.scores + r * kScoreStride);
    const size_t count = task.visible[r];
    const float largest = LargestScore(scores, count);
    const __m512 max = _mm512_set1_ps(largest);
    __m512 sum = _mm512_setzero_ps();
    size_t t = 0;
    const auto weigh = [&](__mmask16 low_seen, __mmask16 high_seen) {
      const float* v_scales = nullptr;
      if constexpr (kScaled == Scaled::kYes) {
        v_scales = task.v_scales[t / kAttendPage] + t % kAttendPage;
      }
      const __m512 low = Weigh<kScaled>(scores + t, low_seen, scale, max, v_scales, &sum);
      const __m512 high = Weigh<kScaled>(scores + t + 16, high_seen, scale, max,
                                         v_scales == nullptr ? nullptr : v_scales + 16, &sum);
      const __m512bh both = _mm512_cvtne2ps_pbh(high, low);
      std::memcpy(weights + 2 * t, &both, sizeof(both));
    };
    for (; t + kStep <= count; t += kStep) weigh(0xFFFF, 0xFFFF);
    if (t < count) {
      const uint32_t seen = (1U << (count - t)) - 1;
      weigh(static_cast<__mmask16>(seen & 0xFFFFU), static_cast<__mmask16>(seen >> 16));
      t += kStep;
    }
    for (; t < end; t += kStep) std::memset(weights + 2 * t, 0, 2 * kStep);
    task.max[r] = largest;
    task.sum[r] = SumLanes(sum);
  }
}

// B tile of 16 dimensions from `dim` on, tokens [t, t + 32) of the segment.
inline const uint8_t* ValueTile(const AttendTask& task, size_t t, size_t dim) {
  return task.v_pages[t / kAttendPage] + VPairIndex(t % kAttendPage, dim) * 2;
}

// Up to 16 rows.
void ValuesOfFew(const AttendTask& task) {
  const size_t padded = PaddedHeadDim(task.head_dim);
  const auto* weights = reinterpret_cast<const uint8_t*>(task.scores);
  const size_t apart = VPairIndex(0, 16) * 2;
  size_t dim = 0;
  for (; dim + 64 <= padded; dim += 64) {
    Zero4();
    for (size_t t = 0; t < task.tokens; t += kStep) {
      Multiply1x4(weights + 2 * t, kScoreBytes, ValueTile(task, t, dim), apart);
    }
    Store1x4(task.out + dim, padded * sizeof(float));
  }
  for (; dim < padded; dim += 16) {
    _tile_zero(0);
    for (size_t t = 0; t < task.tokens; t += kStep) {
      Multiply1x1(weights + 2 * t, kScoreBytes, ValueTile(task, t, dim));
    }
    _tile_stored(0, task.out + dim, padded * sizeof(float));
  }
}

// 17 to 32 rows.
void ValuesOfMany(const AttendTask& task) {
  const size_t padded = PaddedHeadDim(task.head_dim);
  const auto* weights = reinterpret_cast<const uint8_t*>(task.scores);
  size_t dim = 0;
  for (; dim + 32 <= padded; dim += 32) {
    Zero4();
    for (size_t t = 0; t < task.tokens; t += kStep) {
      Multiply2x2(weights + 2 * t, kScoreBytes, ValueTile(task, t, dim),
                  ValueTile(task, t, dim + 16));
    }
    Store2x2(task.out + dim, padded * sizeof(float), padded);
  }
  if (dim == padded) return;
  for (size_t row = 0; row < task.rows; row += kTileRows) {
    _tile_zero(0);
    for (size_t t = 0; t < task.tokens; t += kStep) {
      Multiply1x1(weights + row * kScoreBytes + 2 * t, kScoreBytes, ValueTile(task, t, dim));
    }
    _tile_stored(0, task.out + row * padded + dim, padded * sizeof(float));
  }
}

void Values(const AttendTask& task) {
  ConfigureTiles(task.rows < kTileRows ? task.rows : kTileRows);
  if (task.rows <= kTileRows) {
    ValuesOfFew(task);
  } else {
    ValuesOfMany(task);
  }
  CompilerFence();
  _tile_release();
}

void WidenQ8(const uint8_t* from, const uint8_t* next, size_t count, uint8_t* to) {
  for (size_t i = 0; i < count; i += 32) {
    if (i % 64 == 0) _mm_prefetch(next + i, _MM_HINT_T0);
    const auto* at = reinterpret_cast<const __m128i*>(from + i);
    const __m512 low = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(at)));
    const __m512 high = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(at + 1)));
    const __m512bh both = _mm512_cvtne2ps_pbh(high, low);
    std::memcpy(to + 2 * i, &both, sizeof(both));
  }
}

}  // namespace

void FillAmxAttention(AttentionKernels* kernels) {
  AttentionKernels& k = *kernels;
  k.scores[static_cast<size_t>(KvType::kBf16)] = Scores<Scaled::kNo>;
  k.scores[static_cast<size_t>(KvType::kQ8_0)] = Scores<Scaled::kYes>;
  k.softmax[static_cast<size_t>(KvType::kBf16)] = Softmax<Scaled::kNo>;
  k.softmax[static_cast<size_t>(KvType::kQ8_0)] = Softmax<Scaled::kYes>;
  k.values[static_cast<size_t>(KvType::kBf16)] = Values;
  k.values[static_cast<size_t>(KvType::kQ8_0)] = Values;
  k.widen_q8_0 = WidenQ8;
  k.round_query = RoundQuery;
}

}  // namespace lemma::kernels
