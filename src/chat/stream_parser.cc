// SPDX-License-Identifier: Apache-2.0
// A machine over a buffer: each step looks at the unread bytes and either takes some, or says that
// it needs more. No decision depends on how many bytes happen to be there, which is what makes the
// result independent of the cuts.
#include "chat/stream_parser.h"

#include <array>
#include <span>
#include <utility>

#include "chat/json_text.h"
#include "chat/markers.h"
#include "chat/tool_call_text.h"

namespace lemma::chat {
namespace {

constexpr size_t kNone = std::string_view::npos;
// Blocks without an end that are re-read as content. More of them, and marks are only text: this
// bounds the work on adversarial output.
constexpr int kMaxBrokenBlocks = 16;

using MatchKind = MarkerMatch::Kind;

// Follows JSON just far enough to know what is inside a string, and when the value is whole.
class JsonFollower {
 public:
  void Take(char c) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      return;
    }
    if (c == '{' || c == '[') ++depth_;
    if (depth_ == 0) return;
    if (c == '"') in_string_ = true;
    if ((c == '}' || c == ']') && --depth_ == 0) whole_ = true;
  }
  [[nodiscard]] bool in_string() const { return in_string_; }
  [[nodiscard]] bool whole() const { return whole_; }

 private:
  bool in_string_ = false;
  bool escaped_ = false;
  bool whole_ = false;
  size_t depth_ = 0;
};

}  // namespace

class StreamParser::Impl {
 public:
  explicit Impl(StreamParserOptions options) : options_(std::move(options)) {
    if (options_.think_close.empty()) options_.think_open.clear();
    if (options_.start == StartState::kThinking && !options_.think_close.empty()) {
      mode_ = Mode::kThinkingLead;
      thinking_ = ThinkingState::kOpen;
    }
  }

  void Feed(std::string_view bytes, std::vector<Delta>& out) {
    buffer_.append(bytes);
    while (Step(out)) {
    }
    buffer_.erase(0, pos_);
    dropped_ += pos_;
    pos_ = 0;
  }
  void Finish(std::vector<Delta>& out) {
    finished_ = true;
    Feed({}, out);
  }

  [[nodiscard]] ThinkingState thinking() const { return thinking_; }
  [[nodiscard]] bool in_content() const {
    return mode_ != Mode::kThinkingLead && mode_ != Mode::kThinking;
  }
  [[nodiscard]] size_t held_bytes() const { return buffer_.size() - pos_; }

 private:
  enum class Mode : uint8_t {
    kStart,         // nothing but white space so far
    kThinkingLead,  // after the opening tag: white space, perhaps a second tag
    kThinking,
    kContentLead,  // after the closing tag: white space
    kCallStart,    // Llama 3: where a bare JSON call may begin
    kContent,
    kJsonBlock,      // <tool_call>...
    kDeepseekBlock,  // <｜tool▁call▁begin｜>...
    kBareJson,       // Llama 3
    kAfterCall,
  };

  [[nodiscard]] std::string_view Rest() const { return std::string_view(buffer_).substr(pos_); }
  [[nodiscard]] bool tools_on() const { return options_.tools != ToolSyntax::kNone; }
  [[nodiscard]] bool tagged_tools() const {
    return options_.tools == ToolSyntax::kDeepseek || options_.tools == ToolSyntax::kHermes;
  }

  // At the end of the stream a partial mark is no mark.
  [[nodiscard]] MarkerMatch Settle(MarkerMatch match) const {
    if (finished_ && match.kind == MatchKind::kPartial) return {};
    return match;
  }
  [[nodiscard]] MarkerMatch Match(std::string_view text, Marker marker) const {
    return Settle(MatchMarker(text, marker));
  }

  void Enter(Mode mode) {
    mode_ = mode;
    scan_ = 0;
  }
  void Emit(Delta::Kind kind, size_t length, std::vector<Delta>& out) {
    if (length == 0) return;
    out.push_back({kind, std::string(Rest().substr(0, length)), {}, dropped_ + pos_});
    Drop(length);
  }
  void Drop(size_t length) {
    pos_ += length;
    scan_ = scan_ > length ? scan_ - length : 0;
  }

