// SPDX-License-Identifier: Apache-2.0
// How each block format unpacks from an R16 tile (layout.h) into byte vectors and scale fields,
// written over the vector type Simd that the including file defines. Compiled once per ISA.
//
// A format has: kTileBytes, kGroup (inputs per integer scale), kHasMin, kSigned (codes are signed
// bytes) or kOffset (to subtract from unsigned codes), kMax (largest unsigned code), kD, kDmin, and
//   Unpack(tile, j, part, q): codes of inputs 32j .. 32j+31 as eight vectors, for one part of the
//     16 rows (Simd::kRows of them);
//   GetScales(tile, scales): for the 256-blocks only.
#pragma once

#include "kernels/layout.h"
#include "kernels/pack.h"

namespace lemma::kernels {
namespace {

struct Scales {
  alignas(64) int8_t scale[16 * kTileRows];          // [group][row]
  alignas(64) uint8_t min_pairs[8 * 2 * kTileRows];  // [group pair][row][2]
};

using Bytes = Simd::Bytes;

inline Bytes PartOf(const uint8_t* plane, size_t vector, size_t part) {
  return Simd::LoadBytes(plane + 64 * vector + part * Simd::kRows * 4);
}

inline void UnpackNibbles(const uint8_t* plane, size_t part, Bytes q[8]) {
  const Bytes mask = Simd::SplatByte(0x0F);
  for (size_t p = 0; p < 4; ++p) {
    const Bytes v = PartOf(plane, p, part);
    q[2 * p] = Simd::And(v, mask);
    q[2 * p + 1] = Simd::And(Simd::template Right<4>(v), mask);
  }
}

// 2-bit plane of 32 inputs: two vectors.
inline void UnpackPairs(const uint8_t* plane, size_t part, Bytes q[8]) {
  const Bytes mask = Simd::SplatByte(0x03);
  for (size_t p = 0; p < 2; ++p) {
    const Bytes v = PartOf(plane, p, part);
    q[4 * p] = Simd::And(v, mask);
    q[4 * p + 1] = Simd::And(Simd::template Right<2>(v), mask);
    q[4 * p + 2] = Simd::And(Simd::template Right<4>(v), mask);
    q[4 * p + 3] = Simd::And(Simd::template Right<6>(v), mask);
  }
}

// Adds bit t of v, moved to bit kTo, to q[t].
template <int kTo>
inline void AddPlaneBits(Bytes v, Bytes q[8]) {
  const Bytes bit = Simd::SplatByte(1 << kTo);
  const auto add = [&](int t, Bytes moved) { q[t] = Simd::Or(q[t], Simd::And(moved, bit)); };
  add(0, Simd::template Left<kTo>(v));
  add(1, Simd::template Left<kTo - 1>(v));
  add(2, Simd::template Left<kTo - 2>(v));
  if constexpr (kTo >= 3) {
    add(3, Simd::template Left<kTo - 3>(v));
  } else {
    add(3, Simd::template Right<3 - kTo>(v));
  }
  if constexpr (kTo >= 4) {
    add(4, Simd::template Left<kTo - 4>(v));
  } else {
    add(4, Simd::template Right<4 - kTo>(v));
  }
  add(5, Simd::template Right<5 - kTo>(v));
  add(6, Simd::template Right<6 - kTo>(v));
  add(7, Simd::template Right<7 - kTo>(v));
}

inline void LookUpLevels(Bytes q[8]) {
  const Bytes levels = Simd::SplatTable(kIq4Levels);
  for (size_t i = 0; i < 8; ++i) q[i] = Simd::LookUp(levels, q[i]);
}

// 6-bit scales and mins of Q4_K and Q5_K (see PutScaleMin in pack.cc).
inline void GetScaleMin(const uint8_t* low, const uint8_t* high, Scales* out) {
  const Bytes16 m15 = Bytes16::Splat(15);
  const Bytes16 m3 = Bytes16::Splat(3);
  const Bytes16 m48 = Bytes16::Splat(48);
  for (size_t h = 0; h < 4; ++h) {
    const Bytes16 hi = Bytes16::Load(high + 16 * h);
    Bytes16 mins[2];
    for (size_t t = 0; t < 2; ++t) {
      const Bytes16 lo = Bytes16::Load(low + 32 * h + 16 * t);
      const Bytes16 nibble = (t == 0 ? hi : hi.Right(4)) & m15;
      ((lo & m15) | (nibble & m3).Left(4)).Store(out->scale + 16 * (2 * h + t));
      mins[t] = (lo.Right(4) & m15) | (nibble.Left(2) & m48);
    }
    Bytes16::Zip(mins[0], mins[1], out->min_pairs + 32 * h);
  }
}

// Signed 6-bit scales of Q3_K and IQ4_XS (see PutScales6 in pack.cc).
template <size_t kGroups>
inline void GetScales6(const uint8_t* low, const uint8_t* high, Scales* out) {
  const Bytes16 m15 = Bytes16::Splat(15);
  const Bytes16 m48 = Bytes16::Splat(48);
  const Bytes16 bias = Bytes16::Splat(32);
  for (size_t g = 0; g < kGroups; ++g) {
    Bytes16 lo = Bytes16::Load(low + 16 * (g / 2));
    if (g % 2 != 0) lo = lo.Right(4);
    const Bytes16 hi = Bytes16::Load(high + 16 * (g / 4));
    const Bytes16 top = g % 4 == 3 ? hi.Right(2) : hi.Left(4 - 2 * static_cast<int>(g % 4));
    (((lo & m15) | (top & m48)) - bias).Store(out->scale + 16 * g);
  }
}

struct FormatQ4K {
  static constexpr size_t kTileBytes = q4k::kBytes, kGroup = 32, kD = q4k::kD, kDmin = q4k::kDmin;
  static constexpr bool kHasMin = true, kSigned = false;
  static constexpr int kOffset = 0, kMax = 15;
  static void Unpack(const uint8_t* tile, size_t j, size_t part, Bytes q[8]) {
    UnpackNibbles(tile + q4k::kQs + 256 * j, part, q);
  }
  static void GetScales(const uint8_t* tile, Scales* out) {
    GetScaleMin(tile + q4k::kSmLow, tile + q4k::kSmHigh, out);
  }
};

struct FormatQ5K {
  static constexpr size_t kTileBytes = q5k::kBytes, kGroup = 32, kD = q5k::kD, kDmin = q5k::kDmin;
  static constexpr bool kHasMin = true, kSigned = false;
  static constexpr int kOffset = 0, kMax = 31;
  static void Unpack(const uint8_t* tile, size_t j, size_t part, Bytes q[8]) {
    UnpackNibbles(tile + q5k::kQs + 256 * j, part, q);
    AddPlaneBits<4>(PartOf(tile + q5k::kQh, j, part), q);
  }
  static void GetScales(const uint8_t* tile, Scales* out) {
    GetScaleMin(tile + q5k::kSmLow, tile + q5k::kSmHigh, out);
  }
};

struct FormatQ6K {
  static constexpr size_t kTileBytes = q6k::kBytes, kGroup = 16, kD = q6k::kD, kDmin = 0;
  static constexpr bool kHasMin = false, kSigned = false;
  static constexpr int kOffset = 32, kMax = 63;
  static void Unpack(const uint8_t* tile, size_t j, size_t part, Bytes q[8]) {
    UnpackNibbles(tile + q6k::kLow + 256 * j, part, q);
    const Bytes mask = Simd::SplatByte(0x30);
    for (size_t p = 0; p < 2; ++p) {
      const Bytes v = PartOf(tile + q6k::kHigh, 2 * j + p, part);
      Bytes* to = q + 4 * p;
      to[0] = Simd::Or(to[0], Simd::And(Simd::template Left<4>(v), mask));
      to[1] = Simd::Or(to[1], Simd::And(Simd::template Left<2>(v), mask));
      to[2] = Simd::Or(to[2], Simd::And(v, mask));
      to[3] = Simd::Or(to[3], Simd::And(Simd::template Right<2>(v), mask));
    }
  }
  static void GetScales(const uint8_t* tile, Scales* out) {
    for (size_t g = 0; g < 16; ++g) {
      Bytes16::Load(tile + q6k::kScales + 16 * g).Store(out->scale + 16 * g);
    }
  }
};

struct FormatQ2K {
  static constexpr size_t kTileBytes = q2k::kBytes, kGroup = 16, kD = q2k::kD, kDmin = q2k::kDmin;
  static constexpr bool kHasMin = true, kSigned = false;
  static constexpr int kOffset = 0, kMax = 3;
  static void Unpack(const uint8_t* tile, size_t j, size_t part, Bytes q[8]) {
    UnpackPairs(tile + q2k::kQs + 128 * j, part, q);
  }
  static void GetScales(const uint8_t* tile, Scales* out) {
    const Bytes16 m15 = Bytes16::Splat(15);
    for (size_t g = 0; g < 16; g += 2) {
      const Bytes16 a = Bytes16::Load(tile + q2k::kSm + 16 * g);
      const Bytes16 b = Bytes16::Load(tile + q2k::kSm + 16 * g + 16);
      (a & m15).Store(out->scale + 16 * g);
      (b & m15).Store(out->scale + 16 * g + 16);
      Bytes16::Zip(a.Right(4) & m15, b.Right(4) & m15, out->min_pairs + 16 * g);
    }
  }
};

struct FormatQ3K {
  static constexpr size_t kTileBytes = q3k::kBytes, kGroup = 16, kD = q3k::kD, kDmin = 0;
  static constexpr bool kHasMin = false, kSigned = false;
  static constexpr int kOffset = 4, kMax = 7;
  static void Unpack(const uint8_t* tile, size_t j, size_t part, Bytes q[8]) {
    UnpackPairs(tile + q3k::kQs + 128 * j, part, q);
    AddPlaneBits<2>(PartOf(tile + q3k::kHigh, j, part), q);
  }
  static void GetScales(const uint8_t* tile, Scales* out) {
    GetScales6<16>(tile + q3k::kScLow, tile + q3k::kScHigh, out);
  }
};

struct FormatIQ4XS {
  static constexpr size_t kTileBytes = iq4xs::kBytes, kGroup = 32, kD = iq4xs::kD, kDmin = 0;
  static constexpr bool kHasMin = false, kSigned = true;
  static constexpr int kOffset = 0, kMax = 128;
  static void Unpack(const uint8_t* tile, size_t j, size_t part, Bytes q[8]) {
    UnpackNibbles(tile + iq4xs::kQs + 256 * j, part, q);
    LookUpLevels(q);
  }
  static void GetScales(const uint8_t* tile, Scales* out) {
    GetScales6<8>(tile + iq4xs::kScLow, tile + iq4xs::kScHigh, out);
  }
};

struct FormatQ8_0 {
  static constexpr size_t kTileBytes = q8_0::kBytes, kD = q8_0::kD, kDmin = 0;
  static constexpr bool kHasMin = false, kSigned = true;
  static constexpr int kOffset = 0, kMax = 128;
  static void Unpack(const uint8_t* tile, size_t, size_t part, Bytes q[8]) {
    for (size_t v = 0; v < 8; ++v) q[v] = PartOf(tile + q8_0::kQs, v, part);
  }
};

struct FormatQ4_0 {
  static constexpr size_t kTileBytes = q4_0::kBytes, kD = q4_0::kD, kDmin = 0;
  static constexpr bool kHasMin = false, kSigned = false;
  static constexpr int kOffset = 8, kMax = 15;
  static void Unpack(const uint8_t* tile, size_t, size_t part, Bytes q[8]) {
    UnpackNibbles(tile + q4_0::kQs, part, q);
  }
};

struct FormatIQ4NL {
  static constexpr size_t kTileBytes = q4_0::kBytes, kD = q4_0::kD, kDmin = 0;
  static constexpr bool kHasMin = false, kSigned = true;
  static constexpr int kOffset = 0, kMax = 128;
  static void Unpack(const uint8_t* tile, size_t, size_t part, Bytes q[8]) {
    UnpackNibbles(tile + q4_0::kQs, part, q);
    LookUpLevels(q);
  }
};

struct FormatQ4_1 {
  static constexpr size_t kTileBytes = q4_1::kBytes, kD = q4_1::kD, kDmin = q4_1::kM;
  static constexpr bool kHasMin = true, kSigned = false;
  static constexpr int kOffset = 0, kMax = 15;
  static void Unpack(const uint8_t* tile, size_t, size_t part, Bytes q[8]) {
    UnpackNibbles(tile + q4_1::kQs, part, q);
  }
};

struct FormatQ5_0 {
  static constexpr size_t kTileBytes = q5_0::kBytes, kD = q5_0::kD, kDmin = 0;
  static constexpr bool kHasMin = false, kSigned = false;
  static constexpr int kOffset = 16, kMax = 31;
  static void Unpack(const uint8_t* tile, size_t, size_t part, Bytes q[8]) {
    UnpackNibbles(tile + q5_0::kQs, part, q);
    AddPlaneBits<4>(PartOf(tile + q5_0::kQh, 0, part), q);
  }
};

struct FormatQ5_1 {
  static constexpr size_t kTileBytes = q5_1::kBytes, kD = q5_1::kD, kDmin = q5_1::kM;
  static constexpr bool kHasMin = true, kSigned = false;
  static constexpr int kOffset = 0, kMax = 31;
  static void Unpack(const uint8_t* tile, size_t, size_t part, Bytes q[8]) {
    UnpackNibbles(tile + q5_1::kQs, part, q);
    AddPlaneBits<4>(PartOf(tile + q5_1::kQh, 0, part), q);
  }
};

}  // namespace
}  // namespace lemma::kernels
