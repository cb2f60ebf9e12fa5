// SPDX-License-Identifier: Apache-2.0
// The way of one sample's tokens to events: detokenizer -> stream parser -> stop strings (in the
// content only, so that a stop string never ends the thinking). Internal to src/service; one
// thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "chat/stream_parser.h"
#include "service/generate.h"
#include "service/stop_matcher.h"
#include "tokenizer/detokenizer.h"

namespace lemma::service {

// How the text of a stream is read.
struct TextFormat {
  std::optional<chat::StreamParserOptions> parser;  // absent: all text is content
  std::vector<std::string> stops;
};

class SampleText {
 public:
  SampleText(const tokenizer::Tokenizer& tokens, const TextFormat& format, size_t sample);

  // One token's text, as far as it has become certain.
  void Push(const engine::SampledToken& token, std::deque<StreamEvent>& out);
  // The end: everything held back.
  void Flush(std::deque<StreamEvent>& out);

  [[nodiscard]] const std::optional<std::string>& matched_stop() const { return stops_.matched(); }
  [[nodiscard]] size_t tokens_seen() const { return tokens_seen_; }
  [[nodiscard]] size_t thinking_tokens() const { return thinking_tokens_; }
  [[nodiscard]] bool thinking_unfinished() const;
  [[nodiscard]] bool had_tool_call() const { return had_tool_call_; }

 private:
  void Text(const std::string& text, std::deque<StreamEvent>& out);
  void Emit(StreamEvent event, std::deque<StreamEvent>& out);
  void EmitContent(const std::string& text, std::deque<StreamEvent>& out);
  void EmitDeltas(std::vector<chat::Delta>& deltas, std::deque<StreamEvent>& out);

  const tokenizer::Tokenizer& tokens_;
  const std::optional<chat::StreamParserOptions> marks_;
  tokenizer::StreamDetokenizer detokenizer_;
  std::optional<chat::StreamParser> parser_;
  StopMatcher stops_;
  const size_t sample_;
  size_t tokens_seen_ = 0;
  size_t thinking_tokens_ = 0;
  bool had_tool_call_ = false;
  std::vector<engine::SampledToken> logprobs_;  // of tokens whose text is not out yet
};

}  // namespace lemma::service
