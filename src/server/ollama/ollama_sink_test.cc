// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>

#include "server/fake_exchange.h"

namespace lemma::server::ollama {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using Kind = service::StreamEvent::Kind;

service::StreamEvent SinkEvent(Kind kind, std::string text) {
  service::StreamEvent event;
  event.kind = kind;
  event.text = std::move(text);
  return event;
}

StreamStart Start() {
  StreamStart start;
  start.model = "m";
  start.context = 2048;
  start.load_seconds = 0.25;
  return start;
}

class SinkTest : public ::testing::Test {
 protected:
  // Thinking, content, the end.
  void Run(SinkOptions options, const service::StreamEvent& finish) {
    const auto sink = MakeSink(exchange_, std::move(options));
    sink->OnStart(Start());
    sink->OnEvent(SinkEvent(Kind::kThinking, "hm"));
    sink->OnEvent(SinkEvent(Kind::kContent, "Hi"));
    sink->OnEvent(finish);
    sink->OnEnd();
  }
  std::shared_ptr<testing::FakeExchange> exchange_ = std::make_shared<testing::FakeExchange>();
};

TEST_F(SinkTest, AStreamIsALineForEachPieceAndOneForTheEnd) {
  SinkOptions options;
  options.warnings = {"w"};
  options.num_ctx = 4096;
  Run(options, SinkEvent(Kind::kFinish, ""));
  ASSERT_TRUE(exchange_->begun);
  EXPECT_EQ(exchange_->begun->content_type, "application/x-ndjson");
  EXPECT_TRUE(exchange_->ended);
  ASSERT_EQ(exchange_->written.size(), 3U);
  for (const std::string& line : exchange_->written) EXPECT_TRUE(line.ends_with("}\n"));
  EXPECT_EQ(json::parse(exchange_->written[0]).at("message").at("thinking"), "hm");
  EXPECT_EQ(json::parse(exchange_->written[1]).at("message").at("content"), "Hi");
  const json::value last = json::parse(exchange_->written[2]);
  EXPECT_EQ(last.at("done"), true);
  EXPECT_EQ(last.at("load_duration"), 250'000'000);
  EXPECT_EQ(last.at("warnings").at(0), "w");
  EXPECT_THAT(std::string(last.at("warnings").at(1).as_string()),
              HasSubstr("num_ctx: 4096 was asked, the context is 2048"));
}

TEST_F(SinkTest, WithoutAStreamEverythingIsOneObject) {
  SinkOptions options;
  options.api = Api::kGenerate;
  options.stream = false;
  Run(options, SinkEvent(Kind::kFinish, ""));
  ASSERT_TRUE(exchange_->sent);
  EXPECT_FALSE(exchange_->begun);
  const json::value body = json::parse(exchange_->sent->body);
  EXPECT_EQ(body.at("response"), "Hi");
  EXPECT_EQ(body.at("thinking"), "hm");
}

TEST_F(SinkTest, ThinkingThatWasNotWantedIsHidden) {
  SinkOptions options;
  options.stream = false;
  options.show_thinking = false;
  Run(options, SinkEvent(Kind::kFinish, ""));
  EXPECT_EQ(json::parse(exchange_->sent->body).at("message").as_object().if_contains("thinking"),
            nullptr);
}

TEST_F(SinkTest, AFailureIsALineInAStreamAndAStatusWithoutOne) {
  service::StreamEvent finish = SinkEvent(Kind::kFinish, "");
  finish.finish = service::FinishReason::kError;
  finish.error = InternalError("worker fault");
  Run({}, finish);
  EXPECT_THAT(exchange_->written.back(), HasSubstr("{\"error\":\""));
  EXPECT_TRUE(exchange_->ended);
  exchange_ = std::make_shared<testing::FakeExchange>();
  SinkOptions whole;
  whole.stream = false;
  Run(whole, finish);
  EXPECT_EQ(exchange_->sent->status, 500);
  exchange_ = std::make_shared<testing::FakeExchange>();
  ApiError error;
  error.kind = ErrorKind::kModelNotFound;
  MakeSink(exchange_, {})->OnError(error);
  EXPECT_EQ(exchange_->sent->status, 404);
}

TEST_F(SinkTest, TheLastLineHasTheResultOfAVerifiedAnswer) {
  service::StreamEvent finish = SinkEvent(Kind::kFinish, "");
  finish.lemma = R"({"status":"VERIFIED"})";
  Run({}, finish);
  EXPECT_THAT(exchange_->written[1], ::testing::Not(HasSubstr("lemma")));
  EXPECT_EQ(json::parse(exchange_->written.back()).at("lemma").at("status"), "VERIFIED");
  exchange_ = std::make_shared<testing::FakeExchange>();
  SinkOptions whole;
  whole.stream = false;
  const auto sink = MakeSink(exchange_, whole);
  StreamStart start = Start();
  start.warnings = {"w"};
  sink->OnStart(start);
  sink->OnEvent(finish);
  const json::value body = json::parse(exchange_->sent->body);
  EXPECT_EQ(body.at("lemma").at("status"), "VERIFIED");
  EXPECT_EQ(body.at("warnings").at(0), "w");
}

}  // namespace
}  // namespace lemma::server::ollama
