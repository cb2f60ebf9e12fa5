// SPDX-License-Identifier: Apache-2.0
#include "engine/page_file.h"

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace lemma::engine {
namespace {

uint64_t SumOf(const std::string& text) {
  return Checksum(std::as_bytes(std::span(text.data(), text.size())));
}

// Damage that comes in pairs, at the distances at which a sum of words could cancel it.
TEST(PageFile, TwoDamagedBytesDoNotCancelEachOther) {
  const std::string good(256, 'c');
  const uint64_t sum = SumOf(good);
  for (const size_t distance : {1, 4, 8, 16, 32, 64, 128}) {
    for (size_t at = 0; at < 64; at += 7) {
      for (int first = 1; first < 256; first += 2) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ first);
        for (int second = 1; second < 256; ++second) {
          bad[at + distance] = static_cast<char>(good[at + distance] ^ second);
          ASSERT_NE(SumOf(bad), sum) << at << " +" << distance << " " << first << " " << second;
        }
      }
    }
  }
}

// Pages outlive the program and the machine that wrote them: the sum of XXH3's definition.
TEST(PageFile, TheChecksumIsXxh3) { EXPECT_EQ(SumOf(""), 0x2D06800538D394C2ULL); }

}  // namespace
}  // namespace lemma::engine
