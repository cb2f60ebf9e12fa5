// SPDX-License-Identifier: Apache-2.0
#include "service/prompt_tokens.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace lemma::service {
namespace {

using tokenizer::ControlPieces;
using tokenizer::SpecialTokens;
using tokenizer::TokenType;

// "<think>", "[TOOL_CALLS]": a mark of the protocol, not a run of spaces or a word.
bool LooksLikeMark(std::string_view text) {
  if (text.size() < 3) return false;
  return (text.front() == '<' && text.back() == '>') || (text.front() == '[' && text.back() == ']');
}

}  // namespace

void PromptEncoder::SpellingSet::Add(std::string_view spelling, int32_t id) {
  if (spelling.empty()) return;
  ids_.emplace(spelling, id);
  lengths_.push_back(spelling.size());
  first_bytes_[static_cast<unsigned char>(spelling.front())] = true;
}

void PromptEncoder::SpellingSet::Finish() {
  std::sort(lengths_.begin(), lengths_.end(), std::greater<>());
  lengths_.erase(std::unique(lengths_.begin(), lengths_.end()), lengths_.end());
}

std::optional<PromptEncoder::SpellingSet::Hit> PromptEncoder::SpellingSet::At(
    std::string_view text) const {
  if (text.empty() || !first_bytes_[static_cast<unsigned char>(text.front())]) return std::nullopt;
  for (const size_t length : lengths_) {
    if (length > text.size()) continue;
    const auto found = ids_.find(std::string(text.substr(0, length)));
    if (found != ids_.end()) return Hit{found->second, length};
  }
  return std::nullopt;
}

PromptEncoder::PromptEncoder(const tokenizer::Tokenizer& tokens) : tokens_(tokens) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto id = static_cast<int32_t>(i);
    const TokenType type = tokens.type(id);
    const std::string_view piece = tokens.Piece(id, ControlPieces::kRender);
    if (type == TokenType::kControl) control_.Add(piece, id);
    if (type == TokenType::kUserDefined && LooksLikeMark(piece)) guarded_.Add(piece, id);
  }
  control_.Finish();
  guarded_.Finish();
}

// Text between two control tokens; which of its bytes are input.
struct PromptEncoder::Run {
  std::string text;
  std::vector<bool> input;
};

void PromptEncoder::EncodeRun(Run& run, std::vector<int32_t>& ids) const {
  const std::string_view text = run.text;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const auto hit = guarded_.At(text.substr(at));
    if (!hit) {
      ++at;
      continue;
    }
    const auto first = run.input.begin() + static_cast<ptrdiff_t>(at);
    const bool spelt_by_input = std::find(first, first + static_cast<ptrdiff_t>(hit->length),
                                          true) != first + static_cast<ptrdiff_t>(hit->length);
    if (!spelt_by_input) {
      at += hit->length;
      continue;
    }
    tokens_.EncodeAppend(text.substr(begin, at + 1 - begin), SpecialTokens::kPlainText, ids);
    begin = ++at;
  }
  if (begin < text.size()) {
    tokens_.EncodeAppend(text.substr(begin), SpecialTokens::kPlainText, ids);
  }
  run = {};
}

std::vector<int32_t> PromptEncoder::Encode(const std::vector<chat::PromptPart>& parts) const {
  std::vector<int32_t> ids;
  Run run;
  for (const chat::PromptPart& part : parts) {
    const std::string_view text = part.text;
    for (size_t at = 0; at < text.size();) {
      const auto hit = part.is_input ? std::nullopt : control_.At(text.substr(at));
      if (hit) {
        EncodeRun(run, ids);
        ids.push_back(hit->id);
        at += hit->length;
        continue;
      }
      run.text += text[at++];
      run.input.push_back(part.is_input);
    }
  }
  EncodeRun(run, ids);
  return ids;
}

}  // namespace lemma::service
