// SPDX-License-Identifier: Apache-2.0
// The whole server in this process: loading, limits, draining and stopping.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/app/app_testing.h"
#include "server/app/health.h"

namespace lemma::server {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using testing::AppTest;
using testing::Chat;
using testing::Eventually;
using testing::GetRequest;
using ::testing::HasSubstr;
using testing::HeldLoad;
using testing::kPatienceMs;
using testing::PostRequest;
using testing::RawClient;
using testing::ReadStream;

TEST_F(AppTest, TimeLimits) {
  const uint16_t port = Start();
  const RawClient::Reply reply =
      Post(port, "/v1/chat/completions",
           Chat(R"("timeout_ms":1,"ignore_eos":true,"loop_guard":false,"max_tokens":900)"));
  EXPECT_TRUE(reply.status == 408 || reply.status == 200);
  if (reply.status == 200) {
    EXPECT_EQ(json::parse(reply.body).at("choices").at(0).at("stop_reason"), "deadline");
  }
}

TEST_F(AppTest, TooManyRequestsAreRefusedAtOnce) {
  HeldLoad held;
  options_.models.loader = held.loader();
  options_.serving.max_requests = 1;
  const uint16_t port = Start();
  RawClient first(port);
  first.Send(
      PostRequest("/v1/chat/completions",
                  Chat(R"("stream":true,"ignore_eos":true,"loop_guard":false,"max_tokens":900)")));
  EXPECT_TRUE(Eventually([&] { return held.begun.load(); }));  // the first request waits for it
  const RawClient::Reply reply = Post(port, "/v1/chat/completions", Chat());
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.head, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(reply.body, HasSubstr("1 requests are being served already"));
  held.go = true;
  first.ReadUntil("\r\n\r\n");
  first.Close();
  EXPECT_TRUE(Quiet());
  EXPECT_TRUE(Eventually([&] { return Post(port, "/v1/chat/completions", Chat()).status == 200; }));
}

TEST_F(AppTest, AClientsShare) {
  HeldLoad held;
  options_.models.loader = held.loader();
  options_.serving.max_requests_per_client = 1;
  const uint16_t port = Start();
  RawClient first(port);
  first.Send(PostRequest("/v1/chat/completions", Chat()));
  EXPECT_TRUE(Eventually([&] { return held.begun.load(); }));
  EXPECT_EQ(Post(port, "/v1/chat/completions", Chat()).status, 429);
  held.go = true;
  EXPECT_EQ(first.ReadReply().status, 200);
}

TEST_F(AppTest, AModelThatLoadsSlowly) {
  HeldLoad held;
  options_.serving.load_wait_seconds = 0.02;
  options_.models.loader = held.loader();
  const uint16_t port = Start();
  EXPECT_EQ(Post(port, "/v1/chat/completions", Chat()).status, 503);
  EXPECT_TRUE(Eventually([&] { return held.begun.load(); }));
  RawClient::Reply reply = Post(port, "/v1/chat/completions", Chat());
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr("is loading: 50 %"));
  EXPECT_THAT(reply.head, HasSubstr("Retry-After: "));
  RawClient client(port);
  client.Send(GetRequest("/health"));
  reply = client.ReadReply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(json::parse(reply.body).at("progress"), 0.5);
  client.Send(GetRequest("/health/live"));
  EXPECT_EQ(client.ReadReply().status, 200);
  held.go = true;
  EXPECT_TRUE(Eventually([&] { return Post(port, "/v1/chat/completions", Chat()).status == 200; }));
  client.Send(GetRequest("/health"));
  EXPECT_EQ(client.ReadReply().status, 200);
}

