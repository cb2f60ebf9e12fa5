// SPDX-License-Identifier: Apache-2.0
// The multiply loops of the instruction-set folders: independent chains of one multiply-add
// instruction on registers, nothing else, so that a run shows what the multiplier can do at most.
// Each runs `iterations` of kMacs... multiply-adds and writes 64 bytes to `sink`, which keeps the
// work alive. REQUIRES: the processor has the instruction set. Safe to call from any thread.
#pragma once

#include <cstdint>

namespace lemma::kernels {

inline constexpr uint64_t kAvx2FmaMacs = uint64_t{12} * 8;
void Avx2FmaLoop(uint64_t iterations, uint8_t* sink);
inline constexpr uint64_t kAvx2MaddubsMacs = uint64_t{4} * 32;  // maddubs, madd, add: 32 products
void Avx2MaddubsLoop(uint64_t iterations, uint8_t* sink);
inline constexpr uint64_t kAvxVnniMacs = uint64_t{12} * 32;
void AvxVnniLoop(uint64_t iterations, uint8_t* sink);
inline constexpr uint64_t kAvx512FmaMacs = uint64_t{12} * 16;
void Avx512FmaLoop(uint64_t iterations, uint8_t* sink);
inline constexpr uint64_t kAvx512VnniMacs = uint64_t{12} * 64;
void Avx512VnniLoop(uint64_t iterations, uint8_t* sink);
inline constexpr uint64_t kAmxInt8Macs = uint64_t{4} * 16 * 16 * 64;  // four tiles of 16 x 16
void AmxInt8Loop(uint64_t iterations, uint8_t* sink);
inline constexpr uint64_t kAmxBf16Macs = uint64_t{4} * 16 * 16 * 32;
void AmxBf16Loop(uint64_t iterations, uint8_t* sink);
void AmxBf16DataLoop(uint64_t iterations, uint8_t* sink);  // on ordinary values, not zeros
void AmxBf16LoadLoop(uint64_t iterations, uint8_t* sink);  // the same, loaded from the L1 cache
inline constexpr uint64_t kNeonFmaMacs = uint64_t{12} * 4;
void NeonFmaLoop(uint64_t iterations, uint8_t* sink);

}  // namespace lemma::kernels
