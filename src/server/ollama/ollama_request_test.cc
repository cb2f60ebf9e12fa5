// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/lemma_field.h"
#include "server/ollama/keep_alive.h"

namespace lemma::server::ollama {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(KeepAliveTest, ReadsDurationsAsGoDoes) {
  struct Case {
    std::string_view text;
    double seconds;
  };
  for (const auto& [text, seconds] :
       {Case{"5m", 300}, Case{"1h30m", 5400}, Case{"300ms", 0.3}, Case{"1.5h", 5400}, Case{"0", 0},
        Case{"3600", 3600}, Case{"-1", kForEver}, Case{"-1m", kForEver}, Case{"2h45m10.5s", 9910.5},
        Case{"1us", 1e-6}, Case{"+10s", 10}}) {
    const auto result = ParseKeepAlive(text);
    ASSERT_TRUE(result.ok()) << text << result.status().ToString();
    EXPECT_NEAR(*result, seconds, 1e-9) << text;
  }
  for (const std::string_view text : {"", "m", "5x", "1h30", "five", "5 m", ".", "1e3", "--1"}) {
    EXPECT_FALSE(ParseKeepAlive(text).ok()) << text;
  }
  EXPECT_EQ(*KeepAliveFromSeconds(-5), kForEver);
  EXPECT_EQ(*KeepAliveFromSeconds(1e18), kForEver);
  EXPECT_EQ(*KeepAliveFromSeconds(0), 0);
}

TEST(GenerateBodyTest, TheReadmeExample) {
  BodyNotes notes;
  const auto body =
      ParseGenerate(R"({"model": "llama3.2", "prompt": "Why is the sky blue?", "system": "Be brief",
        "options": {"temperature": 0.8, "top_k": 20, "num_predict": 100, "seed": 42, "num_ctx": 1024,
                    "stop": ["\n", "user:"], "repeat_last_n": -1}})",
                    notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  EXPECT_EQ(body->model.name, "llama3.2");
  EXPECT_TRUE(body->stream);
  EXPECT_FALSE(body->raw);
  EXPECT_EQ(body->num_ctx, 1024U);
  ASSERT_EQ(body->chat.conversation.messages.size(), 2U);
  EXPECT_EQ(body->chat.conversation.messages[0].role, chat::Role::kSystem);
  EXPECT_EQ(body->chat.conversation.messages[1].content, "Why is the sky blue?");
  const auto& settings = body->chat.settings;
  EXPECT_EQ(settings.max_tokens, 100U);
  EXPECT_THAT(settings.stop, ElementsAre("\n", "user:"));
  EXPECT_EQ(settings.sampling.temperature, 0.8F);
  EXPECT_EQ(settings.sampling.seed, 42U);
  EXPECT_EQ(settings.sampling.repeat_last_n, 0U);
  EXPECT_TRUE(notes.warnings().empty());
}

TEST(GenerateBodyTest, RawPromptsAreUsedAsTheyAre) {
  BodyNotes notes;
  const auto body = ParseGenerate(
      R"({"model":"m","raw":true,"prompt":"<|x|> hi","stream":false,"options":{"seed":-1}})",
      notes);
  ASSERT_TRUE(body.ok());
  EXPECT_TRUE(body->raw);
  EXPECT_FALSE(body->stream);
  EXPECT_EQ(body->completion.prompt, "<|x|> hi");
  EXPECT_TRUE(body->completion.parse_special);
  EXPECT_EQ(body->completion.settings.sampling.seed, std::nullopt);
}

TEST(GenerateBodyTest, AnEmptyPromptAsksToLoad) {
  BodyNotes notes;
  const auto body = ParseGenerate(R"({"model":"m","keep_alive":"10m"})", notes);
  ASSERT_TRUE(body.ok());
  EXPECT_TRUE(body->nothing_asked);
  EXPECT_EQ(body->model.keep_alive_seconds, 600);
}

