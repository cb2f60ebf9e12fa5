// SPDX-License-Identifier: Apache-2.0
#include "server/openai/chat_request.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "server/dialect/lemma_field.h"

namespace lemma::server::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Parsed {
  ChatBody body;
  std::vector<std::string> warnings;
};

Parsed Must(std::string_view text) {
  BodyNotes notes;
  auto body = ParseChat(text, notes);
  EXPECT_TRUE(body.ok()) << body.status().ToString();
  if (!body.ok()) return {};
  return {std::move(*body), notes.warnings()};
}

// A chat with these further fields.
std::string With(const std::string& fields) {
  if (fields.starts_with("\"messages\"")) return "{" + fields + "}";
  return R"({"messages":[{"role":"user","content":"hi"}],)" + fields + "}";
}

Status Error(const std::string& fields) {
  BodyNotes notes;
  return ParseChat(With(fields), notes).status();
}

TEST(ChatRequest, BiasesOfTokensAndTexts) {
  const auto of = [](const std::string& bias) {
    return Must(With(R"("logit_bias":)" + bias)).body.chat.settings.sampling;
  };
  const float never = -std::numeric_limits<float>::infinity();
  service::SamplingOverrides sampling = of(R"({"7":-100,"Sorry":false," yes":5})");
  EXPECT_THAT(sampling.logit_bias, ElementsAre(Pair(7, -100.0F)));
  EXPECT_THAT(sampling.text_bias, ElementsAre(Pair("Sorry", never), Pair(" yes", 5.0F)));
  sampling = of(R"([[7,-1],["7",1.5],["等",false]])");
  EXPECT_THAT(sampling.logit_bias, ElementsAre(Pair(7, -1.0F)));
  EXPECT_THAT(sampling.text_bias, ElementsAre(Pair("7", 1.5F), Pair("等", never)));
}

TEST(ChatRequest, WindowsAndSharesAsOtherServersMeanThem) {
  const auto of = [](const std::string& fields) {
    return Must(With(fields)).body.chat.settings.sampling;
  };
  EXPECT_EQ(of(R"("repeat_penalty":1.2,"repeat_last_n":-1)").repeat_last_n, 0U) << "all";
  EXPECT_EQ(of(R"("repeat_penalty":1.2,"repeat_last_n":0)").repeat_penalty, 1.0F) << "off";
  EXPECT_EQ(of(R"("repeat_penalty":1.2,"repeat_last_n":9)").repeat_last_n, 9U);
  EXPECT_EQ(Error(R"("repeat_last_n":-2)").code(), StatusCode::kInvalidArgument);
  const float least = *of(R"("top_p":0)").top_p;
  EXPECT_GT(least, 0.0F);
  EXPECT_LT(least, 1e-6F);
}

