// SPDX-License-Identifier: Apache-2.0
// What every tile kernel needs: the configuration of the eight tile registers and a fence for the
// compiler. Compiled only with the AMX flags.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace lemma::kernels {
namespace {

// GCC's tile intrinsics name no memory: without this, stores move over tile loads.
inline void CompilerFence() { __asm__ volatile("" ::: "memory"); }

// The 64 bytes of ldtilecfg (Intel SDM 1, chapter 18).
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfig) == 64);

// Registers 0 to 5 (results, activations) get `rows` rows, 6 and 7 (weights) sixteen; all rows are
// 64 bytes. To be undone by _tile_release, so that the thread has no tile state to be saved.
inline void ConfigureTiles(size_t rows) {
  TileConfig config;
  for (size_t i = 0; i < 8; ++i) {
    config.row_bytes[i] = 64;
    config.rows[i] = static_cast<uint8_t>(i < 6 ? rows : 16);
  }
  __asm__ volatile("" ::"r"(&config) : "memory");  // the intrinsic names only the first 8 bytes
  _tile_loadconfig(&config);
}

}  // namespace
}  // namespace lemma::kernels
