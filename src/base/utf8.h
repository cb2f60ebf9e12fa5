// SPDX-License-Identifier: Apache-2.0
// UTF-8 (RFC 3629): decoding that never fails (a bad byte is one unit), encoding, and the length
// of the longest prefix that ends on a character border, for streams cut anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lemma {

struct Utf8Char {
  uint32_t code_point;  // kInvalidUtf8 for a byte that starts no valid character
  uint8_t length;       // bytes consumed, 1..4
};
inline constexpr uint32_t kInvalidUtf8 = 0xFFFFFFFF;

// REQUIRES: !text.empty(). Rejects overlong forms, surrogates and values above U+10FFFF.
Utf8Char DecodeUtf8(std::string_view text);
// Appends the UTF-8 form; U+FFFD for a value that is no scalar value.
void AppendUtf8(uint32_t code_point, std::string& out);
bool IsValidUtf8(std::string_view text);
// Bytes of `text` without an unfinished character at its end (0 to 3 bytes are held back). A byte
// that can start no character is not held back.
size_t CompleteUtf8Prefix(std::string_view text);
// Every invalid byte becomes U+FFFD; valid text is returned unchanged.
std::string SanitizeUtf8(std::string_view text);

constexpr bool IsAsciiLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace lemma
