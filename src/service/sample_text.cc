// SPDX-License-Identifier: Apache-2.0
#include "service/sample_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "chat/markers.h"

namespace lemma::service {
namespace {

using Kind = StreamEvent::Kind;

bool IsToolMark(std::string_view text) {
  using chat::Marker;
  constexpr std::array<Marker, 8> kMarkers = {
      Marker::kToolCallOpen, Marker::kToolCallClose, Marker::kCallsBegin, Marker::kCallBegin,
      Marker::kSeparator,    Marker::kCallEnd,       Marker::kCallsEnd,   Marker::kPythonTag};
  for (const Marker marker : kMarkers) {
    const chat::MarkerMatch match = chat::MatchMarker(text, marker);
    if (match.kind == chat::MarkerMatch::Kind::kFull && match.length == text.size()) return true;
  }
  return false;
}

}  // namespace

SampleText::SampleText(const tokenizer::Tokenizer& tokens, const Options& options)
    : tokens_(tokens),
      sample_(options.sample),
      keep_logprobs_(options.keep_logprobs),
      detokenizer_(tokens),
      parser_(options.parser),
      stops_(options.stop),
      think_open_(options.parser.think_open),
      think_close_(options.parser.think_close),
      tools_(options.parser.tools != chat::ToolSyntax::kNone) {}

// Control tokens give no text, except the marks that the parser reads: some files store "<think>"
// or the marks of tool calls as control tokens.
std::string SampleText::TextOf(int32_t token) {
  if (tokens_.IsControl(token)) {
    const std::string_view spelling = tokens_.Piece(token, tokenizer::ControlPieces::kRender);
    const bool thinking =
        !think_open_.empty() && (spelling == think_open_ || spelling == think_close_);
    if (thinking || (tools_ && IsToolMark(spelling))) {
      return detokenizer_.Flush() + std::string(spelling);
    }
  }
  return detokenizer_.Push(token);
}

void SampleText::Push(const engine::SampledToken& token, std::vector<StreamEvent>& out) {
  if (Stopped()) return;
  ++generated_;
  if (!parser_.in_content()) ++thinking_tokens_;
  if (token.forced) ++forced_tokens_;
  const std::string text = TextOf(token.token);
  const bool silent = text.empty() && tokens_.IsControl(token.token);
  if (keep_logprobs_ && !silent) pending_.push_back({token, fed_, fed_ + text.size()});
  Feed(text, out);
}

void SampleText::Feed(std::string_view text, std::vector<StreamEvent>& out) {
  fed_ += text.size();
  std::vector<chat::Delta> deltas;
  parser_.Feed(text, deltas);
  Take(std::move(deltas), out);
}

void SampleText::Take(std::vector<chat::Delta> deltas, std::vector<StreamEvent>& out) {
  for (chat::Delta& delta : deltas) {
    if (Stopped()) return;
    const size_t end = delta.begin + delta.text.size();
    switch (delta.kind) {
      case chat::Delta::Kind::kThinking: {
        StreamEvent event;
        event.kind = Kind::kThinking;
        event.text = std::move(delta.text);
        std::deque<Placed> tokens;
        Claim(delta.begin, end, tokens);
        for (Placed& each : tokens) event.logprobs.push_back(std::move(each.token));
        if (!event.text.empty()) Emit(std::move(event), out);
        break;
      }
      case chat::Delta::Kind::kContent:
        Claim(delta.begin, end, content_);
        content_in_ += delta.text.size();
        EmitContent(stops_.Push(delta.text), out);
        break;
      case chat::Delta::Kind::kToolCall: {
        EmitContent(stops_.Flush(), out);  // a stop string does not span a call
        StreamEvent event;
        event.kind = Kind::kToolCall;
        event.tool_call = std::move(delta.call);
        if (event.tool_call.id.empty()) {
          event.tool_call.id = fmt::format("call_{}_{}", sample_, tool_calls_);
        }
        ++tool_calls_;
        Emit(std::move(event), out);
        break;
      }
    }
  }
}

void SampleText::Claim(size_t begin, size_t end, std::deque<Placed>& to) {
  while (!pending_.empty() && pending_.front().begin < end) {
    Placed token = std::move(pending_.front());
    pending_.pop_front();
    // A token without bytes of its own is a part of the character that comes next.
    if (token.end <= begin && token.begin < begin) continue;
    token.begin = content_in_ + std::max(token.begin, begin) - begin;
    to.push_back(std::move(token));
  }
}

void SampleText::EmitContent(std::string text, std::vector<StreamEvent>& out) {
  if (text.empty()) return;
  StreamEvent event;
  event.kind = Kind::kContent;
  event.text = std::move(text);
  content_out_ += event.text.size();
  while (!content_.empty() && content_.front().begin < content_out_) {
    event.logprobs.push_back(std::move(content_.front().token));
    content_.pop_front();
  }
  Emit(std::move(event), out);
}

void SampleText::Emit(StreamEvent event, std::vector<StreamEvent>& out) {
  event.sample = sample_;
  out.push_back(std::move(event));
}

ThinkingEnd SampleText::EndOfThinking(ThinkingEnd closed_by) const {
  switch (parser_.thinking()) {
    case chat::ThinkingState::kNone:
      return ThinkingEnd::kNone;
    case chat::ThinkingState::kOpen:
      return ThinkingEnd::kOpen;
    case chat::ThinkingState::kClosed:
      return closed_by == ThinkingEnd::kNone ? ThinkingEnd::kModel : closed_by;
  }
  return ThinkingEnd::kNone;
}

StreamUsage SampleText::CountUsage(const engine::Usage& usage) const {
  StreamUsage out;
  out.prompt_tokens = usage.prompt_tokens;
  out.cached_tokens = usage.cached_tokens;
  out.generated_tokens = generated_;
  out.thinking_tokens = thinking_tokens_;
  out.forced_tokens = forced_tokens_;
  out.drafted_tokens = usage.drafted_tokens;
  out.accepted_tokens = usage.accepted_tokens;
  out.queue_seconds = usage.queue_seconds;
  out.prefill_seconds = usage.prefill_seconds;
  out.decode_seconds = usage.decode_seconds;
  return out;
}

void SampleText::Finish(const Ending& ending, std::vector<StreamEvent>& out) {
  if (!Stopped()) {
    Feed(detokenizer_.Flush(), out);
    std::vector<chat::Delta> deltas;
    parser_.Finish(deltas);
    Take(std::move(deltas), out);
  }
  if (!Stopped()) EmitContent(stops_.Flush(), out);
  StreamEvent event;
  event.kind = Kind::kFinish;
  event.finish = ending.reason;
  event.loop = ending.loop;
  if (Stopped()) {
    event.finish = FinishReason::kStopString;
    event.matched_stop = *stops_.matched();
    // The engine may have gone a little further than the text.
    if (event.loop && !event.loop->in_thinking) event.loop.reset();
  } else if (ending.reason == FinishReason::kStop && tool_calls_ > 0) {
    event.finish = FinishReason::kToolCalls;
  }
  event.error = ending.error;
  event.thinking_unfinished = parser_.thinking() == chat::ThinkingState::kOpen;
  event.thinking_end = EndOfThinking(ending.closed_by);
  event.usage = CountUsage(ending.usage);
  Emit(std::move(event), out);
}

}  // namespace lemma::service