TEST(ChatRequest, TheSmallestBody) {
  const Parsed parsed = Must(R"({"messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(parsed.body.model.name, "");
  ASSERT_EQ(parsed.body.chat.conversation.messages.size(), 1U);
  EXPECT_EQ(parsed.body.chat.conversation.messages[0].content, "hi");
  EXPECT_EQ(parsed.body.chat.settings.samples, 1U);
  EXPECT_FALSE(parsed.body.stream);
  EXPECT_THAT(parsed.warnings, IsEmpty());
}

TEST(ChatRequest, EveryFieldArrives) {
  const Parsed parsed = Must(With(
      R"("model":"m","max_tokens":7,"max_completion_tokens":7,"temperature":0.5,"top_p":0.9,)"
      R"("top_k":5,"min_p":0.1,"typical_p":0.8,"seed":12,"stop":["a","b"],"n":3,)"
      R"("presence_penalty":1,"frequency_penalty":-1,"repeat_penalty":1.1,"repeat_last_n":32,)"
      R"("dry_multiplier":0.5,"dry_base":1.5,"dry_allowed_length":3,"logit_bias":{"7":-100},)"
      R"("logprobs":true,"top_logprobs":4,"stream":true,"stream_options":{"include_usage":true},)"
      R"("min_tokens":2,"ignore_eos":true,"stop_token_ids":[3],"timeout_ms":1500,"priority":-2,)"
      R"("truncation":"auto","include_reasoning":false,"user":"u","thinking_budget_tokens":64)"));
  const service::GenerateSettings& settings = parsed.body.chat.settings;
  const service::SamplingOverrides& sampling = settings.sampling;
  EXPECT_EQ(parsed.body.model.name, "m");
  EXPECT_EQ(settings.max_tokens, 7U);
  EXPECT_EQ(sampling.temperature, 0.5F);
  EXPECT_EQ(sampling.top_p, 0.9F);
  EXPECT_EQ(sampling.top_k, 5U);
  EXPECT_EQ(sampling.min_p, 0.1F);
  EXPECT_EQ(sampling.typical_p, 0.8F);
  EXPECT_EQ(sampling.seed, 12U);
  EXPECT_THAT(settings.stop, ElementsAre("a", "b"));
  EXPECT_EQ(settings.samples, 3U);
  EXPECT_EQ(sampling.presence_penalty, 1.0F);
  EXPECT_EQ(sampling.frequency_penalty, -1.0F);
  EXPECT_EQ(sampling.repeat_penalty, 1.1F);
  EXPECT_EQ(sampling.repeat_last_n, 32U);
  EXPECT_EQ(sampling.dry_multiplier, 0.5F);
  EXPECT_EQ(sampling.dry_base, 1.5F);
  EXPECT_EQ(sampling.dry_allowed_length, 3U);
  EXPECT_THAT(sampling.logit_bias, ElementsAre(Pair(7, -100.0F)));
  EXPECT_EQ(sampling.top_logprobs, 4U);
  EXPECT_TRUE(parsed.body.stream && parsed.body.include_usage && parsed.body.logprobs);
  EXPECT_FALSE(parsed.body.include_reasoning);
  EXPECT_EQ(settings.min_tokens, 2U);
  EXPECT_TRUE(settings.ignore_eos);
  EXPECT_THAT(settings.stop_token_ids, ElementsAre(3));
  EXPECT_EQ(settings.timeout_seconds, 1.5);
  EXPECT_EQ(settings.priority, -2);
  EXPECT_EQ(settings.on_overflow, service::OnOverflow::kDropOldest);
  EXPECT_EQ(settings.thinking_budget, 64U);
  EXPECT_THAT(parsed.warnings, IsEmpty());
}

TEST(ChatRequest, PenaltyAndBudgetUnderTheirOtherNames) {
  const Parsed parsed = Must(With(R"("repetition_penalty":1.2,"thinking_token_budget":5)"));
  EXPECT_EQ(parsed.body.chat.settings.sampling.repeat_penalty, 1.2F);
  EXPECT_EQ(parsed.body.chat.settings.thinking_budget, 5U);
  EXPECT_EQ(Must(With(R"("thinking_budget_tokens":-1)")).body.chat.settings.thinking_budget,
            std::nullopt);
}

TEST(ChatRequest, EffortAndTheSwitchOfThinking) {
  EXPECT_EQ(Must(With(R"("reasoning_effort":"none")")).body.chat.conversation.thinking,
            chat::Thinking::kOff);
  EXPECT_TRUE(Must(With(R"("reasoning_effort":"low")")).body.chat.settings.thinking_budget);
  EXPECT_EQ(Must(With(R"("chat_template_kwargs":{"enable_thinking":false,"x":[1]})"))
                .body.chat.conversation.thinking,
            chat::Thinking::kOff);
  const Parsed parsed = Must(With(R"("chat_template_kwargs":{"x":[1]})"));
  EXPECT_THAT(parsed.body.chat.conversation.kwargs, ElementsAre(Pair("x", "[1]")));
  EXPECT_EQ(parsed.warnings.size(), 1U);
  EXPECT_EQ(Error(R"("reasoning_effort":"huge")").code(), StatusCode::kInvalidArgument);
}

TEST(ChatRequest, FieldsThatContradictEachOtherAreTold) {
  const auto warning = [](const char* fields) {
    const Parsed parsed = Must(With(fields));
    EXPECT_EQ(parsed.warnings.size(), 1U) << fields;
    return parsed.warnings.empty() ? std::string() : parsed.warnings.front();
  };
  EXPECT_EQ(warning(R"("max_tokens":9,"max_completion_tokens":7)"),
            "max_tokens: is not used: \"max_completion_tokens\" is there too");
  EXPECT_EQ(warning(R"("repeat_penalty":1.1,"repetition_penalty":1.2)"),
            "repetition_penalty: is not used: \"repeat_penalty\" is there too");
  EXPECT_EQ(warning(R"("thinking_token_budget":5,"thinking_budget_tokens":6)"),
            "thinking_token_budget: is not used: \"thinking_budget_tokens\" is there too");
  EXPECT_EQ(warning(R"("reasoning_effort":"none","thinking_budget_tokens":6)"),
            "thinking_budget_tokens: has no effect: the request asks for no thinking");
  EXPECT_EQ(warning(R"("mirostat":2)"), "mirostat: is not supported here, ignored");
  EXPECT_EQ(warning(R"("best_of":2)"), "best_of: is not supported here, ignored");
  EXPECT_THAT(Must(With(R"("thinking_token_budget":6,"thinking_budget_tokens":6)")).warnings,
              IsEmpty());
}

TEST(ChatRequest, MessagesAndToolsThatMakeNoSense) {
  const auto fails = [](std::string_view body, std::string_view message) {
    BodyNotes notes;
    const auto parsed = ParseChat(body, notes);
    ASSERT_FALSE(parsed.ok()) << body;
    EXPECT_EQ(parsed.status().message(), message);
  };
  fails(R"({"messages":[{"role":"user"}]})", "messages[0].content: is missing");
  fails(R"({"messages":[{"role":"user","content":null}]})", "messages[0].content: is missing");
  EXPECT_EQ(Error(R"("chat_template_kwargs":{"enable_thinking":"no"})").message(),
            "chat_template_kwargs.enable_thinking: expected true or false, found a string");
  const auto tool = [](std::string_view name, std::string_view type) {
    return fmt::format(
        R"({{"type":"function","function":{{"name":"{}","parameters":{{"type":"object",)"
        R"("properties":{{"x":{{"type":"{}"}}}}}}}}}})",
        name, type);
  };
  EXPECT_EQ(Error(fmt::format(R"("tools":[{}])", tool("f", "strnig"))).message(),
            "tools[0].function.parameters.properties.x.type: expected a type of JSON schema");
  EXPECT_EQ(Error(fmt::format(R"("tools":[{}])", tool("f g", "string"))).message(),
            "tools[0].function.name: expected 1 to 64 of a-z, A-Z, 0-9, _ and -");
  const std::string good = tool("f", "string");
  EXPECT_EQ(Error(fmt::format(R"("tools":[{},{}])", good, good)).message(),
            "tools[1].function.name: 'f' is the name of another tool too");
  const Parsed parsed = Must(R"({"messages":[{"role":"user","content":"a"},
      {"role":"tool","tool_call_id":"c","content":"2"}]})");
  EXPECT_THAT(parsed.warnings,
              ElementsAre("messages[1]: a result of a tool, and no call before it"));
}

