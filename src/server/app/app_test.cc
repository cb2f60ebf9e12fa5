// SPDX-License-Identifier: Apache-2.0
// The whole server in this process: chats and their streams.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <vector>

#include "server/app/app_testing.h"

namespace lemma::server {
namespace {

namespace json = boost::json;
using testing::AppTest;
using testing::Chat;
using testing::Eventually;
using testing::GetRequest;
using ::testing::HasSubstr;
using testing::PostRequest;
using testing::RawClient;
using testing::ReadStream;
using testing::Streamed;

TEST_F(AppTest, TheStreamIsTheWholeAnswer) {
  const uint16_t port = Start();
  const RawClient::Reply whole = Post(port, "/v1/chat/completions", Chat());
  EXPECT_EQ(whole.status, 200) << whole.body;
  const json::value body = json::parse(whole.body);
  const RawClient::Reply stream =
      Post(port, "/v1/chat/completions",
           Chat(R"("stream":true,"stream_options":{"include_usage":true})"));
  EXPECT_THAT(stream.head, HasSubstr("Content-Type: text/event-stream\r\n"));
  const Streamed pieces = ReadStream(stream.body);
  const json::value& message = body.at("choices").at(0).at("message");
  EXPECT_EQ(pieces.content, message.at("content").as_string());
  EXPECT_EQ(pieces.reasoning, message.at("reasoning").as_string());
  EXPECT_THAT(pieces.finish, ::testing::ElementsAre("stop"));
  EXPECT_TRUE(pieces.done);
  EXPECT_EQ(pieces.usage.at("completion_tokens"), body.at("usage").at("completion_tokens"));
  EXPECT_TRUE(Quiet());
}

TEST_F(AppTest, ManyStreamsAtOnceAreTheSame) {
  const uint16_t port = Start();
  const std::string request = PostRequest("/v1/chat/completions", Chat(R"("stream":true)"));
  RawClient alone(port);
  alone.Send(request);
  const Streamed expected = ReadStream(alone.ReadReply().body);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 24; ++i) {
    clients.push_back(std::make_unique<RawClient>(port));
    clients.back()->Send(request);
  }
  for (const auto& client : clients) {
    EXPECT_EQ(ReadStream(client->ReadReply().body).content, expected.content);
  }
}

TEST_F(AppTest, AClientThatLeavesCancelsItsRequestOnly) {
  const uint16_t port = Start();
  const std::string endless =
      Chat(R"("stream":true,"ignore_eos":true,"loop_guard":false,"max_tokens":900)");
  RawClient neighbour(port);
  neighbour.Send(PostRequest("/v1/chat/completions", Chat(R"("stream":true,"seed":3)")));
  for (int i = 0; i < 8; ++i) {
    RawClient client(port);
    client.Send(PostRequest("/v1/chat/completions", endless));
    client.ReadUntil("\r\n\r\n");
    if (i % 2 == 0) client.ReadChunk();
    i % 3 == 0 ? client.Reset() : client.Close();
  }
  const Streamed pieces = ReadStream(neighbour.ReadReply().body);
  EXPECT_TRUE(pieces.done);
  EXPECT_TRUE(Quiet());
  const auto lease = app_->models().AcquireAndWait("");
  ASSERT_TRUE(lease.ok());
  EXPECT_TRUE((*lease)->engine().CheckIntegrity().ok());  // the figures are those of the last step
  EXPECT_EQ((*lease)->engine().Stats().running, 0U);
  EXPECT_EQ((*lease)->engine().Stats().pages.used, 0U);
}

TEST_F(AppTest, SamplesLogprobsAndStops) {
  const uint16_t port = Start();
  const RawClient::Reply reply = Post(
      port, "/v1/chat/completions",
      R"({"messages":[{"role":"user","content":"What is 37 + 58?"}],"n":3,"seed":5,"temperature":1,)"
      R"("logprobs":true,"top_logprobs":2,"max_tokens":60})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  const json::value body = json::parse(reply.body);
  ASSERT_EQ(body.at("choices").as_array().size(), 3U);
  for (const json::value& choice : body.at("choices").as_array()) {
    for (const json::value& item : choice.at("logprobs").at("content").as_array()) {
      EXPECT_LE(item.at("logprob").to_number<double>(), 0.0);
      EXPECT_EQ(item.at("top_logprobs").as_array().size(), 2U);
    }
  }
  const json::value stopped =
      json::parse(Post(port, "/v1/chat/completions", Chat(R"("stop":"{")")).body);
  EXPECT_EQ(stopped.at("choices").at(0).at("stop_reason"), "{");
  EXPECT_EQ(stopped.at("choices").at(0).at("finish_reason"), "stop");
}

TEST_F(AppTest, ATruncatedPromptIsTold) {
  const uint16_t port = Start();
  std::string words;
  for (int i = 0; i < 1500; ++i) words += "word ";
  const std::string body = R"({"messages":[{"role":"user","content":")" + words +
                           R"("},{"role":"assistant","content":"ok"},)"
                           R"({"role":"user","content":"What is 1 + 1?"}],"truncation":"auto"})";
  const RawClient::Reply reply = Post(port, "/v1/chat/completions", body);
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(json::parse(reply.body).at("truncated").at("dropped_messages"), 2);
}

TEST_F(AppTest, ThinkingEndsOnRequest) {
  const uint16_t port = Start();
  RawClient client(port);
  client.Send(PostRequest("/v1/chat/completions", Chat(R"("stream":true)")));
  client.ReadUntil("\r\n\r\n");
  const std::string first = client.ReadChunk();
  const size_t at = first.find("chatcmpl-");
  const std::string id = first.substr(at, first.find('"', at) - at);
  const RawClient::Reply unknown =
      Post(port, "/v1/chat/completions/control", R"({"id":"chatcmpl-x","action":"reasoning_end"})");
  EXPECT_EQ(unknown.status, 404);
  // The answer may be complete by then: then the id is gone.
  const int status = Post(port, "/v1/chat/completions/control",
                          R"({"id":")" + id + R"(","action":"reasoning_end"})")
                         .status;
  EXPECT_TRUE(status == 200 || status == 404);
}

TEST_F(AppTest, MetricsCountWhatHappened) {
  const uint16_t port = Start();
  EXPECT_EQ(Post(port, "/v1/chat/completions", Chat()).status, 200);
  RawClient client(port);
  std::string text;
  // An answer is counted when it has been sent, its pages when the step is over: perhaps after the
  // client has read it.
  EXPECT_TRUE(Eventually([&] {
    client.Send(GetRequest("/metrics"));
    text = client.ReadReply().body;
    return text.find("route=\"/v1/chat/completions\"") != std::string::npos &&
           text.find("lemma_kv_pages_used{model=\"lemma\"} 0\n") != std::string::npos;
  }));
  EXPECT_THAT(text, HasSubstr("lemma_samples_finished_total{reason=\"stop\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("lemma_time_to_first_token_seconds_count 1\n"));
  EXPECT_THAT(
      text,
      HasSubstr("lemma_http_responses_total{route=\"/v1/chat/completions\",code=\"200\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("lemma_model_loaded{model=\"lemma\"} 1\n"));
}

}  // namespace
}  // namespace lemma::server