  // True if something changed; false when more bytes are needed.
  bool Step(std::vector<Delta>& out) {
    switch (mode_) {
      case Mode::kStart:
        return StepStart();
      case Mode::kThinkingLead:
        return StepThinkingLead();
      case Mode::kThinking:
        return StepThinking(out);
      case Mode::kContentLead:
        return StepContentLead();
      case Mode::kCallStart:
        return StepCallStart();
      case Mode::kContent:
        return StepContent(out);
      case Mode::kJsonBlock:
      case Mode::kDeepseekBlock:
        return StepTaggedBlock(out);
      case Mode::kBareJson:
        return StepBareJson(out);
      case Mode::kAfterCall:
        return StepAfterCall();
    }
    return false;
  }

  [[nodiscard]] Mode ContentMode() const {
    return options_.tools == ToolSyntax::kLlama3Json ? Mode::kCallStart : Mode::kContent;
  }

  bool StepStart() {
    const size_t begin = Rest().find_first_not_of(kJsonSpace);
    if (begin == kNone) {
      if (!finished_) return false;
      Enter(Mode::kContent);
      return !Rest().empty();
    }
    if (!options_.think_open.empty()) {
      const MarkerMatch match = Settle(MatchLiteral(Rest().substr(begin), options_.think_open));
      if (match.kind == MatchKind::kPartial) return false;
      if (match.kind == MatchKind::kFull) {
        Drop(begin + match.length);
        open_seen_ = true;
        thinking_ = ThinkingState::kOpen;
        Enter(Mode::kThinkingLead);
        return true;
      }
      const MarkerMatch close = MatchClose(Rest().substr(begin));
      if (close.kind == MatchKind::kPartial) return false;
      if (close.kind == MatchKind::kFull) {
        Drop(begin);
        Enter(Mode::kContentLead);
        return true;
      }
    }
    Enter(ContentMode());
    return true;
  }

  [[nodiscard]] MarkerMatch MatchClose(std::string_view text) const {
    return Settle(MatchLiteral(text, options_.think_close));
  }

  bool StepThinkingLead() {
    const size_t begin = Rest().find_first_not_of(kJsonSpace);
    if (begin == kNone) {
      Drop(Rest().size());
      return false;
    }
    Drop(begin);
    if (!open_seen_ && !options_.think_open.empty()) {
      const MarkerMatch match = Settle(MatchLiteral(Rest(), options_.think_open));
      if (match.kind == MatchKind::kPartial) return false;
      open_seen_ = true;
      if (match.kind == MatchKind::kFull) {
        Drop(match.length);
        return true;
      }
    }
    Enter(Mode::kThinking);
    return true;
  }

  // Gives out the first `end` bytes, without the white space before them that a mark would eat.
  // `end` bytes have been looked at; scanning goes on there.
  void EmitSettled(Delta::Kind kind, size_t end, std::vector<Delta>& out) {
    // Bytes before scan_ are known white space, or nothing.
    const size_t last = Rest().substr(scan_, end - scan_).find_last_not_of(kJsonSpace);
    const size_t keep_from = finished_ ? end : (last == kNone ? 0 : scan_ + last + 1);
    scan_ = end;
    Emit(kind, keep_from, out);
  }

  bool StepThinking(std::vector<Delta>& out) {
    const std::string& close = options_.think_close;
    const std::string_view text = Rest();
    size_t at = text.find(close.front(), scan_);
    for (; at != kNone; at = text.find(close.front(), at + 1)) {
      const MarkerMatch match = Settle(MatchLiteral(text.substr(at), close));
      if (match.kind == MatchKind::kFull) {
        CloseThinking(at, out);
        return true;
      }
      if (match.kind == MatchKind::kPartial) break;
    }
    EmitSettled(Delta::Kind::kThinking, at == kNone ? text.size() : at, out);
    return false;
  }

  void CloseThinking(size_t at, std::vector<Delta>& out) {
    const size_t last = Rest().substr(0, at).find_last_not_of(kJsonSpace);
    const size_t length = last == kNone ? 0 : last + 1;
    Emit(Delta::Kind::kThinking, length, out);
    Drop(at - length + options_.think_close.size());
    thinking_ = ThinkingState::kClosed;
    Enter(Mode::kContentLead);
  }

