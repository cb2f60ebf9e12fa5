// SPDX-License-Identifier: Apache-2.0
// How much a model may think: the efforts that APIs name, as budgets, and the words that close the
// thinking. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "chat/message.h"

namespace lemma::service {

struct ThinkingEffort {
  chat::Thinking thinking = chat::Thinking::kDefault;
  std::optional<size_t> budget;  // tokens; absent: no limit
};

// "none" (off), "minimal" (256), "low" (1,024), "medium" (4,096), "high" (16,384), "xhigh" and
// "max" (no limit). InvalidArgument lists them.
Result<ThinkingEffort> ThinkingForEffort(std::string_view effort);

enum class TextLanguage : uint8_t { kEnglish, kChinese };
// Chinese when there is a Han character for at most four Latin letters: names, formulas and code in
// a Chinese question do not count much.
TextLanguage LanguageOf(std::string_view text);
// Of the last user message; English without one.
TextLanguage LanguageOf(const chat::Conversation& conversation);

// One sentence with which thinking is broken off.
std::string_view ClosingSentence(TextLanguage language);

// Whether thinking that ends in these bytes may be closed there: the end of a line or sentence.
bool EndsSentence(std::string_view text);

}  // namespace lemma::service