TEST(GenerateBodyTest, WhatCannotBeDoneIsRefusedByName) {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  for (const auto& [text, message] :
       {Case{R"({"prompt":"x","format":"json"})", "format: output in a given form"},
        Case{R"({"prompt":"x","format":{"type":"object"}})", "format: output in a given form"},
        Case{R"({"prompt":"x","images":["aGk="]})", "images: this server takes no images"},
        Case{R"({"prompt":"x","suffix":"y"})", "suffix: "},
        Case{R"({"prompt":"x","template":"{{ .Prompt }}"})", "template: "},
        Case{R"({"prompt":"x","context":[1,2]})", "context: "},
        Case{R"({"prompt":"x","think":"very"})", "think: "},
        Case{R"({"prompt":"x","think":3})", "think: expected true, false or an effort"},
        Case{R"({"prompt":7})", "prompt: expected a string, found a number"},
        Case{R"({"prompt":"x","keep_alive":"soon"})", "keep_alive: \"soon\" is no duration"},
        Case{R"({"prompt":"x","options":{"num_predict":0.5}})",
             "options.num_predict: expected an int"},
        Case{R"({"prompt":"x","options":{"top_k":"a"}})", "options.top_k: expected an integer"},
        Case{R"({"prompt":"x","top_logprobs":3})", "top_logprobs: needs"},
        Case{R"({"prompt":"x","logprobs":true,"top_logprobs":21})", "top_logprobs: 21 is out of"},
        Case{R"({"raw":true,"prompt":"x","system":"s"})", "system: goes into the prompt"}}) {
    BodyNotes notes;
    const auto body = ParseGenerate(text, notes);
    ASSERT_FALSE(body.ok()) << text;
    EXPECT_EQ(body.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(body.status().message(), ::testing::StartsWith(std::string(message))) << text;
  }
}

TEST(GenerateBodyTest, WhatHasNoEffectIsAWarning) {
  BodyNotes notes;
  const auto body = ParseGenerate(
      R"({"prompt":"x","format":"","options":{"num_gpu":1,"mirostat":1,"tempereture":1},"extra":1})",
      notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  EXPECT_THAT(notes.warnings(), ElementsAre(HasSubstr("options.num_gpu: has no effect"),
                                            HasSubstr("options.mirostat: has no effect"),
                                            "options.tempereture: unknown field, ignored",
                                            "extra: unknown field, ignored"));
}

TEST(GenerateBodyTest, ThinkIsASwitchOrAnEffort) {
  struct Case {
    std::string_view think;
    chat::Thinking thinking;
    std::optional<size_t> budget;
    bool show;
  };
  for (const auto& [think, thinking, budget, show] :
       {Case{"true", chat::Thinking::kOn, std::nullopt, true},
        Case{"false", chat::Thinking::kOff, std::nullopt, false},
        Case{"null", chat::Thinking::kDefault, std::nullopt, true},
        Case{"\"low\"", chat::Thinking::kOn, 1024, true}}) {
    BodyNotes notes;
    const auto body =
        ParseGenerate("{\"prompt\":\"x\",\"think\":" + std::string(think) + "}", notes);
    ASSERT_TRUE(body.ok()) << think;
    EXPECT_EQ(body->chat.conversation.thinking, thinking) << think;
    EXPECT_EQ(body->chat.settings.thinking_budget, budget) << think;
    EXPECT_EQ(body->show_thinking, show) << think;
  }
}

TEST(ChatBodyTest, MessagesToolsAndCalls) {
  BodyNotes notes;
  const auto body = ParseChat(R"({"model":"m:latest","messages":[
      {"role":"system","content":"s"},
      {"role":"user","content":"weather?"},
      {"role":"assistant","content":"","thinking":"hm","tool_calls":[
        {"id":"c1","function":{"index":0,"name":"get","arguments":{"city":"Ulm","n":1.5}}}]},
      {"role":"tool","content":"21","tool_name":"get","tool_call_id":"c1"}],
    "tools":[{"type":"function","function":{"name":"get","description":"d",
      "parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}],
    "truncate":true,"stream":false})",
                              notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  const chat::Conversation& conversation = body->chat.conversation;
  ASSERT_EQ(conversation.messages.size(), 4U);
  EXPECT_EQ(conversation.messages[2].reasoning, "hm");
  ASSERT_EQ(conversation.messages[2].tool_calls.size(), 1U);
  EXPECT_EQ(conversation.messages[2].tool_calls[0].id, "c1");
  EXPECT_EQ(conversation.messages[2].tool_calls[0].arguments, R"({"city":"Ulm","n":1.5E0})");
  EXPECT_EQ(conversation.messages[3].name, "get");
  EXPECT_EQ(conversation.messages[3].tool_call_id, "c1");
  ASSERT_EQ(conversation.tools.size(), 1U);
  EXPECT_EQ(conversation.tools[0].parameters,
            R"({"type":"object","properties":{"city":{"type":"string"}}})");
  EXPECT_EQ(conversation.end, chat::PromptEnd::kGenerate);
  EXPECT_EQ(body->chat.settings.on_overflow, service::OnOverflow::kDropOldest);
  EXPECT_TRUE(notes.warnings().empty());
}

TEST(ChatBodyTest, AnAssistantAtTheEndIsContinued) {
  BodyNotes notes;
  const auto body = ParseChat(
      R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"The"}]})",
      notes);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->chat.conversation.end, chat::PromptEnd::kContinueFinal);
}

