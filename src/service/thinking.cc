// SPDX-License-Identifier: Apache-2.0
#include "service/thinking.h"

#include <fmt/format.h>

#include <array>

namespace lemma::service {
namespace {

struct EffortRow {
  std::string_view name;
  chat::Thinking thinking;
  std::optional<size_t> budget;
};
// For DeepSeek-R1-Distill-Qwen-1.5B answers get no better beyond about 4,000 tokens of thinking.
constexpr std::array<EffortRow, 7> kEfforts = {{
    {"none", chat::Thinking::kOff, 0},
    {"minimal", chat::Thinking::kOn, 256},
    {"low", chat::Thinking::kOn, 1024},
    {"medium", chat::Thinking::kOn, 4096},
    {"high", chat::Thinking::kOn, 16384},
    {"xhigh", chat::Thinking::kOn, std::nullopt},
    {"max", chat::Thinking::kOn, std::nullopt},
}};

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

Result<ThinkingEffort> ThinkingForEffort(std::string_view effort) {
  std::string names;
  for (const EffortRow& row : kEfforts) {
    if (row.name == effort) return ThinkingEffort{row.thinking, row.budget};
    names += names.empty() ? "" : ", ";
    names += row.name;
  }
  return InvalidArgument(fmt::format("'{}' is not an effort, expected one of {}", effort, names));
}

TextLanguage LanguageOf(std::string_view text) {
  size_t han = 0;
  size_t latin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    latin += (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ? 1 : 0;
    // U+4E00 to U+9FFF are E4 B8 80 to E9 BF BF.
    han += byte >= 0xE4 && byte <= 0xE9 ? 1 : 0;
  }
  // A Han character says about as much as four letters.
  return han > 0 && han * 4 >= latin ? TextLanguage::kChinese : TextLanguage::kEnglish;
}

TextLanguage LanguageOf(const chat::Conversation& conversation) {
  for (auto message = conversation.messages.rbegin(); message != conversation.messages.rend();
       ++message) {
    if (message->role == chat::Role::kUser) return LanguageOf(message->content);
  }
  return TextLanguage::kEnglish;
}

std::string_view ClosingSentence(TextLanguage language) {
  return language == TextLanguage::kChinese
             ? "思考时间到了，我根据以上分析直接给出最终答案。"
             : "My time for thinking is over, so I will give the final answer based on what I "
               "have so far.";
}

bool EndsSentence(std::string_view text) {
  for (const std::string_view end : {"\n", "!", "?", "。", "！", "？", "；"}) {
    if (EndsWith(text, end)) return true;
  }
  // "3." may go on as 3.14, "e.g." does not end a sentence either, but it is rare.
  if (!EndsWith(text, ".") || text.size() < 2) return false;
  const char before = text[text.size() - 2];
  return !(before >= '0' && before <= '9') && before != '.';
}

}  // namespace lemma::service
