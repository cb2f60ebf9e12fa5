// SPDX-License-Identifier: Apache-2.0
// From R16 tiles of every format to the weight tiles of TDPBF16PS: per step of 32 inputs sixteen
// vectors, one a pair of inputs, each with the 16 outputs' two values. Values are those of
// DecodePanel (kernels/layout.h).
#pragma once

#include <cstring>

#include "kernels/avx512/simd-inl.h"
#include "kernels/gemm.h"
// The formats need Simd above.
#include "kernels/simd/formats-inl.h"

namespace lemma::kernels {
namespace {

constexpr size_t kBf16TileValues = kBf16Step * kTileRows;

// Even and odd inputs of 16 outputs, rounded, as pairs.
inline __m512i Bf16Pair(__m512 even, __m512 odd) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const __m512bh both = _mm512_cvtne2ps_pbh(odd, even);
  __m512i bits;
  std::memcpy(&bits, &both, sizeof(bits));
  return _mm512_permutexvar_epi16(order, bits);
}

// How the codes of a group of inputs become floats: d * q, or d * q - min (plus, for small blocks).
struct GroupScale {
  __m512 d;
  __m512 min;
};

// Code `kByte` of each dword of a vector of codes.
template <class Format, int kByte>
inline __m512 CodesOf(__m512i q) {
  if constexpr (Format::kSigned) {
    const __m512i top = kByte == 3 ? q : _mm512_slli_epi32(q, 24 - 8 * kByte);
    return _mm512_cvtepi32_ps(_mm512_srai_epi32(top, 24));
  } else {
    __m512i code = kByte == 0 ? q : _mm512_srli_epi32(q, 8 * kByte);
    if constexpr (kByte != 3) code = _mm512_and_si512(code, _mm512_set1_epi32(0xFF));
    if constexpr (Format::kOffset != 0) {
      code = _mm512_sub_epi32(code, _mm512_set1_epi32(Format::kOffset));
    }
    return _mm512_cvtepi32_ps(code);
  }
}

// The products and sums are those of DecodeBlock (layout.cc), each rounded.
template <class Format>
inline __m512 ToWeight(__m512 code, const GroupScale& scale) {
  const __m512 product = _mm512_mul_ps(scale.d, code);
  if constexpr (!Format::kHasMin) return product;
  if constexpr (Format::kTileBytes >= 1024) return _mm512_sub_ps(product, scale.min);
  return _mm512_add_ps(product, scale.min);
}

// Two vectors of codes, of one group, to four vectors of a weight tile.
template <class Format>
inline void WidenCodes(const Bytes* q, const GroupScale& scale, uint16_t* out) {
  for (size_t i = 0; i < 2; ++i) {
    const __m512 w0 = ToWeight<Format>(CodesOf<Format, 0>(q[i]), scale);
    const __m512 w1 = ToWeight<Format>(CodesOf<Format, 1>(q[i]), scale);
    const __m512 w2 = ToWeight<Format>(CodesOf<Format, 2>(q[i]), scale);
    const __m512 w3 = ToWeight<Format>(CodesOf<Format, 3>(q[i]), scale);
    _mm512_store_si512(out + 64 * i, Bf16Pair(w0, w1));
    _mm512_store_si512(out + 64 * i + 32, Bf16Pair(w2, w3));
  }
}

// A scale of one group of a 256-block.
template <class Format>
inline GroupScale ScaleOf(const Scales& scales, size_t group, __m512 d, __m512 dmin) {
  GroupScale out;
  out.d = _mm512_mul_ps(d, _mm512_cvtepi32_ps(Simd::LoadInt8(scales.scale + 16 * group)));
  out.min = out.d;
  if constexpr (Format::kHasMin) {
    const __m512i pair = Simd::LoadUint8Pairs(scales.min_pairs + 32 * (group / 2));
    const __m512i min = group % 2 == 0 ? _mm512_and_si512(pair, _mm512_set1_epi32(0xFFFF))
                                       : _mm512_srli_epi32(pair, 16);
    out.min = _mm512_mul_ps(dmin, _mm512_cvtepi32_ps(min));
  }
  return out;
}

// The decoders of a chunk of up to kBf16Chunk inputs of one panel, 8 inputs at a time: a little
// work, to be done between tile products. Part(i) follows Part(i - 1) and writes four vectors of a
// tile.
constexpr size_t kPartsOfStep = 4;
constexpr size_t kPartValues = kBf16TileValues / kPartsOfStep;

template <class Format>
class WidenSuperBlocks {
 public:
  static constexpr size_t kTileInputs = kSuperBlock;
  static constexpr size_t kTileBytes = Format::kTileBytes;