TEST(ChatRequest, SaltsTellTenantsApart) {
  const auto salt = [](const char* fields) {
    return Must(With(fields)).body.chat.settings.cache_salt;
  };
  EXPECT_EQ(salt(R"("cache_salt":"a")"), salt(R"("cache_salt":"a")"));
  EXPECT_NE(salt(R"("cache_salt":"a")"), salt(R"("cache_salt":"b")"));
  EXPECT_EQ(salt(R"("cache_prompt":true)"), 0U);
  EXPECT_NE(salt(R"("cache_prompt":false)"), salt(R"("cache_prompt":false)"));
}

TEST(ChatRequest, MessagesOfEveryKind) {
  const Parsed parsed = Must(R"({"messages":[
      {"role":"developer","content":"be brief"},
      {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
      {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[
        {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]},
      {"role":"tool","tool_call_id":"c1","content":"2"},
      {"role":"assistant","content":"so"}],
      "continue_final_message":true,"add_generation_prompt":false,
      "tools":[{"type":"function","function":{"name":"f","description":"d",
        "parameters":{"type":"object"}}}],"tool_choice":"auto"})");
  const chat::Conversation& conversation = parsed.body.chat.conversation;
  ASSERT_EQ(conversation.messages.size(), 5U);
  EXPECT_EQ(conversation.messages[0].role, chat::Role::kSystem);
  EXPECT_EQ(conversation.messages[1].content, "ab");
  EXPECT_EQ(conversation.messages[2].reasoning, "hm");
  EXPECT_EQ(conversation.messages[2].tool_calls,
            (std::vector<chat::ToolCall>{{"c1", "f", R"({"x":1})"}}));
  EXPECT_EQ(conversation.messages[3].tool_call_id, "c1");
  EXPECT_EQ(conversation.end, chat::PromptEnd::kContinueFinal);
  EXPECT_EQ(conversation.tools, (std::vector<chat::ToolSpec>{{"f", "d", R"({"type":"object"})"}}));
  EXPECT_THAT(parsed.warnings, IsEmpty());
}

