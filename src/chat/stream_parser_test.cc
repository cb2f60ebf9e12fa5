// SPDX-License-Identifier: Apache-2.0
#include "chat/stream_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"

namespace lemma::chat {
namespace {

using Kind = Delta::Kind;

StreamParserOptions Thinking(ToolSyntax tools = ToolSyntax::kNone) {
  StreamParserOptions options;
  options.start = StartState::kThinking;
  options.tools = tools;
  return options;
}

StreamParserOptions Content(ToolSyntax tools = ToolSyntax::kNone) {
  StreamParserOptions options;
  options.tools = tools;
  return options;
}

// "T:thinking", "C:content", "F:name arguments", joined by " | ".
std::string Show(const std::vector<Delta>& deltas) {
  std::string out;
  for (const Delta& delta : deltas) {
    if (!out.empty()) out += " | ";
    switch (delta.kind) {
      case Kind::kThinking:
        out += "T:" + delta.text;
        break;
      case Kind::kContent:
        out += "C:" + delta.text;
        break;
      case Kind::kToolCall:
        out += "F:" + delta.call.name + " " + delta.call.arguments;
        break;
    }
  }
  return out;
}

std::string Parse(const StreamParserOptions& options, std::string_view text) {
  return Show(ParseOutput(options, text));
}

TEST(StreamParser, ThinkingThenContent) {
  EXPECT_EQ(Parse(Thinking(), "Let me see.\n</think>\n\nIt is 2."), "T:Let me see. | C:It is 2.");
}

TEST(StreamParser, LiteralOpeningTagIsDroppedOnce) {
  EXPECT_EQ(Parse(Thinking(), "<think>\nhm</think>ok"), "T:hm | C:ok");
  EXPECT_EQ(Parse(Content(), "\n<think>\nhm\n</think>\n\nok"), "T:hm | C:ok");
  EXPECT_EQ(Parse(Thinking(), "<think><think>a</think>b"), "T:<think>a | C:b");
}

TEST(StreamParser, MissingClosingTagIsUnfinished) {
  ThinkingState state = ThinkingState::kNone;
  EXPECT_EQ(Show(ParseOutput(Thinking(), "so 1 + 1 </thin", &state)), "T:so 1 + 1 </thin");
  EXPECT_EQ(state, ThinkingState::kOpen);
  ParseOutput(Thinking(), "a</think>", &state);
  EXPECT_EQ(state, ThinkingState::kClosed);
  ParseOutput(Content(), "a", &state);
  EXPECT_EQ(state, ThinkingState::kNone);
}

TEST(StreamParser, SkippedThinkingGivesContentOnly) {
  EXPECT_EQ(Parse(Thinking(), "\n</think>\n\nok"), "C:ok");
}

TEST(StreamParser, ContentIsUnchangedWithoutTags) {
  EXPECT_EQ(Parse(Content(), "\n a <b> </thinks> c\n"), "C:\n a <b> </thinks> c\n");
  EXPECT_EQ(Parse(Content(), "<thin air>"), "C:<thin air>");
  EXPECT_EQ(Parse(Content(), "  \n"), "C:  \n");
  EXPECT_EQ(Parse(Content(), ""), "");
}

TEST(StreamParser, OnlyTheFirstClosingTagCounts) {
  EXPECT_EQ(Parse(Thinking(), "a</think>b</think>c <think> d"), "T:a | C:b</think>c <think> d");
}

// What models that always think write when the prompt told them not to.
TEST(StreamParser, ClosingTagsWithoutThinkingAreDropped) {
  for (const ToolSyntax tools : {ToolSyntax::kNone, ToolSyntax::kHermes, ToolSyntax::kLlama3Json}) {
    const StreamParserOptions options = Content(tools);
    EXPECT_EQ(Parse(options, "</think>\n\nIt is 95."), "C:It is 95.");
    EXPECT_EQ(Parse(options, "\n</think>\n</think> It is 95."), "C:It is 95.");
    EXPECT_EQ(Parse(options, "37 + 58\n</think>\n\n95 </think>"), "C:37 + 58\n\n\n95 ");
    EXPECT_EQ(Parse(options, "95 <think>b</think>"), "C:95 <think>b");
    EXPECT_EQ(Parse(options, "95 </thin"), "C:95 </thin");
    EXPECT_EQ(Parse(options, "</thin"), "C:</thin");
    EXPECT_EQ(Parse(options, "</think>"), "");
  }
  EXPECT_EQ(Parse(Thinking(), "a</think>\n</think>\nb"), "T:a | C:b");
  EXPECT_EQ(
      Parse(Content(ToolSyntax::kHermes), "x</think>\n<tool_call>{\"name\":\"f\"}</tool_call>"),
      "C:x | F:f {}");
  StreamParserOptions square;
  square.think_open = "[THINK]";
  square.think_close = "[/THINK]";
  EXPECT_EQ(Parse(square, "a[/THINK]b"), "C:ab");
  ThinkingState state = ThinkingState::kOpen;
  ParseOutput(Content(), "a</think>b", &state);
  EXPECT_EQ(state, ThinkingState::kNone);
}

TEST(StreamParser, DeltasSayWhereTheyBegin) {
  const auto deltas = ParseOutput(Thinking(ToolSyntax::kHermes),
                                  "\nab</think>\n\ncd <tool_call>{\"name\":\"f\"}</tool_call> e");
  ASSERT_EQ(deltas.size(), 4U);
  EXPECT_EQ(deltas[0].begin, 1U);
  EXPECT_EQ(deltas[1].begin, 13U);
  EXPECT_EQ(deltas[2].begin, 16U);
  EXPECT_EQ(deltas[3].text, "e");
  EXPECT_EQ(deltas[3].begin, 52U);
}

TEST(StreamParser, OtherTagsAndNone) {
  StreamParserOptions options;
  options.think_open = "[THINK]";
  options.think_close = "[/THINK]";
  EXPECT_EQ(Parse(options, "[THINK]a[/THINK]b"), "T:a | C:b");
  options.think_open.clear();
  EXPECT_EQ(Parse(options, "[THINK]a[/THINK]b"), "C:[THINK]a[/THINK]b");
  options.think_close.clear();
  EXPECT_EQ(Parse(options, "<think>a"), "C:<think>a");
}

TEST(StreamParser, ContentComesWithoutDelay) {
  StreamParser parser(Thinking());
  std::vector<Delta> out;
  parser.Feed("abc</thi", out);
  EXPECT_EQ(Show(out), "T:abc");
  EXPECT_EQ(parser.held_bytes(), 5U);
  EXPECT_FALSE(parser.in_content());
  out.clear();
  parser.Feed("nk>", out);
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(parser.in_content());
  parser.Feed("x", out);
  EXPECT_EQ(Show(out), "C:x");
  EXPECT_EQ(parser.held_bytes(), 0U);
}

TEST(StreamParser, HermesToolCalls) {
  const auto options = Content(ToolSyntax::kHermes);
  EXPECT_EQ(
      Parse(options,
            "Sure.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1.0}}\n</tool_call>\n"
            "<tool_call>{\"name\":\"g\",\"arguments\":{}}</tool_call>"),
      "C:Sure. | F:f {\"x\": 1.0} | F:g {}");
  EXPECT_EQ(
      Parse(options, "<tool_call>{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}</tool_call>"),
      "F:f {\"x\":1}");
  EXPECT_EQ(Parse(options, "<tool_call>[{\"name\":\"f\"},{\"name\":\"g\"}]</tool_call>"),
            "F:f {} | F:g {}");
  EXPECT_EQ(Parse(options,
                  "<tool_call>{\"name\":\"f\",\"arguments\":{\"t\":\"</tool_call>\"}}"
                  "</tool_call>ok"),
            "F:f {\"t\":\"</tool_call>\"} | C:ok")
      << "a mark inside a string is text";
  EXPECT_EQ(Parse(options, "<tool_call>{\"name\":\"f\"}"), "F:f {}") << "no closing tag";
}

TEST(StreamParser, MalformedToolCallsAreContent) {
  const auto options = Content(ToolSyntax::kHermes);
  for (const char* text :
       {"a <tool_call>{\"name\": f}</tool_call> b", "<tool_call>{}</tool_call>", "<tool_call>",
        "<tool_call>{\"name\":\"f\",\"arguments\":3}</tool_call>", "x\n<tool_call>{\"name\": \"",
        "<tool_call>{\"name\":\"two words\"}</tool_call>",
        "<tool_call>\"</tool_call> c </tool_call>", "</tool_call>", "<tool_ca"}) {
    EXPECT_EQ(Parse(options, text), std::string("C:") + text);
  }
  EXPECT_EQ(Parse(options, "<tool_call>{\"na<tool_call>{\"name\":\"f\"}</tool_call>"),
            "C:<tool_call>{\"na | F:f {}")
      << "a broken block does not take the next one with it";
}

constexpr std::string_view kR1Call =
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n"
    "{\"city\": \"上海\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>";

std::string Replace(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(StreamParser, DeepseekToolCallInAllSpellings) {
  const auto options = Thinking(ToolSyntax::kDeepseek);
  for (const char* joint : {"▁", "_", " ", "\\_"}) {
    for (const char* bar : {"｜", "|"}) {
      const std::string call = Replace(Replace(std::string(kR1Call), "▁", joint), "｜", bar);
      EXPECT_EQ(Parse(options, "hm\n</think>\n\n" + call),
                "T:hm | F:get_weather {\"city\": \"上海\"}")
          << call;
    }
  }
}

TEST(StreamParser, DeepseekVariants) {
  const auto options = Content(ToolSyntax::kDeepseek);
  const std::string_view args = "{\"city\": \"上海\"}";
  const std::string want = "F:get_weather {\"city\": \"上海\"}";
  EXPECT_EQ(Parse(options, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>" +
                               std::string(args) + "<｜tool▁call▁end｜><｜tool▁calls▁end｜>"),
            want)
      << "V3.1";
  EXPECT_EQ(Parse(options, "<｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n" +
                               std::string(args) + "<｜tool▁call▁end｜>"),
            want)
      << "no outer mark, no fence";
  EXPECT_EQ(Parse(options, "<｜tool▁calls▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n" +
                               std::string(args) + "\n```"),
            want)
      << "no inner mark, no end";
  EXPECT_EQ(Parse(options,
                  "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>a\n"
                  "```json\n{}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function"
                  "<｜tool▁sep｜>b\n```json\n{\"x\":1}\n```<｜tool▁call▁end｜>"
                  "<｜tool▁calls▁end｜>done"),
            "F:a {} | F:b {\"x\":1} | C:done")
      << "two calls";
  EXPECT_EQ(Parse(options, "<tool_call>{\"name\":\"f\"}</tool_call>"), "F:f {}") << "Hermes form";
}

TEST(StreamParser, DeepseekMalformedIsContent) {
  const auto options = Content(ToolSyntax::kDeepseek);
  for (const char* text :
       {"<｜tool▁calls▁begin｜><｜tool▁calls▁end｜>", "<｜tool▁calls▁begin｜>", "<｜tool▁ca",
        "<｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"x\":}\n```<｜tool▁call▁end｜>",
        "a <｜tool▁call▁begin｜>function<｜tool▁call▁end｜> b", "<｜User｜>"}) {
    EXPECT_EQ(Parse(options, text), std::string("C:") + text);
  }
}

TEST(StreamParser, LlamaBareJson) {
  const auto options = Content(ToolSyntax::kLlama3Json);
  EXPECT_EQ(Parse(options, "{\"name\": \"f\", \"parameters\": {\"x\": \"}\"}}"),
            "F:f {\"x\": \"}\"}");
  EXPECT_EQ(Parse(options, "<|python_tag|>{\"name\": \"f\", \"parameters\": {}}"), "F:f {}");
  EXPECT_EQ(Parse(options, "{\"name\":\"f\"}; {\"name\":\"g\"}"), "F:f {} | F:g {}");
  EXPECT_EQ(Parse(options, "{\"type\":\"function\",\"name\":\"f\",\"parameters\":{}}"), "F:f {}");
  for (const char* text : {"Use {\"name\": \"f\"}", "{\"x\": 1} is JSON", "{\"name\": \"f\", \"par",
                           "\n{}", "<|python_tag|>print(1)", "{{{{"}) {
    EXPECT_EQ(Parse(options, text), std::string("C:") + text);
  }
}

TEST(StreamParser, WithoutToolsMarksAreText) {
  EXPECT_EQ(Parse(Content(), kR1Call), "C:" + std::string(kR1Call));
  const char* hermes = "<tool_call>{\"name\":\"f\"}</tool_call>";
  EXPECT_EQ(Parse(Content(), hermes), std::string("C:") + hermes);
}

TEST(StreamParser, LongBlocksAreContent) {
  auto options = Content(ToolSyntax::kHermes);
  options.max_tool_call_bytes = 64;
  const std::string text = "<tool_call>{\"name\":\"f\",\"arguments\":{\"x\":\"" +
                           std::string(100, 'a') + "\"}}</tool_call>";
  EXPECT_EQ(Parse(options, text), "C:" + text);
  options.max_tool_call_bytes = text.size();
  EXPECT_EQ(ParseOutput(options, text).front().kind, Kind::kToolCall);
}

// Texts built from the pieces that matter, cut at random: the joined deltas are always the same.
TEST(StreamParser, ResultDoesNotDependOnTheCuts) {
  const std::vector<std::string> pieces = {"<think>",
                                           "</think>",
                                           "\n",
                                           "\n\n",
                                           " ",
                                           "a",
                                           "中文",
                                           "<",
                                           "</",
                                           "{",
                                           "}",
                                           "\"",
                                           "\\",
                                           ";",
                                           "<tool_call>",
                                           "</tool_call>",
                                           "{\"name\":\"f\",\"arguments\":{}}",
                                           "{\"name\": \"g\"}",
                                           "<｜tool▁calls▁begin｜>",
                                           "<｜tool▁call▁begin｜>",
                                           "function<｜tool▁sep｜>h\n```json\n{}\n```",
                                           "<｜tool▁call▁end｜>",
                                           "<｜tool▁calls▁end｜>",
                                           "<|tool_calls_begin|>",
                                           "<|python_tag|>",
                                           "text"};
  Rng rng(7);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (uint64_t n = rng.NextBelow(12); n > 0; --n) text += pieces[rng.NextBelow(pieces.size())];
    StreamParserOptions options;
    options.start = rng.NextBelow(2) == 0 ? StartState::kContent : StartState::kThinking;
    options.tools = static_cast<ToolSyntax>(rng.NextBelow(4));
    if (rng.NextBelow(8) == 0) options.max_tool_call_bytes = 40;
    ThinkingState whole_state{};
    const std::vector<Delta> whole = ParseOutput(options, text, &whole_state);
    StreamParser parser(options);
    std::vector<Delta> cut;
    for (size_t at = 0; at < text.size();) {
      const size_t length = 1 + rng.NextBelow(round % 3 == 0 ? 1 : 9);
      parser.Feed(std::string_view(text).substr(at, length), cut);
      at += length;
    }
    parser.Finish(cut);
    EXPECT_EQ(parser.held_bytes(), 0U) << text;
    ASSERT_EQ(MergeDeltas(cut), whole) << text;
    ASSERT_EQ(parser.thinking(), whole_state) << text;
  }
}

// Everything but white space and the tags themselves comes back, in order.
TEST(StreamParser, NothingIsLost) {
  Rng rng(11);
  const std::vector<std::string> pieces = {
      "<tool_call>", "</tool_call>",          "{\"name\":\"f\"}",    "{", "\"",
      "x",           "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<"};
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (uint64_t n = rng.NextBelow(10); n > 0; --n) text += pieces[rng.NextBelow(pieces.size())];
    std::string back;
    const auto options = Content(ToolSyntax::kDeepseek);
    for (const Delta& delta : ParseOutput(options, text)) back += delta.text;
    ASSERT_EQ(back, text);
  }
}

TEST(StreamParser, AdversarialOutputTakesLinearTime) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "<tool_call>{\"";
  EXPECT_EQ(Parse(Content(ToolSyntax::kHermes), text).size(), text.size() + 2);
  const std::string spaces(1 << 20, ' ');
  StreamParser parser(Thinking(ToolSyntax::kDeepseek));
  std::vector<Delta> out;
  parser.Feed("x", out);
  for (const char c : spaces) parser.Feed(std::string_view(&c, 1), out);
  parser.Finish(out);
  EXPECT_EQ(MergeDeltas(out).front().text, "x" + spaces);
}

}  // namespace
}  // namespace lemma::chat