  bool StepContentLead() {
    const size_t begin = Rest().find_first_not_of(kJsonSpace);
    if (begin == kNone) {
      Drop(Rest().size());
      return false;
    }
    Drop(begin);
    const MarkerMatch close = MatchClose(Rest());
    if (close.kind == MatchKind::kPartial) return false;
    if (close.kind == MatchKind::kFull) {
      Drop(close.length);
      return true;
    }
    Enter(ContentMode());
    return true;
  }

  // [";"] ["<|python_tag|>"] "{" begins a bare call; anything else is content.
  bool StepCallStart() {
    const std::string_view text = Rest();
    size_t at = SkipSpace(text, 0);
    if (after_call_ && at < text.size() && text[at] == ';') at = SkipSpace(text, at + 1);
    const MarkerMatch tag = Match(text.substr(at), Marker::kPythonTag);
    if (tag.kind == MatchKind::kFull) at = SkipSpace(text, at + tag.length);
    if (!finished_ && (at == text.size() || tag.kind == MatchKind::kPartial)) return false;
    if (at < text.size() && text[at] == '{') {
      block_prefix_ = at;
      json_ = {};
      Enter(Mode::kBareJson);
      scan_ = at;
      return true;
    }
    Enter(Mode::kContent);
    return !text.empty();
  }

  static size_t SkipSpace(std::string_view text, size_t at) {
    const size_t next = text.find_first_not_of(kJsonSpace, at);
    return next == kNone ? text.size() : next;
  }

  // A closing tag of thinking that was never opened is no part of the answer: models that always
  // think write it when they were told not to.
  [[nodiscard]] bool DropsCloseTags() const {
    return thinking_ == ThinkingState::kNone && !options_.think_open.empty();
  }

  bool StepContent(std::vector<Delta>& out) {
    const std::string_view text = Rest();
    const bool drops = DropsCloseTags();
    const std::array<char, 2> firsts = {'<', drops ? options_.think_close.front() : '<'};
    const std::string_view wanted(firsts.data(), firsts.size());
    size_t at = drops || tagged_tools() ? text.find_first_of(wanted, scan_) : kNone;
    for (; at != kNone; at = text.find_first_of(wanted, at + 1)) {
      const MarkerMatch close = drops ? MatchClose(text.substr(at)) : MarkerMatch{};
      if (close.kind == MatchKind::kFull) {
        Emit(Delta::Kind::kContent, at, out);
        Drop(close.length);
        return true;
      }
      if (close.kind == MatchKind::kPartial) break;
      if (!tagged_tools()) continue;
      const MarkerMatch json = Match(text.substr(at), Marker::kToolCallOpen);
      const MarkerMatch deepseek = MatchDeepseekOpen(text.substr(at));
      if (json.kind == MatchKind::kFull || deepseek.kind == MatchKind::kFull) {
        OpenBlock(at, json.kind == MatchKind::kFull ? json : deepseek, out);
        Enter(json.kind == MatchKind::kFull ? Mode::kJsonBlock : Mode::kDeepseekBlock);
        scan_ = block_prefix_;
        return true;
      }
      if (json.kind == MatchKind::kPartial || deepseek.kind == MatchKind::kPartial) break;
    }
    const size_t end = at == kNone ? text.size() : at;
    if (tagged_tools()) {
      EmitSettled(Delta::Kind::kContent, end, out);
    } else {
      Emit(Delta::Kind::kContent, end, out);
    }
    return false;
  }

  // <｜tool▁calls▁begin｜> [space] [<｜tool▁call▁begin｜>], or the second alone.
  [[nodiscard]] MarkerMatch MatchDeepseekOpen(std::string_view text) const {
    const MarkerMatch single = Match(text, Marker::kCallBegin);
    const MarkerMatch outer = Match(text, Marker::kCallsBegin);
    if (outer.kind != MatchKind::kFull) return single.kind != MatchKind::kNo ? single : outer;
    const size_t at = SkipSpace(text, outer.length);
    if (at == text.size()) return finished_ ? outer : MarkerMatch{MatchKind::kPartial, 0};
    const MarkerMatch inner = Match(text.substr(at), Marker::kCallBegin);
    if (inner.kind == MatchKind::kPartial) return inner;
    return {MatchKind::kFull, inner.kind == MatchKind::kFull ? at + inner.length : outer.length};
  }

