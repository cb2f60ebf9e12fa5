// SPDX-License-Identifier: Apache-2.0
// Cuts text into the words that byte-level BPE works on, by the rule that "tokenizer.ggml.pre"
// names. The published rules are regular expressions; here each is a hand-written matcher with the
// same leftmost-first meaning, in time linear in the text. Pure functions; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/function_ref.h"

namespace lemma::tokenizer {

enum class PreRule {
  kDefault,        // for files that name none
  kGpt2,           // gpt-2 and its many heirs
  kGpt2Digits,     // single digits first, then gpt-2 (starcoder, smollm, command-r)
  kFalcon,         // punctuation, gpt-2, digits by three
  kQwen2,          // cl100k with single digits
  kQwen35,         // the same, marks count as letters
  kLlama3,         // cl100k
  kDeepseekLlm,    // five nested cuts
  kDeepseekCoder,  // five nested cuts
  kDeepseekV3,     // digits by three, CJK and kana, then a cl100k relative
};

// What a name in "tokenizer.ggml.pre" implies, apart from the file's own flags.
struct PreTokenizer {
  PreRule rule = PreRule::kDefault;
  bool whole_words = false;  // a word that is a token is not merged up ("ignore_merges")
  bool add_bos = false;      // when the file does not say
};

// nullopt for a name this build does not know.
std::optional<PreTokenizer> FindPreTokenizer(std::string_view name);

// Calls `word` for every word of `text`, in order; joined they are `text`. No word is empty.
void SplitWords(PreRule rule, std::string_view text, FunctionRef<void(std::string_view)> word);

}  // namespace lemma::tokenizer
