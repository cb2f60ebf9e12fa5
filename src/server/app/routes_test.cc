// SPDX-License-Identifier: Apache-2.0
// The whole server in this process: what the routes beside chats answer, and their errors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "server/app/app_testing.h"

namespace lemma::server {
namespace {

namespace json = boost::json;
using testing::AppTest;
using testing::Chat;
using testing::GetRequest;
using ::testing::HasSubstr;
using testing::RawClient;
using ::testing::StartsWith;

TEST_F(AppTest, ErrorsSayWhatIsWrong) {
  const uint16_t port = Start();
  RawClient::Reply reply = Post(port, "/v1/chat/completions", Chat(R"("temperature":"hot")"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(json::parse(reply.body).at("error").at("param"), "temperature");
  reply = Post(port, "/v1/chat/completions", Chat(R"("top_p":7)"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(json::parse(reply.body).at("error").at("param"), "top_p");
  reply = Post(port, "/v1/chat/completions", Chat(R"("model":"gpt-4")"));
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(json::parse(reply.body).at("error").at("code"), "model_not_found");
  EXPECT_THAT(reply.body, HasSubstr("'lemma'"));
  reply = Post(port, "/v1/chat/completions", "{");
  EXPECT_EQ(reply.status, 400);
  reply = Post(port, "/v1/nothing", "{}");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(json::parse(reply.body).at("error").at("type"), "invalid_request_error");
}

TEST_F(AppTest, APromptBeyondTheContextGivesTheCounts) {
  const uint16_t port = Start();
  std::string words;
  for (int i = 0; i < 3000; ++i) words += "word ";
  const std::string body = R"({"messages":[{"role":"user","content":")" + words + R"("}]})";
  const RawClient::Reply reply = Post(port, "/v1/chat/completions", body);
  EXPECT_EQ(reply.status, 400);
  const json::value error = json::parse(reply.body).at("error");
  EXPECT_EQ(error.at("code"), "context_length_exceeded");
  EXPECT_EQ(error.at("param"), "messages");
  EXPECT_THAT(std::string(error.at("message").as_string()), StartsWith("messages: 9"));
  EXPECT_THAT(std::string(error.at("message").as_string()), HasSubstr("1024"));
  const auto error_of = [port](std::string_view path, const std::string& request) {
    const RawClient::Reply overflow = Post(port, path, request);
    EXPECT_EQ(overflow.status, 400) << path;
    return json::parse(overflow.body).at("error");
  };
  EXPECT_EQ(error_of("/v1/responses", R"({"input":")" + words + "\"}").at("param"), "input");
  EXPECT_EQ(error_of("/v1/completions", R"({"prompt":")" + words + "\"}").at("param"), "prompt");
  const json::value second = error_of("/v1/completions", R"({"prompt":["a",")" + words + "\"]}");
  EXPECT_EQ(second.at("param"), "prompt[1]");
  EXPECT_EQ(second.at("code"), "context_length_exceeded");
  EXPECT_THAT(std::string(error_of("/v1/messages", R"({"max_tokens":9,)" + body.substr(1))
                              .at("message")
                              .as_string()),
              StartsWith("prompt is too long: 9"));
  EXPECT_THAT(std::string(error_of("/api/chat", body).as_string()), StartsWith("prompt: 9"));
}

TEST_F(AppTest, SeveralPromptsAnswerAsEachAlone) {
  const uint16_t port = Start();
  const std::string more = R"(,"max_tokens":12,"temperature":0.8,"seed":3,"n":2)";
  const auto choices = [&](const std::string& prompt) {
    const RawClient::Reply reply =
        Post(port, "/v1/completions", R"({"prompt":)" + prompt + more + "}");
    EXPECT_EQ(reply.status, 200) << reply.body;
    return json::parse(reply.body).at("choices").as_array();
  };
  const json::value tokens =
      json::parse(Post(port, "/tokenize", R"({"content":"7 * 8 =","add_special":true})").body)
          .at("tokens");
  const json::array first = choices(R"("1 + 1 =")");
  const json::array second = choices(R"("7 * 8 =")");
  const json::array both = choices(R"(["1 + 1 =",)" + json::serialize(tokens) + "]");
  ASSERT_EQ(both.size(), 4U);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(both[i].at("index"), i);
    EXPECT_EQ(both[i].at("text"), (i < 2 ? first : second)[i % 2].at("text"));
  }
  const RawClient::Reply stream = Post(
      port, "/v1/completions", R"({"prompt":["1 + 1 =","7 * 8 ="],"stream":true)" + more + "}");
  std::vector<std::string> texts(4);
  for (size_t at = stream.body.find("data: {"); at != std::string::npos;
       at = stream.body.find("data: {", at + 1)) {
    const json::value event = json::parse(
        std::string_view(stream.body).substr(at + 6, stream.body.find("\n\n", at) - at - 6));
    for (const json::value& choice : event.at("choices").as_array()) {
      texts[choice.at("index").to_number<size_t>()] += choice.at("text").as_string();
    }
  }
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(texts[i], both[i].at("text").as_string());
  EXPECT_THAT(stream.body, ::testing::EndsWith("data: [DONE]\n\n"));
  // Without a seed of the client's the one that is told gives the same again.
  const auto told =
      json::parse(Post(port, "/v1/completions", R"({"prompt":["a","b"],"temperature":1})").body);
  const auto again = json::parse(Post(port, "/v1/completions",
                                      R"({"prompt":["a","b"],"temperature":1,"seed":)" +
                                          json::serialize(told.at("seed")) + "}")
                                     .body);
  EXPECT_EQ(again.at("choices").at(1).at("text"), told.at("choices").at(1).at("text"));
  const RawClient::Reply beyond = Post(port, "/v1/completions", R"({"prompt":[[1],[2,999999]]})");
  EXPECT_EQ(beyond.status, 400);
  EXPECT_THAT(beyond.body, HasSubstr("prompt[1][1]: token 999999 is not in the vocabulary"));
}

TEST_F(AppTest, ModelsAndPropertiesTellWhatIsTrue) {
  options_.models.load.context = 512;
  const uint16_t port = Start();
  const json::value before = json::parse(Get(port, "/v1/models").body).at("data").at(0);
  EXPECT_EQ(before.at("meta").at("state"), "unloaded");
  EXPECT_EQ(before.at("meta").as_object().if_contains("n_ctx"), nullptr) << "not known yet";
  const json::value props = json::parse(Get(port, "/props").body);
  EXPECT_EQ(props.at("default_generation_settings").at("n_ctx"), 512);
  EXPECT_EQ(props.at("default_generation_settings").at("params").at("n_predict"), -1);
  EXPECT_THAT(std::string(props.at("build_info").as_string()), StartsWith("lemma "));
  EXPECT_TRUE(props.at("chat_template").is_string());
  EXPECT_EQ(props.at("total_slots"), json::parse(Get(port, "/slots").body).as_array().size());
  const json::value after = json::parse(Get(port, "/v1/models/lemma").body);
  const json::value& meta = after.at("meta");
  EXPECT_EQ(meta.at("state"), "ready");
  EXPECT_EQ(meta.at("n_ctx"), 512);
  EXPECT_EQ(after.at("max_model_len"), 512);
  EXPECT_EQ(meta.at("n_vocab"), props.at("n_vocab"));
  EXPECT_GE(meta.at("n_ctx_train").to_number<size_t>(), 512U);
  EXPECT_GT(meta.at("n_params").to_number<size_t>(), 1'000'000U);
  EXPECT_LT(meta.at("size").to_number<size_t>(), meta.at("file_size").to_number<size_t>());
}

TEST_F(AppTest, NoTokensComputeThePromptInEveryDialect) {
  const uint16_t port = Start();
  const std::string messages = R"("messages":[{"role":"user","content":"What is 37 + 58?"}])";
  const json::value anthropic =
      json::parse(Post(port, "/v1/messages", R"({"max_tokens":0,)" + messages + "}").body);
  EXPECT_EQ(anthropic.at("stop_reason"), "max_tokens");
  EXPECT_TRUE(anthropic.at("content").as_array().empty());
  EXPECT_EQ(anthropic.at("usage").at("output_tokens"), 0);
  const json::value openai =
      json::parse(Post(port, "/v1/chat/completions", R"({"max_tokens":0,)" + messages + "}").body);
  EXPECT_EQ(openai.at("choices").at(0).at("finish_reason"), "length");
  const json::value ollama = json::parse(
      Post(port, "/api/chat", R"({"stream":false,"options":{"num_predict":0},)" + messages + "}")
          .body);
  EXPECT_EQ(ollama.at("done_reason"), "length");
}

TEST_F(AppTest, ATruncatedConversationIsToldByOllamasRoutes) {
  const uint16_t port = Start();
  std::string words;
  for (int i = 0; i < 1500; ++i) words += "word ";
  const std::string body =
      R"({"messages":[{"role":"user","content":")" + words +
      R"("},{"role":"assistant","content":"ok"},)"
      R"({"role":"user","content":"What is 1 + 1?"}],"truncate":true,"stream":false})";
  const json::value reply = json::parse(Post(port, "/api/chat", body).body);
  EXPECT_EQ(reply.at("truncated").at("dropped_messages"), 2);
  EXPECT_GT(reply.at("truncated").at("dropped_tokens").to_number<int>(), 1000);
}

TEST_F(AppTest, CompletionsEmbeddingsResponsesAndModels) {
  const uint16_t port = Start();
  RawClient::Reply reply =
      Post(port, "/v1/completions", R"({"prompt":"1 + 1 =","max_tokens":4,"echo":true})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_THAT(std::string(json::parse(reply.body).at("choices").at(0).at("text").as_string()),
              ::testing::StartsWith("1 + 1 ="));
  reply = Post(port, "/v1/embeddings", R"({"input":["a","b"]})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(json::parse(reply.body).at("data").as_array().size(), 2U);
  reply = Post(port, "/v1/responses", R"({"input":"What is 37 + 58?","temperature":0})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(json::parse(reply.body).at("status"), "completed");
  RawClient client(port);
  client.Send(GetRequest("/v1/models"));
  EXPECT_EQ(json::parse(client.ReadReply().body).at("data").at(0).at("id"), "lemma");
  client.Send(GetRequest("/v1/models/lemma"));
  EXPECT_EQ(json::parse(client.ReadReply().body).at("object"), "model");
  client.Send(GetRequest("/v1/models/other"));
  EXPECT_EQ(client.ReadReply().status, 404);
}

}  // namespace
}  // namespace lemma::server