  // Gives out the content before the mark at `at`; white space before it stays with the block.
  void OpenBlock(size_t at, const MarkerMatch& mark, std::vector<Delta>& out) {
    const size_t last = Rest().substr(0, at).find_last_not_of(kJsonSpace);
    const size_t length = last == kNone ? 0 : last + 1;
    Emit(Delta::Kind::kContent, length, out);
    block_prefix_ = at - length + mark.length;
    json_ = {};
  }

  struct BlockEnd {
    enum class Kind : uint8_t { kOpen, kFound, kTooLong, kEndOfStream } kind = Kind::kOpen;
    size_t body_end = 0;
    size_t mark_length = 0;  // belongs to the block
  };

  // The mark that ends the block at text[at], if one does. DeepSeek blocks also end where the
  // next one begins; that mark is left for the next step.
  [[nodiscard]] MarkerMatch MatchBlockEnd(std::string_view text, bool* consumed) const {
    *consumed = true;
    if (mode_ == Mode::kJsonBlock) return Match(text, Marker::kToolCallClose);
    const MarkerMatch end = Match(text, Marker::kCallEnd);
    if (end.kind == MatchKind::kFull) return end;
    *consumed = false;
    const MarkerMatch outer_end = Match(text, Marker::kCallsEnd);
    if (outer_end.kind == MatchKind::kFull) return outer_end;
    const MarkerMatch next = Match(text, Marker::kCallBegin);
    if (next.kind == MatchKind::kFull) return next;
    for (const MarkerMatch& match : {end, outer_end, next}) {
      if (match.kind == MatchKind::kPartial) return match;
    }
    return {};
  }

  BlockEnd FindBlockEnd() {
    const std::string_view text = Rest();
    for (; scan_ < text.size(); ++scan_) {
      if (scan_ > options_.max_tool_call_bytes) return {BlockEnd::Kind::kTooLong, 0, 0};
      if (text[scan_] == '<' && !json_.in_string()) {
        bool consumed = false;
        const MarkerMatch match = MatchBlockEnd(text.substr(scan_), &consumed);
        if (match.kind == MatchKind::kPartial) return {};
        if (match.kind == MatchKind::kFull) {
          return {BlockEnd::Kind::kFound, scan_, consumed ? match.length : 0};
        }
      }
      json_.Take(text[scan_]);
    }
    if (!finished_) return {};
    return {BlockEnd::Kind::kEndOfStream, text.size(), 0};
  }

  bool StepTaggedBlock(std::vector<Delta>& out) {
    const BlockEnd end = FindBlockEnd();
    if (end.kind == BlockEnd::Kind::kOpen) return false;
    if (end.kind == BlockEnd::Kind::kTooLong) return GiveUpBlock(out);
    const std::string_view body = Rest().substr(block_prefix_, end.body_end - block_prefix_);
    std::vector<ToolCall> calls;
    if (mode_ == Mode::kJsonBlock) {
      if (auto parsed = ParseJsonToolCalls(body)) calls = std::move(*parsed);
    } else if (auto parsed = ParseDeepseekToolCall(body)) {
      calls.push_back(std::move(*parsed));
    }
    if (!calls.empty()) {
      EmitCalls(std::move(calls), end.body_end + end.mark_length, out);
      return true;
    }
    if (end.kind == BlockEnd::Kind::kEndOfStream) return GiveUpBlock(out);
    Emit(Delta::Kind::kContent, end.body_end + end.mark_length, out);
    Enter(Mode::kContent);
    return true;
  }

