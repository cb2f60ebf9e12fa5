// SPDX-License-Identifier: Apache-2.0
// GPT-2's byte alphabet: every byte written as one printable character, so that a byte-level BPE
// vocabulary is readable text. Printable Latin-1 bytes stand for themselves, the other 68 are
// U+0100..U+0143 in order. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lemma::tokenizer {

// The character that stands for `byte`.
uint32_t ByteToAlphabet(uint8_t byte);
// The bytes that `text` stands for; nullopt if it holds a character outside the alphabet.
std::optional<std::string> AlphabetToBytes(std::string_view text);

}  // namespace lemma::tokenizer
