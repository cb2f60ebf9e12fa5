// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/byte_alphabet.h"

#include <array>

#include "base/utf8.h"

namespace lemma::tokenizer {
namespace {

constexpr bool StandsForItself(uint32_t byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) ||
         (byte >= 0xAE && byte <= 0xFF);
}

struct Tables {
  std::array<uint16_t, 256> to_char{};
  std::array<int16_t, 0x144> to_byte{};
  constexpr Tables() {
    for (int16_t& b : to_byte) b = -1;
    uint32_t next = 0x100;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t code = StandsForItself(byte) ? byte : next++;
      to_char[byte] = static_cast<uint16_t>(code);
      to_byte[code] = static_cast<int16_t>(byte);
    }
  }
};
constexpr Tables kTables;

}  // namespace

uint32_t ByteToAlphabet(uint8_t byte) { return kTables.to_char[byte]; }

std::optional<std::string> AlphabetToBytes(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    const Utf8Char c = DecodeUtf8(text);
    if (c.code_point >= kTables.to_byte.size()) return std::nullopt;
    const int byte = kTables.to_byte[c.code_point];
    if (byte < 0) return std::nullopt;
    bytes += static_cast<char>(byte);
    text.remove_prefix(c.length);
  }
  return bytes;
}

}  // namespace lemma::tokenizer
