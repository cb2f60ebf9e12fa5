// SPDX-License-Identifier: Apache-2.0
#include "server/anthropic/sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <utility>

#include "server/fake_exchange.h"

namespace lemma::server::anthropic {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Kind = service::StreamEvent::Kind;

service::StreamEvent SinkEvent(Kind kind, std::string text) {
  service::StreamEvent event;
  event.kind = kind;
  event.text = std::move(text);
  return event;
}

SinkOptions Options(bool stream) {
  SinkOptions options;
  options.id = "msg_1";
  options.stream = stream;
  return options;
}

class SinkTest : public ::testing::Test {
 protected:
  std::shared_ptr<testing::FakeExchange> exchange_ = std::make_shared<testing::FakeExchange>();
};

TEST_F(SinkTest, AStreamBeginsAndEndsAsClientsExpect) {
  const auto sink = MakeSink(exchange_, Options(true));
  EXPECT_EQ(sink->id(), "msg_1");
  sink->OnStart({});
  sink->OnEvent(SinkEvent(Kind::kContent, "Hi"));
  sink->OnEvent(SinkEvent(Kind::kFinish, ""));
  sink->OnEnd();
  EXPECT_EQ(exchange_->begun->content_type, "text/event-stream");
  EXPECT_THAT(exchange_->written.front(), StartsWith("event: message_start\n"));
  EXPECT_THAT(exchange_->written.back(), HasSubstr("event: message_stop\n"));
  EXPECT_TRUE(exchange_->ended);
}

TEST_F(SinkTest, APingInSilenceOfAStreamOnly) {
  auto sink = MakeSink(exchange_, Options(true));
  sink->OnStart({});
  sink->OnSilence();
  EXPECT_EQ(exchange_->written.back(), "event: ping\ndata: {\"type\":\"ping\"}\n\n");
  exchange_ = std::make_shared<testing::FakeExchange>();
  sink = MakeSink(exchange_, Options(false));
  sink->OnStart({});
  sink->OnSilence();
  EXPECT_TRUE(exchange_->written.empty());
}

TEST_F(SinkTest, WithoutAStreamEverythingIsOneObject) {
  const auto sink = MakeSink(exchange_, Options(false));
  sink->OnStart({});
  sink->OnEvent(SinkEvent(Kind::kContent, "Hi"));
  sink->OnEvent(SinkEvent(Kind::kFinish, ""));
  sink->OnEnd();
  EXPECT_EQ(json::parse(exchange_->sent->body).at("content").at(0).at("text"), "Hi");
}

TEST_F(SinkTest, AFailureIsAnEventInAStreamAndAStatusWithoutOne) {
  service::StreamEvent finish = SinkEvent(Kind::kFinish, "");
  finish.finish = service::FinishReason::kError;
  finish.error = InternalError("worker fault");
  auto sink = MakeSink(exchange_, Options(true));
  sink->OnStart({});
  sink->OnEvent(finish);
  sink->OnEnd();
  EXPECT_THAT(exchange_->written.back(), StartsWith("event: error\n"));
  exchange_ = std::make_shared<testing::FakeExchange>();
  sink = MakeSink(exchange_, Options(false));
  sink->OnStart({});
  sink->OnEvent(finish);
  sink->OnEnd();
  EXPECT_EQ(exchange_->sent->status, 500);
}

TEST_F(SinkTest, AVerifiedAnswerHasItsResultAndWarnings) {
  service::StreamEvent finish = SinkEvent(Kind::kFinish, "");
  finish.lemma = R"({"status":"VERIFIED"})";
  StreamStart start;
  start.warnings = {"w"};
  auto sink = MakeSink(exchange_, Options(true));
  sink->OnStart(start);
  EXPECT_THAT(exchange_->written.front(), HasSubstr(R"("warnings":["w"])"));
  sink->OnEvent(SinkEvent(Kind::kContent, "Hi"));
  sink->OnEvent(finish);
  // Beside delta and usage of the message_delta.
  EXPECT_THAT(exchange_->written.back(), HasSubstr(R"("lemma":{"status":"VERIFIED"}})"
                                                   "\n\nevent: message_stop"));
  exchange_ = std::make_shared<testing::FakeExchange>();
  sink = MakeSink(exchange_, Options(false));
  sink->OnStart(start);
  sink->OnEvent(finish);
  const json::value body = json::parse(exchange_->sent->body);
  EXPECT_EQ(body.at("lemma").at("status"), "VERIFIED");
  EXPECT_EQ(body.at("warnings").at(0), "w");
}

}  // namespace
}  // namespace lemma::server::anthropic
