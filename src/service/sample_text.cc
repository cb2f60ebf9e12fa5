// SPDX-License-Identifier: Apache-2.0
#include "service/sample_text.h"

#include <utility>

namespace lemma::service {
namespace {

// Control tokens that the stream parser reads; all others give no text.
bool IsParserMark(const chat::StreamParserOptions& options, std::string_view piece) {
  return piece == options.think_open || piece == options.think_close ||
         piece.find("tool") != std::string_view::npos || piece == "<|python_tag|>";
}

}  // namespace

SampleText::SampleText(const tokenizer::Tokenizer& tokens, const TextFormat& format, size_t sample)
    : tokens_(tokens),
      marks_(format.parser),
      detokenizer_(tokens, tokenizer::ControlPieces::kRender),
      stops_(format.stops),
      sample_(sample) {
  if (format.parser) parser_.emplace(*format.parser);
}

bool SampleText::thinking_unfinished() const {
  return parser_ && parser_->thinking() == chat::ThinkingState::kOpen;
}

void SampleText::Emit(StreamEvent event, std::deque<StreamEvent>& out) {
  event.sample = sample_;
  event.logprobs = std::exchange(logprobs_, {});
  out.push_back(std::move(event));
}

void SampleText::EmitContent(const std::string& text, std::deque<StreamEvent>& out) {
  if (text.empty()) return;
  StreamEvent event;
  event.kind = StreamEvent::Kind::kContent;
  event.text = text;
  Emit(std::move(event), out);
}

void SampleText::EmitDeltas(std::vector<chat::Delta>& deltas, std::deque<StreamEvent>& out) {
  for (chat::Delta& delta : deltas) {
    if (delta.kind == chat::Delta::Kind::kContent) {
      EmitContent(stops_.Feed(delta.text), out);
      continue;
    }
    if (matched_stop() || (delta.kind == chat::Delta::Kind::kThinking && delta.text.empty())) {
      continue;
    }
    StreamEvent event;
    event.text = std::move(delta.text);
    event.kind = StreamEvent::Kind::kThinking;
    if (delta.kind == chat::Delta::Kind::kToolCall) {
      event.kind = StreamEvent::Kind::kToolCall;
      event.tool_call = std::move(delta.call);
      had_tool_call_ = true;
    }
    Emit(std::move(event), out);
  }
}

void SampleText::Text(const std::string& text, std::deque<StreamEvent>& out) {
  if (!parser_) return EmitContent(stops_.Feed(text), out);
  std::vector<chat::Delta> deltas;
  parser_->Feed(text, deltas);
  EmitDeltas(deltas, out);
}

void SampleText::Push(const engine::SampledToken& token, std::deque<StreamEvent>& out) {
  if (matched_stop()) return;
  ++tokens_seen_;
  if (token.logprob) logprobs_.push_back(token);
  const std::string_view piece = tokens_.Piece(token.token, tokenizer::ControlPieces::kRender);
  const bool silent = tokens_.IsControl(token.token) && !(marks_ && IsParserMark(*marks_, piece));
  if (!silent) Text(detokenizer_.Push(token.token), out);
  if (thinking_unfinished()) thinking_tokens_ = tokens_seen_;
}

void SampleText::Flush(std::deque<StreamEvent>& out) {
  if (!matched_stop()) {
    Text(detokenizer_.Flush(), out);
    if (parser_) {
      std::vector<chat::Delta> deltas;
      parser_->Finish(deltas);
      EmitDeltas(deltas, out);
    }
    EmitContent(stops_.Flush(), out);
  }
}

}  // namespace lemma::service
