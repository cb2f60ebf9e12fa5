// SPDX-License-Identifier: Apache-2.0
// From R16 tiles of the K-quants to the weight tiles of AMX. A weight is scale * q with an integer
// scale of its group of 16 or 32 inputs; the product is kept as one or two planes of bytes,
//   scale * q = sign * (high * 2^kShift + low),
// so that the dot product over all 256 inputs of a block runs inside the tile unit, exactly.
//   split  scale = 8 sh + sl, both below 8: high = sh q and low = sl q, unsigned (q below 32)
//   wide   scale * q in 16 bits: its high byte, signed, and its low byte, unsigned
//   one    scale * q fits one byte
// A row of a weight tile is 16 outputs x 4 inputs, as in a vector of the R16 tile.
#pragma once

#include "kernels/avx512/simd-inl.h"
// The formats need Simd above.
#include "kernels/simd/formats-inl.h"

namespace lemma::kernels {
namespace {

enum class PlaneKind : uint8_t { kSplit, kWide, kOneUnsigned, kOneNegated };

template <class Format>
struct PlanesOf;
template <>
struct PlanesOf<FormatQ4K> {
  static constexpr PlaneKind kKind = PlaneKind::kSplit;
};
template <>
struct PlanesOf<FormatQ5K> {
  static constexpr PlaneKind kKind = PlaneKind::kSplit;
};
template <>
struct PlanesOf<FormatQ6K> {
  static constexpr PlaneKind kKind = PlaneKind::kWide;
};
template <>
struct PlanesOf<FormatIQ4XS> {
  static constexpr PlaneKind kKind = PlaneKind::kWide;
};
template <>
struct PlanesOf<FormatQ2K> {
  static constexpr PlaneKind kKind = PlaneKind::kOneUnsigned;
};
// scale * q reaches 128 (-32 * -4) but not -128, so the negated product is what fits.
template <>
struct PlanesOf<FormatQ3K> {
  static constexpr PlaneKind kKind = PlaneKind::kOneNegated;
};

// The weights of 16 outputs x 256 inputs: four weight tiles a plane, and the mins of the 16 groups
// of 16 inputs as the bf16 pairs that meet GemmInput::sums.
struct alignas(64) Panel {
  uint8_t high[16 * kSuperBlock];
  uint8_t low[16 * kSuperBlock];
  uint16_t mins[16 * 2 * kTileRows];
};

// d and dmin of a panel; they are needed longer than the planes.
struct alignas(64) PanelScales {
  float d[kTileRows];
  float dmin[kTileRows];
};

inline __m512i SelectLowBytes(__m512i low, __m512i high) {
  return _mm512_ternarylogic_epi32(_mm512_set1_epi16(0x00FF), low, high, 0xCA);
}

// Sixteen bytes, one a row, each widened to a dword whose two words hold it.
inline __m512i BytesToWords(const int8_t* bytes) {
  const __m512i x = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
  return _mm512_or_si512(x, _mm512_slli_epi32(x, 16));
}

inline void StorePlane(uint8_t* plane, size_t vector, __m512i bytes) {
  _mm512_store_si512(plane + 64 * vector, bytes);
}

// `count` vectors of codes with one scale each row, to vectors `first`... of the planes.
template <class Format, size_t kCount>
inline void ScaleCodes(const Bytes* q, const int8_t* scale, size_t first, uint8_t* high,
                       uint8_t* low) {
  constexpr PlaneKind kKind = PlanesOf<Format>::kKind;
  const __m512i words = BytesToWords(scale);
  if constexpr (kKind == PlaneKind::kSplit) {
    const __m512i sh = _mm512_srli_epi16(words, 3);
    const __m512i sl = _mm512_and_si512(words, _mm512_set1_epi16(7));
    for (size_t i = 0; i < kCount; ++i) {
      StorePlane(high, first + i, _mm512_mullo_epi16(q[i], sh));
      StorePlane(low, first + i, _mm512_mullo_epi16(q[i], sl));
    }
  } else if constexpr (kKind == PlaneKind::kWide) {
    constexpr int kOffset = Format::kSigned ? 128 : Format::kOffset;
    const __m512i odd = _mm512_slli_epi16(words, 8);
    const __m512i offset = _mm512_maddubs_epi16(Simd::SplatByte(kOffset), words);
    for (size_t i = 0; i < kCount; ++i) {
      const __m512i u = Format::kSigned ? _mm512_xor_si512(q[i], Simd::SplatByte(0x80)) : q[i];
      const __m512i e = _mm512_sub_epi16(_mm512_maddubs_epi16(u, words), offset);
      const __m512i o = _mm512_sub_epi16(_mm512_maddubs_epi16(u, odd), offset);
      StorePlane(low, first + i, SelectLowBytes(e, _mm512_slli_epi16(o, 8)));
      StorePlane(high, first + i, SelectLowBytes(_mm512_srli_epi16(e, 8), o));
    }
  } else if constexpr (kKind == PlaneKind::kOneUnsigned) {
    for (size_t i = 0; i < kCount; ++i) {
      StorePlane(low, first + i, _mm512_mullo_epi16(q[i], words));
    }
  } else {  // offset * scale - scale * code, modulo 256 in each byte
    const __m512i top = _mm512_set1_epi16(static_cast<int16_t>(0xFF00));
    const __m512i minus = _mm512_sub_epi16(_mm512_setzero_si512(), words);
    const __m512i four = _mm512_slli_epi16(words, 2);
    const __m512i start = SelectLowBytes(four, _mm512_slli_epi16(four, 8));
    for (size_t i = 0; i < kCount; ++i) {
      const __m512i e = _mm512_mullo_epi16(q[i], minus);
      const __m512i o = _mm512_mullo_epi16(_mm512_and_si512(q[i], top), minus);
      StorePlane(low, first + i, _mm512_add_epi8(SelectLowBytes(e, o), start));
    }
  }
}

// Inputs 32j .. 32j + 31.
template <class Format>
inline void UnpackPlanes(const uint8_t* tile, const Scales& scales, size_t j, uint8_t* high,
                         uint8_t* low) {
  Bytes q[8];
  Format::Unpack(tile, j, 0, q);
  if constexpr (Format::kGroup == 32) {
    ScaleCodes<Format, 8>(q, scales.scale + 16 * j, 8 * j, high, low);
  } else {
    ScaleCodes<Format, 4>(q, scales.scale + 32 * j, 8 * j, high, low);
    ScaleCodes<Format, 4>(q + 4, scales.scale + 32 * j + 16, 8 * j + 4, high, low);
  }
}

// A whole number below 256 in each dword, as a pair of equal bf16.
inline __m512i Bf16Pairs(__m512i values) {
  const __m512i bits = _mm512_castps_si512(_mm512_cvtepi32_ps(values));
  return _mm512_or_si512(bits, _mm512_srli_epi32(bits, 16));
}

// The mins of groups 2p and 2p + 1.
template <class Format>
inline void UnpackMins(const Scales& scales, size_t p, uint16_t* to) {
  const __m512i pair = Simd::LoadUint8Pairs(scales.min_pairs + 32 * p);
  const __m512i first = Bf16Pairs(_mm512_and_si512(pair, _mm512_set1_epi32(0xFFFF)));
  const __m512i second = Bf16Pairs(_mm512_srli_epi32(pair, 16));
  if constexpr (Format::kGroup == 32) {
    for (size_t i = 0; i < 2; ++i) {
      _mm512_store_si512(to + 32 * (4 * p + i), first);
      _mm512_store_si512(to + 32 * (4 * p + 2 + i), second);
    }
  } else {
    _mm512_store_si512(to + 32 * (2 * p), first);
    _mm512_store_si512(to + 32 * (2 * p + 1), second);
  }
}

// One R16 tile.
template <class Format>
[[gnu::noinline]] void UnpackPanel(const uint8_t* tile, Panel* out, PanelScales* out_scales) {
  Scales scales;
  Format::GetScales(tile, &scales);
  _mm512_store_ps(out_scales->d, Simd::LoadHalves(tile + Format::kD));
  for (size_t j = 0; j < 8; ++j) UnpackPlanes<Format>(tile, scales, j, out->high, out->low);
  if constexpr (Format::kHasMin) {
    _mm512_store_ps(out_scales->dmin, Simd::LoadHalves(tile + Format::kDmin));
    for (size_t p = 0; p < kSuperBlock / Format::kGroup / 2; ++p) {
      UnpackMins<Format>(scales, p, out->mins);
    }
  }
}

}  // namespace
}  // namespace lemma::kernels
