// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: the value depends only on (seed, counter), so a sampled token is
// the same whatever else ran. The mixer is SplitMix64 (Steele, Lea, Flood 2014).
#pragma once

#include <cstdint>

namespace lemma {

// The 64-bit value of a stream at a counter.
constexpr uint64_t RandomBits(uint64_t seed, uint64_t counter) {
  uint64_t z = seed + 0x9E3779B97F4A7C15ULL * (counter + 1);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

// Uniform in [0, 1), 53 bits.
constexpr double RandomUniform(uint64_t seed, uint64_t counter) {
  return static_cast<double>(RandomBits(seed, counter) >> 11) * 0x1.0p-53;
}

// A stream with a position. Not thread-safe; copy to branch.
class Rng {
 public:
  explicit constexpr Rng(uint64_t seed) : seed_(seed) {}
  constexpr uint64_t NextBits() { return RandomBits(seed_, counter_++); }
  constexpr double NextUniform() { return RandomUniform(seed_, counter_++); }
  // Uniform in [0, bound). REQUIRES: bound > 0.
  constexpr uint64_t NextBelow(uint64_t bound) {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(NextBits()) * bound >> 64);
  }

 private:
  uint64_t seed_;
  uint64_t counter_ = 0;
};

}  // namespace lemma