  WidenSuperBlocks() = default;
  WidenSuperBlocks(const uint8_t* tiles, size_t /*count*/) : tile_(tiles) {}

  void Part(size_t part, uint16_t* out) {
    const size_t j = part / kPartsOfStep % 8;
    const size_t quarter = part % kPartsOfStep;
    if (j == 0 && quarter == 0) Enter(tile_ + part / kPartsOfStep / 8 * kTileBytes);
    if (quarter == 0) Format::Unpack(entered_, j, 0, q_);
    if (quarter * 8 % Format::kGroup == 0) {
      scale_ = ScaleOf<Format>(scales_, (32 * j + 8 * quarter) / Format::kGroup, d_, dmin_);
    }
    WidenCodes<Format>(q_ + 2 * quarter, scale_, out);
  }

 private:
  void Enter(const uint8_t* tile) {
    entered_ = tile;
    Format::GetScales(tile, &scales_);
    d_ = Simd::LoadHalves(tile + Format::kD);
    dmin_ = Format::kHasMin ? Simd::LoadHalves(tile + Format::kDmin) : d_;
  }

  const uint8_t* tile_ = nullptr;
  const uint8_t* entered_ = nullptr;
  Scales scales_;
  GroupScale scale_;
  Bytes q_[8];
  __m512 d_;
  __m512 dmin_;
};

template <class Format>
class WidenSmallBlocks {
 public:
  static constexpr size_t kTileInputs = 32;
  static constexpr size_t kTileBytes = Format::kTileBytes;

  WidenSmallBlocks() = default;
  WidenSmallBlocks(const uint8_t* tiles, size_t /*count*/) : tile_(tiles) {}

  void Part(size_t part, uint16_t* out) {
    const size_t quarter = part % kPartsOfStep;
    if (quarter == 0) {
      const uint8_t* tile = tile_ + part / kPartsOfStep * kTileBytes;
      Format::Unpack(tile, 0, 0, q_);
      scale_.d = Simd::LoadHalves(tile + Format::kD);
      scale_.min = Format::kHasMin ? Simd::LoadHalves(tile + Format::kDmin) : scale_.d;
    }
    WidenCodes<Format>(q_ + 2 * quarter, scale_, out);
  }

 private:
  const uint8_t* tile_ = nullptr;
  GroupScale scale_;
  Bytes q_[8];
};

// Tiny values of a float format become 0, as in WeightToBf16.
inline __m512 WithoutTiny(__m512 x) {
  const __m512i rest = _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7FFFFFFF));
  const __mmask16 kept = _mm512_cmpge_epu32_mask(rest, _mm512_set1_epi32(0x26800000));
  return _mm512_maskz_mov_ps(kept, x);
}

struct HalfWords {
  static __m512 Load(const uint8_t* from) { return Simd::LoadHalves(from); }
};
struct Bf16Words {
  static __m512 Load(const uint8_t* from) { return Simd::LoadBf16s(from); }
};

template <class Words>
class WidenWords {
 public:
  static constexpr size_t kTileInputs = 1;
  static constexpr size_t kTileBytes = 2 * kTileRows;

  WidenWords() = default;
  WidenWords(const uint8_t* tiles, size_t count) : tile_(tiles), count_(count) {}

  void Part(size_t part, uint16_t* out) {
    for (size_t k = 8 * part; k < 8 * part + 8; k += 2, out += 2 * kTileRows) {
      _mm512_store_si512(out, Bf16Pair(Get(k), Get(k + 1)));
    }
  }

 private:
  [[nodiscard]] __m512 Get(size_t k) const {
    return k < count_ ? WithoutTiny(Words::Load(tile_ + k * kTileBytes)) : _mm512_setzero_ps();
  }

  const uint8_t* tile_ = nullptr;
  size_t count_ = 0;
};

}  // namespace
}  // namespace lemma::kernels