TEST(ChatBodyTest, BadMessagesNameTheirIndex) {
  struct Case {
    std::string_view messages;
    std::string_view message;
  };
  for (const auto& [messages, message] :
       {Case{R"([{"role":"user","content":"a"},{"role":"robot"}])", "messages[1].role: expected"},
        Case{R"([7])", "messages[0]: expected an object"},
        Case{R"([{"role":"user","content":["a"]}])", "messages[0].content: expected a string"},
        Case{R"([{"role":"user","images":["x"]}])", "messages[0].images: this server"},
        Case{R"([{"role":"user","tool_calls":[{"function":{"name":"f"}}]}])",
             "messages[0].tool_calls: belong to"},
        Case{R"([{"role":"assistant","tool_calls":[{"function":{"arguments":{}}}]}])",
             "messages[0].tool_calls[0].function.name: is missing"}}) {
    BodyNotes notes;
    const auto body = ParseChat("{\"messages\":" + std::string(messages) + "}", notes);
    ASSERT_FALSE(body.ok()) << messages;
    EXPECT_THAT(body.status().message(), ::testing::StartsWith(std::string(message)));
  }
}

TEST(ChatBodyTest, NamesOfTools) {
  const auto parse = [](const std::string& first, const std::string& second) {
    BodyNotes notes;
    const auto tool = [](const std::string& name) {
      return R"({"type":"function","function":{"name":")" + name + "\"}}";
    };
    return ParseChat(R"({"messages":[],"tools":[)" + tool(first) + "," + tool(second) + "]}", notes)
        .status();
  };
  EXPECT_TRUE(parse("files/read", "files.write_2:x").ok()) << "as servers of tools name them";
  EXPECT_THAT(parse("f", "f").message(), HasSubstr("tools[1].function.name: 'f' is the name of"));
  for (const char* bad : {"a b", "a\\n", "a\\\"b", "<f>", "größe"}) {
    EXPECT_THAT(parse("f", bad).message(), HasSubstr("tools[1].function.name: expected 1 to 128"));
  }
  EXPECT_THAT(parse(std::string(129, 'x'), "f").message(),
              HasSubstr("tools[0].function.name: exp"));
}

TEST(EmbedBodyTest, OneTextOrMany) {
  BodyNotes notes;
  const auto many = ParseEmbed(R"({"model":"m","input":["a","b"],"truncate":false})", notes);
  ASSERT_TRUE(many.ok());
  EXPECT_THAT(many->inputs, ElementsAre("a", "b"));
  EXPECT_FALSE(many->truncate);
  const auto one = ParseEmbed(R"({"model":"m","input":"a","dimensions":4})", notes);
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->dimensions, 4U);
  EXPECT_FALSE(ParseEmbed(R"({"input":[1]})", notes).ok());
  BodyNotes fresh;
  const auto old = ParseEmbeddings(R"({"model":"m","prompt":"a"})", fresh);
  ASSERT_TRUE(old.ok());
  EXPECT_THAT(old->inputs, ElementsAre("a"));
}

TEST(ShowBodyTest, ModelUnderBothNames) {
  BodyNotes notes;
  EXPECT_EQ(ParseShow(R"({"model":"a"})", notes)->model, "a");
  EXPECT_EQ(ParseShow(R"({"name":"b","verbose":true})", notes)->model, "b");
}

TEST(ChatBodyTest, LemmaAsksForAVerifiedAnswer) {
  BodyNotes notes;
  const auto chat =
      ParseChat(R"({"messages":[{"role":"user","content":"x"}],"lemma":true})", notes);
  ASSERT_TRUE(chat.ok());
  EXPECT_TRUE(chat->model.lemma->on);
  const auto generate = ParseGenerate(R"({"prompt":"x","lemma":{"chains":2}})", notes);
  ASSERT_TRUE(generate.ok());
  EXPECT_EQ(generate->model.lemma->fields.options.chains, 2U);
  EXPECT_TRUE(notes.warnings().empty());
  const auto error = [](std::string_view body) {
    BodyNotes each;
    return ParseGenerate(body, each).status().message();
  };
  EXPECT_THAT(error(R"({"prompt":"x","lemma":3})"), HasSubstr("lemma: expected true, false or"));
  EXPECT_THAT(error(R"({"prompt":"x","lemma":{"seed":"a"}})"), HasSubstr("lemma.seed: expected"));
  EXPECT_THAT(error(R"({"prompt":"x","raw":true,"lemma":true})"), HasSubstr("lemma: a finished"));
  EXPECT_EQ(error(R"({"prompt":"x","raw":true,"lemma":false})"), "");
}

}  // namespace
}  // namespace lemma::server::ollama