TEST(ChatRequest, ToolChoiceNoneHidesTheTools) {
  const char* fields =
      R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none")";
  EXPECT_THAT(Must(With(fields)).body.chat.conversation.tools, IsEmpty());
}

TEST(ChatRequest, UnknownFieldsAreToldNotSwallowed) {
  const Parsed parsed = Must(With(R"("tpyo":2,"stream_options":null,"store":true)"));
  EXPECT_THAT(parsed.warnings, ElementsAre("store: has no effect: this server keeps nothing",
                                           "tpyo: unknown field, ignored"));
}

struct BadField {
  const char* fields;
  const char* message;  // begins with
  StatusCode code = StatusCode::kInvalidArgument;
};

class BadFields : public ::testing::TestWithParam<BadField> {};

TEST_P(BadFields, AreNamed) {
  const Status status = Error(GetParam().fields);
  EXPECT_EQ(status.code(), GetParam().code) << GetParam().fields;
  EXPECT_THAT(status.message(), ::testing::StartsWith(GetParam().message)) << GetParam().fields;
}

constexpr StatusCode kNotYet = StatusCode::kUnsupported;
INSTANTIATE_TEST_SUITE_P(
    All, BadFields,
    ::testing::Values(
        BadField{R"("n":0)", "n: 0 is out of range"}, BadField{R"("n":65)", "n: 65 is out"},
        BadField{R"("n":1.5)", "n: expected an integer"},
        BadField{R"("n":9223372036854775808)", "n: expected an integer"},
        BadField{R"("max_tokens":-2)", "max_tokens: -2 is out of range"},
        BadField{R"("max_tokens":"9")", "max_tokens: expected an integer, found a string"},
        BadField{R"("temperature":"hot")", "temperature: expected a number"},
        BadField{R"("temperature":1e999)", "temperature: expected a finite number"},
        BadField{R"("seed":-2)", "seed: -2 is out of range"},
        BadField{R"("top_k":-2)", "top_k: -2 is out of range"},
        BadField{R"("stop":[1])", "stop[0]: expected a string"},
        BadField{R"("stop":"")", "stop[0]: is empty"},
        BadField{R"("stop":["a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a"])",
                 "stop: 17 strings, at most 16"},
        BadField{R"("logit_bias":{"":1})", "logit_bias: expected token ids"},
        BadField{R"("logit_bias":[[-1,1]])", "logit_bias: expected token ids"},
        BadField{R"("logit_bias":[[1.5,1]])", "logit_bias: expected token ids"},
        BadField{R"("logit_bias":{"1":101})", "logit_bias: expected for each token a number"},
        BadField{R"("logit_bias":{"1":true})", "logit_bias: expected for each token a number"},
        BadField{R"("logit_bias":[[1]])", "logit_bias: expected an object, or pairs"},
        BadField{R"("top_logprobs":2)", "top_logprobs: goes with \"logprobs\""},
        BadField{R"("logprobs":true,"top_logprobs":21)", "top_logprobs: 21 is out of range"},
        BadField{R"("stream_options":{"include_usage":true})", "stream_options: goes with"},
        BadField{R"("timeout_ms":0)", "timeout_ms: expected a number above 0"},
        BadField{R"("thinking_budget_tokens":-2)", "thinking_budget_tokens: -2 is out of range"},
        BadField{R"("truncation":"some")", "truncation: expected"},
        BadField{R"("reasoning_format":"none")", "reasoning_format: expected"},
        BadField{R"("tools":[{"type":"web"}])", "tools[0].type: expected \"function\""},
        BadField{R"("tools":[{"type":"function","function":{}}])",
                 "tools[0].function.name: is missing"},
        BadField{R"("tools":[{"type":"function","function":{"name":"f","strict":true}}])",
                 "tools[0].function.strict: ", kNotYet},
        BadField{R"("tool_choice":"required")", "tool_choice: ", kNotYet},
        BadField{R"("tool_choice":{"type":"function","function":{"name":"f"}})",
                 "tool_choice: ", kNotYet},
        BadField{R"("tool_choice":"sometimes")", "tool_choice: expected"},
        BadField{R"("response_format":{"type":"json_object"})", "response_format: ", kNotYet},
        BadField{R"("response_format":{"type":"json_schema","json_schema":{"schema":{}}})",
                 "response_format: ", kNotYet},
        BadField{R"("response_format":{"type":"json_schema"})",
                 "response_format.json_schema: is missing"},
        BadField{R"("response_format":{"type":"xml"})", "response_format.type: expected"},
        BadField{R"("grammar":"root ::= x")", "grammar: ", kNotYet},
        BadField{R"("functions":[])", "functions: is out of date"},
        BadField{R"("modalities":["audio"])", "modalities: this server gives text only"},
        BadField{R"("continue_final_message":true,"add_generation_prompt":true)",
                 "continue_final_message: does not go with"},
        BadField{R"("messages":[])", "messages: expected at least one message"},
        BadField{R"("messages":"hi")", "messages: expected a list"},
        BadField{R"("messages":[{"role":"user","content":[{"type":"image_url"}]}])",
                 "messages[0].content[0].type: 'image_url'"},
        BadField{R"("messages":[{"role":"boss","content":"x"}])", "messages[0].role: expected"}));

TEST(ChatRequest, AResponseFormatOfTextIsFine) {
  EXPECT_THAT(Must(With(R"("response_format":{"type":"text"})")).warnings, IsEmpty());
}

TEST(ChatRequest, LemmaAsksForAVerifiedAnswer) {
  EXPECT_EQ(Must(With(R"("seed":1)")).body.model.lemma, nullptr);
  const Parsed parsed = Must(With(R"("lemma":{"chains":4,"seed":7})"));
  ASSERT_NE(parsed.body.model.lemma, nullptr);
  EXPECT_EQ(parsed.body.model.lemma->fields.options.chains, 4U);
  EXPECT_THAT(parsed.warnings, IsEmpty());
  EXPECT_EQ(Error(R"("lemma":3)").message(),
            "lemma: expected true, false or an object of options, found a number");
  EXPECT_THAT(Error(R"("lemma":{"chains":-1})").message(), HasSubstr("lemma.chains: -1 is out"));
}

}  // namespace
}  // namespace lemma::server::openai
