// SPDX-License-Identifier: Apache-2.0
// "R16", the one layout of packed weights on a CPU: 16 output rows interleaved at 4-k granularity.
// A tile is 16 rows x tile_k inputs and has exactly the bytes of the 16 source blocks; the tiles of
// one row group (16 rows, all of K) are contiguous, the groups follow each other. Byte r*4 + b of a
// 64-byte vector belongs to row r, input k0 + b. Planes of a tile ("v" is a 64-byte vector):
//   nibble plane   v[p]: low nibble k = 8p + b, high nibble k = 8p + 4 + b
//   2-bit plane    v[g]: bits 2t..2t+1 hold k = 16g + 4t + b, t = 0..3
//   1-bit plane    v[j]: bit t holds k = 32j + 4t + b, t = 0..7
// Per-row scale fields are stored as [group][16 rows] bytes, d and dmin as f16[16].
// Source block formats: the GGUF files in circulation. All functions are pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace lemma::kernels {

constexpr size_t kTileRows = 16;
constexpr size_t kSuperBlock = 256;  // inputs per activation scale

// Offsets of the planes and fields in a tile. "Sm": 6-bit scale and min (see SplitScaleMin).
namespace q4k {
constexpr size_t kQs = 0, kSmLow = 2048, kSmHigh = 2176, kD = 2240, kDmin = 2272, kBytes = 2304;
}
namespace q5k {
constexpr size_t kQs = 0, kQh = 2048, kSmLow = 2560, kSmHigh = 2688, kD = 2752, kDmin = 2784;
constexpr size_t kBytes = 2816;
}  // namespace q5k
namespace q6k {
constexpr size_t kLow = 0, kHigh = 2048, kScales = 3072, kD = 3328, kBytes = 3360;
}
namespace q2k {
constexpr size_t kQs = 0, kSm = 1024, kD = 1280, kDmin = 1312, kBytes = 1344;
}
namespace q3k {
constexpr size_t kQs = 0, kHigh = 1024, kScLow = 1536, kScHigh = 1664, kD = 1728, kBytes = 1760;
}
namespace iq4xs {
constexpr size_t kQs = 0, kScLow = 2048, kScHigh = 2112, kD = 2144, kBytes = 2176;
}
namespace q8_0 {
constexpr size_t kQs = 0, kD = 512, kBytes = 544;
}
namespace q4_0 {  // and IQ4_NL
constexpr size_t kQs = 0, kD = 256, kBytes = 288;
}
namespace q4_1 {
constexpr size_t kQs = 0, kD = 256, kM = 288, kBytes = 320;
}
namespace q5_0 {
constexpr size_t kQs = 0, kQh = 256, kD = 320, kBytes = 352;
}
namespace q5_1 {
constexpr size_t kQs = 0, kQh = 256, kD = 320, kM = 352, kBytes = 384;
}

// One row of a tile as integers: weight[k] = d * scale[k / group] * q[k] - dmin * min[k / group],
// for 32-blocks d * q[k] + dmin (dmin is then the format's m, 0 where it has none).
struct RowBlock {
  int16_t q[kSuperBlock];
  int32_t scale[16];
  int32_t min[16];
  float d;
  float dmin;
};

struct FormatLayout {
  tensor::DType dtype;
  uint32_t tile_k;       // inputs per tile: 256, 32, or 1 for the float formats
  uint32_t block_bytes;  // of the source, per tile_k inputs of one row
  uint32_t tile_bytes;
  uint32_t group;  // inputs per integer scale: 16 or 32; 0 for the float formats
  bool has_min;
  // Packs `count` consecutive tiles; source[r] points to the row's first block.
  void (*pack)(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
  // Null for the float formats.
  void (*unpack_row)(const uint8_t* tile, size_t row, RowBlock* out);
};

const FormatLayout& LayoutOf(tensor::DType dtype);

// Row `row` of a row group, decoded to K floats; the bits are those of the source's decoder.
void DecodeRow(const FormatLayout& layout, const uint8_t* group, size_t row, size_t columns,
               float* out);

// The same for inputs [first, first + count) of all 16 rows: panel[i][row] = input first + i,
// rounded by WeightToBf16. `first` and `count` are multiples of tile_k.
void DecodePanel(const FormatLayout& layout, const uint8_t* group, size_t first, size_t count,
                 float* panel);

}  // namespace lemma::kernels
