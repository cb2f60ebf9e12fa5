// SPDX-License-Identifier: Apache-2.0
// The stream parser: the same deltas for any cuts of the text, nothing held at the end, and no
// byte lost but white space around tags. Input: one byte of options, one that seeds the cuts, the
// text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "chat/stream_parser.h"

namespace {

using lemma::chat::Delta;
using lemma::chat::StreamParser;

void Require(bool condition) {
  if (!condition) std::abort();
}

lemma::chat::StreamParserOptions OptionsFrom(uint8_t bits) {
  lemma::chat::StreamParserOptions options;
  options.tools = static_cast<lemma::chat::ToolSyntax>(bits & 3);
  options.start =
      (bits & 4) != 0 ? lemma::chat::StartState::kThinking : lemma::chat::StartState::kContent;
  if ((bits & 8) != 0) options.max_tool_call_bytes = 48;
  if ((bits & 16) != 0) options.think_open.clear();
  return options;
}

std::vector<Delta> ParseCut(const lemma::chat::StreamParserOptions& options, std::string_view text,
                            uint64_t seed) {
  lemma::Rng rng(seed);
  StreamParser parser(options);
  std::vector<Delta> deltas;
  for (size_t at = 0; at < text.size();) {
    const size_t length = 1 + rng.NextBelow(1 + seed % 13);
    parser.Feed(text.substr(at, length), deltas);
    at += length;
  }
  parser.Finish(deltas);
  Require(parser.held_bytes() == 0);
  return lemma::chat::MergeDeltas(std::move(deltas));
}

std::string WithoutSpace(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(" \t\n\r").find(c) == std::string_view::npos) out += c;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto options = OptionsFrom(data[0]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::vector<Delta> whole = lemma::chat::ParseOutput(options, text);
  Require(ParseCut(options, text, data[1]) == whole);
  std::string joined;
  for (const Delta& delta : whole) joined += delta.text;
  // What is gone: at most two opening tags, closing tags, and closing marks of call blocks.
  const std::string kept = WithoutSpace(joined);
  const std::string all = WithoutSpace(text);
  Require(kept.size() <= all.size());
  size_t at = 0;  // kept is a subsequence of all
  for (const char c : all) {
    if (at < kept.size() && kept[at] == c) ++at;
  }
  Require(at == kept.size());
  if (options.tools == lemma::chat::ToolSyntax::kNone && options.think_open.empty() &&
      options.start == lemma::chat::StartState::kContent) {
    Require(joined == text);
  }
  return 0;
}
