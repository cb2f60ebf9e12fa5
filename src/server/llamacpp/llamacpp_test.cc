// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "server/llamacpp/reply.h"
#include "server/llamacpp/request.h"

namespace lemma::server::llamacpp {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(CompletionBodyTest, TheReadmeExample) {
  BodyNotes notes;
  const auto body = ParseCompletion(
      R"({"prompt":"Building a website can be done in 10 simple steps:","n_predict":128,
          "cache_prompt":true,"n_probs":3,"stop":["\n\n"],"seed":7,"top_k":40,"id_slot":-1,
          "stream":true,"t_max_predict_ms":1500,"grammar":""})",
      notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  const auto& settings = body->completion.settings;
  EXPECT_TRUE(body->stream);
  EXPECT_TRUE(body->completion.parse_special);
  EXPECT_EQ(settings.max_tokens, 128U);
  EXPECT_EQ(settings.timeout_seconds, 1.5);
  EXPECT_EQ(settings.sampling.top_logprobs, 3U);
  EXPECT_EQ(settings.sampling.seed, 7U);
  EXPECT_THAT(settings.stop, ElementsAre("\n\n"));
  EXPECT_THAT(notes.warnings(), IsEmpty());
}

TEST(CompletionBodyTest, WhatCannotBeDoneIsRefusedByName) {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  for (const auto& [text, message] :
       {Case{R"({})", "prompt: is missing"},
        Case{R"({"prompt":["a","b"]})", "prompt: expected a text or token ids"},
        Case{R"({"prompt":[1,"b"]})", "prompt[1]: expected a token id, found a string"},
        Case{R"({"prompt":"x","grammar":"root ::= \"a\""})", "grammar: output in a given form"},
        Case{R"({"prompt":"x","json_schema":{}})", "json_schema: output in a given form"},
        Case{R"({"prompt":"x","lora":[]})", "lora: adapters"},
        Case{R"({"prompt":"x","n":2})", "n: expected 1"},
        Case{R"({"prompt":"x","n_probs":21})", "n_probs: 21 is out of range"}}) {
    BodyNotes notes;
    const auto body = ParseCompletion(text, notes);
    ASSERT_FALSE(body.ok()) << text;
    EXPECT_THAT(body.status().message(), StartsWith(std::string(message)));
  }
}

TEST(CompletionBodyTest, APromptOfTokens) {
  BodyNotes notes;
  const auto body = ParseCompletion(R"({"prompt":[3,1,2]})", notes);
  ASSERT_TRUE(body.ok()) << body.status().ToString();
  EXPECT_THAT(body->completion.prompt_tokens, ElementsAre(3, 1, 2));
}

TEST(CompletionBodyTest, WhatHasNoEffectIsAWarning) {
  BodyNotes notes;
  ASSERT_TRUE(ParseCompletion(R"({"prompt":"x","mirostat":2,"id_slot":3,"what":1})", notes).ok());
  EXPECT_THAT(notes.warnings(),
              ElementsAre(HasSubstr("mirostat: has no effect"), HasSubstr("id_slot: has no effect"),
                          "what: unknown field, ignored"));
}

TEST(TokenBodiesTest, FieldsAndErrors) {
  BodyNotes notes;
  const auto tokenize = ParseTokenize(R"({"content":"hi","add_special":true})", notes);
  ASSERT_TRUE(tokenize.ok());
  EXPECT_TRUE(tokenize->add_special);
  EXPECT_TRUE(tokenize->parse_special);
  EXPECT_THAT(ParseDetokenize(R"({"tokens":[1,2]})", notes)->tokens, ElementsAre(1, 2));
  BodyNotes missing;
  EXPECT_EQ(ParseTokenize("{}", missing).status().message(), "content: is missing");
  BodyNotes bad;
  EXPECT_EQ(ParseDetokenize(R"({"tokens":[1,-2]})", bad).status().message(),
            "tokens[1]: expected a token id");
  BodyNotes chat;
  const auto apply = ParseApplyTemplate(
      R"({"messages":[{"role":"user","content":"q"}],"add_generation_prompt":false})", chat);
  ASSERT_TRUE(apply.ok()) << apply.status().ToString();
  EXPECT_EQ(apply->conversation.end, chat::PromptEnd::kClosed);
}

TEST(ReplyTest, PiecesAndTheEnd) {
  ReplyShape shape;
  shape.model = "m";
  shape.tokens = true;
  shape.logprobs = true;
  shape.token_text = [](int32_t token) { return std::string_view(token == 1 ? "hi" : "\xE4"); };
  shape.warnings = {"w"};
  ReplyText text;
  text.content = "hi\n";
  text.tokens.push_back({1, -0.5F, {{2, -1.0F}}});
  const json::value piece = json::parse(PieceJson(shape, text, 9));
  EXPECT_EQ(piece.at("stop"), false);
  EXPECT_EQ(piece.at("tokens"), json::parse("[1]"));
  const json::value& row = piece.at("completion_probabilities").at(0);
  EXPECT_EQ(row.at("token"), "hi");
  EXPECT_EQ(row.at("top_logprobs").at(0).at("bytes"), json::parse("[228]"));
  service::StreamEvent finish;
  finish.kind = service::StreamEvent::Kind::kFinish;
  finish.finish = service::FinishReason::kStopString;
  finish.matched_stop = "END";
  finish.usage.prompt_tokens = 10;
  finish.usage.cached_tokens = 6;
  finish.usage.generated_tokens = 4;
  finish.usage.prefill_seconds = 0.5;
  finish.usage.decode_seconds = 2;
  const json::value last = json::parse(FinalJson(shape, text, finish));
  EXPECT_EQ(last.at("stop_type"), "word");
  EXPECT_EQ(last.at("stopping_word"), "END");
  EXPECT_EQ(last.at("has_new_line"), true);
  EXPECT_EQ(last.at("truncated"), false);
  EXPECT_EQ(last.at("timings").at("prompt_n"), 4);
  EXPECT_EQ(last.at("timings").at("predicted_per_second"), 2.0);
  EXPECT_EQ(last.at("warnings").at(0), "w");
}

TEST(ReplyTest, ErrorsCarryTheirStatus) {
  ApiError error;
  error.kind = ErrorKind::kModelLoading;
  error.message = "loading: 40 %";
  const Response response = FormatError(error);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body,
            R"({"error":{"code":503,"message":"loading: 40 %","type":"model_loading"}})");
}

}  // namespace
}  // namespace lemma::server::llamacpp
