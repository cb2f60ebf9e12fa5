// SPDX-License-Identifier: Apache-2.0
#include "server/openai/completion_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "server/openai/reply_testing.h"

namespace lemma::server::openai {
namespace {

namespace json = boost::json;
using service::FinishReason;
using service::StreamEvent;
using Kind = StreamEvent::Kind;
using testing::Body;
using testing::Events;
using testing::Finish;
using testing::Spelling;
using testing::Started;
using testing::Text;

TEST(CompletionReply, TheLikeliestSamples) {
  CompletionReplyOptions options;
  options.id = "cmpl-1";
  options.choices = 1;
  options.echo = {{"Q", {}}};
  CompletionObject object(options);
  object.Start(Started(2), Spelling);
  const float logprobs[] = {-2.0F, -0.1F};
  for (size_t sample = 0; sample < 2; ++sample) {
    StreamEvent event = Text(Kind::kContent, sample == 0 ? "bad" : "good", sample);
    event.logprobs.push_back({});
    event.logprobs[0].logprob = logprobs[sample];
    object.Add(event);
    object.Add(Finish(FinishReason::kStop, sample));
  }
  const json::value body = Body(object.End());
  ASSERT_EQ(body.at("choices").as_array().size(), 1U);
  EXPECT_EQ(body.at("choices").at(0).at("text"), "Qgood");
  EXPECT_EQ(body.at("object"), "text_completion");
}

// Two prompts of two samples each, the second one of tokens.
CompletionReplyOptions TwoPrompts() {
  CompletionReplyOptions options;
  options.prompts = 2;
  options.choices = 2;
  options.echo = {{"Q", {}}, {"", {2, 2}}};
  options.include_usage = true;
  return options;
}

TEST(CompletionReply, ChoicesOfSeveralPromptsAreNumberedThrough) {
  CompletionObject object(TwoPrompts());
  object.Start(Started(4), Spelling);
  for (size_t sample = 0; sample < 4; ++sample) {
    object.Add(Text(Kind::kContent, std::to_string(sample), sample));
    StreamEvent finish = Finish(FinishReason::kStop, sample);
    finish.usage.prompt_tokens = sample < 2 ? 10 : 30;
    finish.usage.cached_tokens = sample % 2 == 0 ? 0 : 4;  // the second found the first's pages
    object.Add(finish);
  }
  const json::value body = Body(object.End());
  const json::array& choices = body.at("choices").as_array();
  ASSERT_EQ(choices.size(), 4U);
  const std::string_view texts[] = {"Q0", "Q1", "abab2", "abab3"};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(choices[i].at("index"), i);
    EXPECT_EQ(choices[i].at("text").as_string(), texts[i]);
  }
  EXPECT_EQ(body.at("usage").at("prompt_tokens"), 40) << "each prompt once";
  EXPECT_EQ(body.at("usage").at("prompt_tokens_details").at("cached_tokens"), 8);
  EXPECT_EQ(body.at("usage").at("completion_tokens"), 20);
}

TEST(CompletionReply, ChunksOfSeveralPromptsAreNumberedThrough) {
  CompletionChunks chunks(TwoPrompts());
  std::string text = chunks.Start(Started(4), Spelling);
  for (const size_t sample : {3, 0, 2, 1}) {
    text += chunks.Add(Text(Kind::kContent, "x", sample));
    text += chunks.Add(Finish(FinishReason::kStop, sample));
  }
  text += chunks.End();
  std::vector<std::string> texts(4);
  size_t finishes = 0;
  const std::vector<json::value> events = Events(text);
  for (const json::value& event : events) {
    if (!event.is_object() || event.at("choices").as_array().empty()) continue;
    const json::value& choice = event.at("choices").at(0);
    texts[choice.at("index").to_number<size_t>()] += choice.at("text").as_string();
    if (choice.at("finish_reason").is_string()) ++finishes;
  }
  EXPECT_THAT(texts, ::testing::ElementsAre("Qx", "Qx", "ababx", "ababx"));
  EXPECT_EQ(finishes, 4U);
  EXPECT_EQ(events[events.size() - 2].at("usage").at("prompt_tokens"), 20);
  EXPECT_EQ(events.back(), "[DONE]");
}

TEST(CompletionReply, ChunksWithLogprobs) {
  CompletionReplyOptions options;
  options.logprobs = true;
  CompletionChunks chunks(options);
  std::string text = chunks.Start(Started(), Spelling);
  StreamEvent event = Text(Kind::kContent, "ab");
  event.logprobs.push_back({});
  event.logprobs[0].token = 2;
  event.logprobs[0].logprob = -1.0F;
  text += chunks.Add(event);
  text += chunks.Add(event);
  text += chunks.Add(Finish(FinishReason::kLength));
  text += chunks.End();
  const std::vector<json::value> events = Events(text);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[1].at("choices").at(0).at("text"), "ab");
  EXPECT_EQ(events[1].at("choices").at(0).at("logprobs").at("text_offset"), json::parse("[2]"));
  EXPECT_EQ(events[2].at("choices").at(0).at("finish_reason"), "length");
  EXPECT_EQ(events[2].at("seed"), 7);
  EXPECT_EQ(events[2].at("timings").at("predicted_n"), 5);
}

TEST(CompletionReply, TextOffsetsAreCharacters) {
  CompletionReplyOptions options;
  options.logprobs = true;
  options.echo = {{"Größe", {}}};
  CompletionObject object(options);
  object.Start(Started(), [](int32_t) { return std::string_view("ü"); });
  StreamEvent event = Text(Kind::kContent, "üü");
  event.logprobs.resize(2);
  object.Add(event);
  object.Add(Finish(FinishReason::kStop));
  EXPECT_EQ(Body(object.End()).at("choices").at(0).at("logprobs").at("text_offset"),
            json::parse("[5,6]"));
}

TEST(EmbeddingsReply, FloatsBase64AndDimensions) {
  service::Embeddings vectors;
  vectors.vectors = {{0.6F, 0.8F, 0.0F}};
  vectors.tokens = {3};
  vectors.cut = {false};
  EmbeddingsBody body;
  EXPECT_EQ(Body(EmbeddingsReply(body, vectors, "m", {})).at("data").at(0).at("embedding").at(2),
            0.0);
  body.dimensions = 1;
  EXPECT_EQ(Body(EmbeddingsReply(body, vectors, "m", {})).at("data").at(0).at("embedding"),
            json::parse("[1.0]"));
  body.dimensions = 4;
  EXPECT_EQ(EmbeddingsReply(body, vectors, "m", {}).status, 400);
  // 1.0F is 00 00 80 3F; -2.0F is 00 00 00 C0.
  const float values[] = {1.0F, -2.0F};
  EXPECT_EQ(FloatsToBase64(values), "AACAPwAAAMA=");
  EXPECT_EQ(FloatsToBase64(std::span(values, 1)), "AACAPw==");
}

}  // namespace
}  // namespace lemma::server::openai
