// SPDX-License-Identifier: Apache-2.0
// From GGUF blocks to R16 tiles and back to integers, one function pair per format (see layout.h).
// Every source block is first spread to one byte per code, then put into planes, so that a format
// costs only the lines that tell it apart. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/layout.h"

namespace lemma::kernels {

using PackFn = void (*)(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
using UnpackFn = void (*)(const uint8_t* tile, size_t row, RowBlock* out);

void PackQ4_0(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
void PackQ4_1(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
void PackQ5_0(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
void PackQ5_1(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
void PackQ8_0(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
void PackQ2K(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
void PackQ3K(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
void PackQ4K(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
void PackQ5K(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
void PackQ6K(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
void PackIQ4XS(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
// Float formats: tile_k = 1, so a tile is one column of 16 values.
void PackWords16(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);
void PackWords32(const uint8_t* const source[kTileRows], size_t count, uint8_t* tiles);

void UnpackQ4_0(const uint8_t* tile, size_t row, RowBlock* out);
void UnpackQ4_1(const uint8_t* tile, size_t row, RowBlock* out);
void UnpackQ5_0(const uint8_t* tile, size_t row, RowBlock* out);
void UnpackQ5_1(const uint8_t* tile, size_t row, RowBlock* out);
void UnpackQ8_0(const uint8_t* tile, size_t row, RowBlock* out);
void UnpackIQ4NL(const uint8_t* tile, size_t row, RowBlock* out);
void UnpackQ2K(const uint8_t* tile, size_t row, RowBlock* out);
void UnpackQ3K(const uint8_t* tile, size_t row, RowBlock* out);
void UnpackQ4K(const uint8_t* tile, size_t row, RowBlock* out);
void UnpackQ5K(const uint8_t* tile, size_t row, RowBlock* out);
void UnpackQ6K(const uint8_t* tile, size_t row, RowBlock* out);
void UnpackIQ4XS(const uint8_t* tile, size_t row, RowBlock* out);

// The sixteen levels of IQ4_NL and IQ4_XS.
constexpr int8_t kIq4Levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                   1,    13,   25,  38,  53,  69,  89,  113};

}  // namespace lemma::kernels