TEST_F(AppTest, AModelThatCannotBeLoadedIsToldAndTriedAgain) {
  std::atomic<bool> broken{true};
  options_.models.loader =
      [&broken](const std::filesystem::path& path,
                const service::LoadOptions& load) -> Result<std::unique_ptr<service::LoadedModel>> {
    if (broken) return DataLoss("'" + path.string() + "': the disk gives up");
    return service::LoadedModel::Load(path, load);
  };
  const uint16_t port = Start();
  const RawClient::Reply reply = Post(port, "/v1/chat/completions", Chat());
  EXPECT_EQ(reply.status, 500);
  EXPECT_THAT(reply.body, HasSubstr("the disk gives up"));
  EXPECT_THAT(reply.body, ::testing::Not(HasSubstr(LEMMA_SOURCE_DIR))) << "not where files lie";
  const RawClient::Reply health = Get(port, "/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_EQ(json::parse(health.body).at("status"), "error");
  EXPECT_EQ(Get(port, "/health/live").status, 200);
  EXPECT_EQ(json::parse(Get(port, "/v1/models").body).at("data").at(0).at("meta").at("state"),
            "failed");
  for (const char* path : {"/v1/completions", "/api/generate", "/completion"}) {
    EXPECT_EQ(Post(port, path, R"({"prompt":"x","stream":true})").status, 500) << path;
  }
  broken = false;
  EXPECT_EQ(Post(port, "/v1/chat/completions", Chat()).status, 200);
  EXPECT_EQ(Get(port, "/health").status, 200);
}

TEST(EngineWatches, TellWorkFromStandstill) {
  EngineWatch watch;
  engine::EngineStats stats;
  stats.running = 1;
  stats.steps = 10;
  constexpr double kLong = EngineWatch::kStallSeconds;
  EXPECT_FALSE(watch.Stalled("m", stats, 100));
  EXPECT_FALSE(watch.Stalled("m", stats, 100 + kLong / 2));
  EXPECT_TRUE(watch.Stalled("m", stats, 100 + kLong));
  stats.steps = 11;
  EXPECT_FALSE(watch.Stalled("m", stats, 100 + kLong));
  stats.running = 0;
  EXPECT_FALSE(watch.Stalled("m", stats, 100 + 3 * kLong));
  EXPECT_FALSE(watch.Stalled("other", stats, 100 + 3 * kLong));
}

TEST_F(AppTest, DrainLetsStreamsEnd) {
  const uint16_t port = Start();
  RawClient client(port);
  client.Send(PostRequest("/v1/chat/completions", Chat(R"("stream":true)")));
  client.ReadUntil("\r\n\r\n");
  app_->Drain(milliseconds(kPatienceMs), {});
  EXPECT_TRUE(app_->CheckIntegrity().ok());
  std::string text;
  for (std::string chunk = client.ReadChunk(); !chunk.empty(); chunk = client.ReadChunk()) {
    text += chunk;
  }
  EXPECT_TRUE(ReadStream(text).done);
}

TEST_F(AppTest, StreamsBeyondTheLimitOfTheDrainAreCancelledAndEnd) {
  const uint16_t port = Start();
  RawClient client(port);
  client.Send(
      PostRequest("/v1/chat/completions",
                  Chat(R"("stream":true,"ignore_eos":true,"loop_guard":false,"max_tokens":1000)")));
  client.ReadUntil("\r\n\r\n");
  app_->Drain(milliseconds(0), {});
  EXPECT_TRUE(app_->CheckIntegrity().ok());
  std::string text;
  for (std::string chunk = client.ReadChunk(); !chunk.empty(); chunk = client.ReadChunk()) {
    text += chunk;
  }
  // The end is complete as HTTP, and its last event is the error.
  const size_t last = text.rfind("data: ");
  ASSERT_NE(last, std::string::npos);
  EXPECT_THAT(text.substr(last), HasSubstr(R"("code":"shutting_down")"));
}

TEST_F(AppTest, StopInTheMidstOfEverything) {
  const uint16_t port = Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<RawClient>(port));
    clients.back()->Send(PostRequest(
        i % 4 == 0 ? "/v1/embeddings" : "/v1/chat/completions",
        i % 4 == 0 ? R"({"input":"hello"})" : Chat(i % 4 == 1 ? "" : R"("stream":true)")));
  }
  app_->Stop();
  for (const auto& client : clients) EXPECT_TRUE(client->AtEnd());
}

}  // namespace
}  // namespace lemma::server