  void EmitCalls(std::vector<ToolCall> calls, size_t length, std::vector<Delta>& out) {
    const std::string_view text = Rest().substr(0, length);
    const size_t begin = SkipSpace(text, 0);
    std::string wire(text.substr(begin));
    in_deepseek_calls_ = mode_ == Mode::kDeepseekBlock;
    for (ToolCall& call : calls) {
      out.push_back({Delta::Kind::kToolCall, std::exchange(wire, {}), std::move(call),
                     dropped_ + pos_ + begin});
    }
    Drop(length);
    after_call_ = true;
    Enter(Mode::kAfterCall);
  }

  // The block has no end: its opening is content, and what follows is read again as content.
  bool GiveUpBlock(std::vector<Delta>& out) {
    Emit(Delta::Kind::kContent, block_prefix_, out);
    if (++broken_blocks_ >= kMaxBrokenBlocks) options_.tools = ToolSyntax::kNone;
    Enter(Mode::kContent);
    return true;
  }

  bool StepBareJson(std::vector<Delta>& out) {
    const std::string_view text = Rest();
    bool too_long = false;
    for (; scan_ < text.size() && !json_.whole() && !too_long; ++scan_) {
      too_long = scan_ > options_.max_tool_call_bytes;
      json_.Take(text[scan_]);
    }
    if (!json_.whole() && !too_long && !finished_) return false;
    const size_t end = scan_;
    if (json_.whole()) {
      if (auto call = ParseJsonToolCall(text.substr(block_prefix_, end - block_prefix_))) {
        EmitCalls({std::move(*call)}, end, out);
        return true;
      }
    }
    Emit(Delta::Kind::kContent, end, out);
    Enter(Mode::kContent);
    return true;
  }

  bool StepAfterCall() {
    const size_t at = SkipSpace(Rest(), 0);
    Drop(at);
    if (Rest().empty()) return false;
    if (in_deepseek_calls_) {
      const MarkerMatch match = Match(Rest(), Marker::kCallsEnd);
      if (match.kind == MatchKind::kPartial) return false;
      if (match.kind == MatchKind::kFull) {
        Drop(match.length);
        in_deepseek_calls_ = false;
        return true;
      }
    }
    Enter(ContentMode());
    return true;
  }

  StreamParserOptions options_;
  std::string buffer_;
  size_t dropped_ = 0;  // bytes fed before buffer_
  size_t pos_ = 0;      // first unread byte of buffer_
  size_t scan_ = 0;     // unread bytes already looked at in this mode
  Mode mode_ = Mode::kStart;
  ThinkingState thinking_ = ThinkingState::kNone;
  bool open_seen_ = false;
  bool finished_ = false;
  bool after_call_ = false;
  bool in_deepseek_calls_ = false;
  size_t block_prefix_ = 0;  // unread bytes up to the body of the tool call
  JsonFollower json_;
  int broken_blocks_ = 0;
};

StreamParser::StreamParser(StreamParserOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
StreamParser::~StreamParser() = default;
StreamParser::StreamParser(StreamParser&&) noexcept = default;
StreamParser& StreamParser::operator=(StreamParser&&) noexcept = default;

void StreamParser::Feed(std::string_view bytes, std::vector<Delta>& out) {
  impl_->Feed(bytes, out);
}
void StreamParser::Finish(std::vector<Delta>& out) { impl_->Finish(out); }
ThinkingState StreamParser::thinking() const { return impl_->thinking(); }
bool StreamParser::in_content() const { return impl_->in_content(); }
size_t StreamParser::held_bytes() const { return impl_->held_bytes(); }

std::vector<Delta> ParseOutput(const StreamParserOptions& options, std::string_view text,
                               ThinkingState* thinking) {
  StreamParser parser(options);
  std::vector<Delta> deltas;
  parser.Feed(text, deltas);
  parser.Finish(deltas);
  if (thinking != nullptr) *thinking = parser.thinking();
  return MergeDeltas(std::move(deltas));
}

std::vector<Delta> MergeDeltas(std::vector<Delta> deltas) {
  std::vector<Delta> merged;
  for (Delta& delta : deltas) {
    const bool joins =
        !merged.empty() && merged.back().kind == delta.kind && delta.kind != Delta::Kind::kToolCall;
    if (joins) {
      merged.back().text += delta.text;
    } else {
      merged.push_back(std::move(delta));
    }
  }
  return merged;
}

}  // namespace lemma::chat
