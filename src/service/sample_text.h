// SPDX-License-Identifier: Apache-2.0
// The text side of one sample: tokens in, stream events out. Order of the stages: detokenizer
// (whole characters), stream parser (thinking, content, tool calls), stop strings (in the content
// only: a "\n\n" must not end a chain of thought). One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/stream_parser.h"
#include "engine/request.h"
#include "service/generate.h"
#include "service/stop_strings.h"
#include "tokenizer/detokenizer.h"
#include "tokenizer/tokenizer.h"

namespace lemma::service {

class SampleText {
 public:
  struct Options {
    size_t sample = 0;
    chat::StreamParserOptions parser;
    std::vector<std::string> stop;  // REQUIRES: StopMatcher::Validate passed
    bool keep_logprobs = false;
  };
  SampleText(const tokenizer::Tokenizer& tokens, const Options& options);

  // After Stopped() tokens are ignored. The logprobs of an event are those of the tokens whose
  // bytes its text has: tags, white space that is dropped, calls of tools and what a stop string
  // cut off have none.
  void Push(const engine::SampledToken& token, std::vector<StreamEvent>& out);
  // `reason` as the engine or the stream says; a matched stop string and tool calls are put in by
  // Finish. `closed_by` says who closed the thinking when it was not the model.
  struct Ending {
    FinishReason reason = FinishReason::kStop;
    engine::Usage usage;
    Status error;
    ThinkingEnd closed_by = ThinkingEnd::kNone;
    std::optional<LoopReport> loop;
  };
  // The sample ended: gives out what was held, and the finish event.
  void Finish(const Ending& ending, std::vector<StreamEvent>& out);

  // A stop string was found: nothing more comes but the finish event.
  [[nodiscard]] bool Stopped() const { return stops_.matched().has_value(); }

 private:
  // A token and the bytes that it fed to the parser; in content_, that it gave to the content.
  struct Placed {
    engine::SampledToken token;
    size_t begin = 0;
    size_t end = 0;
  };

  std::string TextOf(int32_t token);
  // What the parser is fed next.
  void Feed(std::string_view text, std::vector<StreamEvent>& out);
  void Take(std::vector<chat::Delta> deltas, std::vector<StreamEvent>& out);
  // The tokens of the text that the parser gave out from [begin, end) of what it was fed leave
  // pending_ for `to`. Tokens before them gave tags or dropped white space: they are forgotten.
  void Claim(size_t begin, size_t end, std::deque<Placed>& to);
  void EmitContent(std::string text, std::vector<StreamEvent>& out);
  void Emit(StreamEvent event, std::vector<StreamEvent>& out);
  [[nodiscard]] ThinkingEnd EndOfThinking(ThinkingEnd closed_by) const;
  [[nodiscard]] StreamUsage CountUsage(const engine::Usage& usage) const;

  const tokenizer::Tokenizer& tokens_;
  const size_t sample_;
  const bool keep_logprobs_;
  tokenizer::StreamDetokenizer detokenizer_;
  chat::StreamParser parser_;
  StopMatcher stops_;
  const std::string think_open_;
  const std::string think_close_;
  const bool tools_;
  std::deque<Placed> pending_;  // whose text the parser has not given out yet
  std::deque<Placed> content_;  // whose text the stop strings have not given out yet
  size_t fed_ = 0;              // bytes fed to the parser
  size_t content_in_ = 0;       // bytes of content that the parser gave out,
  size_t content_out_ = 0;      // and that went on from there
  size_t generated_ = 0;
  size_t thinking_tokens_ = 0;
  size_t forced_tokens_ = 0;
  size_t tool_calls_ = 0;
};

}  // namespace lemma::service
