// SPDX-License-Identifier: Apache-2.0
// Multiply rates of AMX: int8 and BF16 tile products into four accumulators, on tiles of zeros, on
// ordinary values, and with four tiles loaded for four products, the least that eight registers
// allow.
#include "kernels/amx/tiles-inl.h"
#include "kernels/rate_loops.h"

namespace lemma::kernels {
namespace {

// Tiles 0-3 accumulate, 4-5 are rows, 6-7 columns.
void StartTiles() {
  ConfigureTiles(16);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
}

// bf16 values of 1 to 4, of either sign.
void FillTiles(uint16_t* values, size_t count) {
  uint32_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    values[i] = static_cast<uint16_t>(0x3F80U + (state >> 16 & 0x80FFU));
  }
}

constexpr size_t kTileValues = 16 * 32;
constexpr size_t kLoadedTiles = 8;  // of each of the four operands: 32 KB

void EndTiles(uint8_t* sink) {
  alignas(64) uint8_t tile[16 * 64];
  _tile_stored(0, tile, 64);
  _tile_release();
  for (int i = 0; i < 64; ++i) sink[i] = tile[i];
}

void Bf16Products(uint64_t iterations) {
  for (uint64_t n = 0; n < iterations; ++n) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
}

}  // namespace

void AmxInt8Loop(uint64_t iterations, uint8_t* sink) {
  StartTiles();
  for (uint64_t n = 0; n < iterations; ++n) {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  EndTiles(sink);
}

void AmxBf16Loop(uint64_t iterations, uint8_t* sink) {
  StartTiles();
  Bf16Products(iterations);
  EndTiles(sink);
}

void AmxBf16DataLoop(uint64_t iterations, uint8_t* sink) {
  alignas(64) uint16_t values[4 * kTileValues];
  FillTiles(values, 4 * kTileValues);
  StartTiles();
  _tile_loadd(4, values, 64);
  _tile_loadd(5, values + kTileValues, 64);
  _tile_loadd(6, values + 2 * kTileValues, 64);
  _tile_loadd(7, values + 3 * kTileValues, 64);
  Bf16Products(iterations);
  EndTiles(sink);
}

void AmxBf16LoadLoop(uint64_t iterations, uint8_t* sink) {
  alignas(64) uint16_t values[4 * kLoadedTiles * kTileValues];
  FillTiles(values, 4 * kLoadedTiles * kTileValues);
  StartTiles();
  for (uint64_t n = 0; n < iterations; ++n) {
    const uint16_t* at = values + n % kLoadedTiles * 4 * kTileValues;
    _tile_loadd(6, at, 64);
    _tile_loadd(4, at + kTileValues, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, at + 2 * kTileValues, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, at + 3 * kTileValues, 64);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  EndTiles(sink);
}

}  // namespace lemma::kernels
