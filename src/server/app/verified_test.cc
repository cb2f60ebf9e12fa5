// SPDX-License-Identifier: Apache-2.0
// Verified reasoning through the whole server, with the bundled model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "server/app/app_testing.h"

namespace lemma::server {
namespace {

namespace json = boost::json;
using testing::AppTest;
using ::testing::HasSubstr;
using testing::RawClient;

class VerifiedTest : public AppTest {};

TEST_F(VerifiedTest, AQuestionIsSolvedAndCounted) {
  const uint16_t port = Start();
  const std::string body =
      R"({"question":"一个三位数，各位数字之和是12，百位数字比十位大2，个位比十位小1，求这个数。","seed":3})";
  const RawClient::Reply reply = Post(port, "/v1/lemma/solve", body);
  ASSERT_EQ(reply.status, 200) << reply.body;
  const json::value result = json::parse(reply.body);
  EXPECT_EQ(result.at("status"), "VERIFIED");
  EXPECT_EQ(result.at("answer"), "无解");
  EXPECT_TRUE(result.at("certificate").is_object());
  EXPECT_GT(result.at("tokens").as_int64(), 0);
  // The same request, the same result, but for the time it took.
  json::object again = json::parse(Post(port, "/v1/lemma/solve", body).body).as_object();
  again["seconds"] = result.at("seconds");
  EXPECT_EQ(json::serialize(again), reply.body);
  EXPECT_TRUE(Quiet());
  EXPECT_TRUE(app_->CheckIntegrity().ok());
}

TEST_F(VerifiedTest, EventsComeBeforeTheResult) {
  const uint16_t port = Start();
  const RawClient::Reply reply =
      Post(port, "/v1/lemma/solve",
           R"({"question":"What is 37 + 58?","stream":true,"chain_text":true,"chains":3})");
  ASSERT_EQ(reply.status, 200);
  for (const char* part :
       {"\"type\":\"plan\"", "\"type\":\"chain_started\"", "\"type\":\"chain_text\"",
        "\"type\":\"chain_finished\"", "event: result\n", "\"status\":"}) {
    EXPECT_THAT(reply.body, HasSubstr(part));
  }
  EXPECT_LT(reply.body.find("chain_finished"), reply.body.find("event: result"));
}

TEST_F(VerifiedTest, AnAnswerIsCheckedWithoutAModel) {
  const uint16_t port = Start();
  const RawClient::Reply reply =
      Post(port, "/v1/lemma/check",
           R"({"problem":"鸡兔同笼，共有35个头，94只脚，鸡兔各几只？","answer":"鸡23只，兔12只"})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(json::parse(reply.body).at("status"), "VERIFIED");
  EXPECT_EQ(Post(port, "/v1/lemma/check", R"({"answr":"1"})").status, 400);
}

TEST_F(VerifiedTest, ErrorsNameTheFieldAndTheModel) {
  const uint16_t port = Start();
  RawClient::Reply reply = Post(port, "/v1/lemma/solve", R"({"question":"q","chains":1000})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(json::parse(reply.body).at("error").at("param"), "chains");
  reply = Post(port, "/v1/lemma/solve", R"({"question":"q","model":"gpt-4"})");
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr("model_not_found"));
}

TEST_F(VerifiedTest, EveryDialectReachesItByTheNameOfTheModel) {
  const uint16_t port = Start();
  const std::string question =
      "一个三位数，各位数字之和是12，百位数字比十位大2，个位比十位小1，求这个数。";
  const std::string messages = R"("messages":[{"role":"user","content":")" + question + "\"}]";
  const std::string body = R"({"model":"lemma:verified","seed":3,)" + messages + "}";
  RawClient::Reply reply = Post(port, "/v1/chat/completions", body);
  ASSERT_EQ(reply.status, 200) << reply.body;
  const json::value whole = json::parse(reply.body);
  EXPECT_EQ(whole.at("lemma").at("status"), "VERIFIED");
  EXPECT_EQ(whole.at("model"), "lemma:verified");
  const json::value& message = whole.at("choices").at(0).at("message");
  EXPECT_THAT(std::string(message.at("content").as_string()), HasSubstr("✓ 已验证"));
  EXPECT_THAT(std::string(message.at("reasoning_content").as_string()), HasSubstr("推理 "));

  reply = Post(port, "/v1/chat/completions",
               R"({"model":"lemma:verified","stream":true,"seed":3,)" + messages + "}");
  EXPECT_THAT(reply.body, HasSubstr("\"lemma\":{\"answer\":\"无解\""));
  EXPECT_THAT(reply.body, HasSubstr("data: [DONE]"));
  reply = Post(port, "/api/chat", R"({"model":"lemma:verified","stream":false,)" + messages + "}");
  EXPECT_THAT(reply.body, HasSubstr("无解"));
  reply =
      Post(port, "/v1/messages", R"({"model":"lemma:verified","max_tokens":100,)" + messages + "}");
  EXPECT_THAT(reply.body, HasSubstr("无解"));

  reply = Post(port, "/v1/chat/completions",
               R"({"model":"lemma:verified","messages":[{"role":"assistant","content":"x"}]})");
  EXPECT_EQ(reply.status, 400);
  reply = Post(port, "/v1/chat/completions", R"({"model":"gpt-4:verified",)" + messages + "}");
  EXPECT_EQ(reply.status, 404);
  EXPECT_TRUE(Quiet());
}

TEST_F(VerifiedTest, AClientThatLeavesEndsItsChains) {
  const uint16_t port = Start();
  {
    RawClient client(port);
    client.Send(testing::PostRequest(
        "/v1/lemma/solve",
        R"({"question":"Tell me about the sea.","chains":8,"first_chains":8,"enough":1,"temperature":3,"stream":true})"));
    client.ReadUntil("chain_started");
  }
  EXPECT_TRUE(Quiet());
  EXPECT_TRUE(app_->CheckIntegrity().ok());
}

}  // namespace
}  // namespace lemma::server
