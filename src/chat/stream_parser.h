// SPDX-License-Identifier: Apache-2.0
// Splits the text of a reasoning model, as it streams in, into thinking, content and tool calls.
// Accepts: a start inside the thinking text (the prompt ended in "<think>\n"), a literal "<think>"
// at the start, a missing "</think>", and tags cut at any byte. White space directly inside and
// after the tags is dropped. A "</think>" in a text that never opened any thinking is dropped, and
// at the start of the content always; after thinking was closed it is text, as "<think>" is. All
// other bytes come back exactly once, a malformed tool call as content. The joined deltas do not
// depend on how the bytes were cut.
//
// Tool syntaxes: DeepSeek R1/V3 "<｜tool▁calls▁begin｜>..." in the spellings that models write;
// Hermes and Qwen "<tool_call>{json}</tool_call>"; Llama 3 bare {"name":..,"parameters":..}.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chat/message.h"

namespace lemma::chat {

enum class ToolSyntax : uint8_t { kNone, kDeepseek, kHermes, kLlama3Json };

enum class StartState : uint8_t {
  kContent,   // a "<think>" at the very start still opens thinking
  kThinking,  // the prompt opened it
};

struct StreamParserOptions {
  StartState start = StartState::kContent;
  std::string think_open = "<think>";    // empty: no thinking in this format
  std::string think_close = "</think>";  // REQUIRES: not empty if think_open is not
  // kDeepseek and kHermes accept each other's form too: small models mix them up.
  ToolSyntax tools = ToolSyntax::kNone;
  size_t max_tool_call_bytes = 1 << 20;  // a longer block is content
};

struct Delta {
  enum class Kind : uint8_t { kThinking, kContent, kToolCall };
  Kind kind = Kind::kContent;
  std::string text;  // of thinking or content; for a tool call its wire text
  ToolCall call;     // for a tool call; the id is left empty
  size_t begin = 0;  // where in the bytes fed its text begins; no part of what it says
  bool operator==(const Delta& other) const {
    return kind == other.kind && text == other.text && call == other.call;
  }
};

enum class ThinkingState : uint8_t {
  kNone,  // never opened
  kOpen,  // not closed (yet): at the end of the stream, an unfinished chain
  kClosed,
};

class StreamParser {
 public:
  explicit StreamParser(StreamParserOptions options);
  ~StreamParser();
  StreamParser(StreamParser&&) noexcept;
  StreamParser& operator=(StreamParser&&) noexcept;
  StreamParser(const StreamParser&) = delete;
  StreamParser& operator=(const StreamParser&) = delete;

  // Appends what has become certain to `out`. Adjacent deltas of a kind are not merged.
  void Feed(std::string_view bytes, std::vector<Delta>& out);
  // The stream has ended: gives back everything held. Feed may not follow.
  void Finish(std::vector<Delta>& out);

  [[nodiscard]] ThinkingState thinking() const;
  // True from the first byte after the thinking text on (grammars arm here), and while no thinking
  // was opened at all.
  [[nodiscard]] bool in_content() const;
  // Bytes held back because a tag or a tool call may be under way.
  [[nodiscard]] size_t held_bytes() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Joins neighbouring deltas of thinking, and of content.
std::vector<Delta> MergeDeltas(std::vector<Delta> deltas);
// The same over a whole text, adjacent deltas of a kind merged.
std::vector<Delta> ParseOutput(const StreamParserOptions& options, std::string_view text,
                               ThinkingState* thinking = nullptr);

}  // namespace lemma::chat
