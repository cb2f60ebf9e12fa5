// SPDX-License-Identifier: Apache-2.0
// The whole server in this process, with the bundled model, over real sockets.
#include "server/app/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "server/app/health.h"
#include "server/http/http_testing.h"

namespace lemma::server {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using testing::Eventually;
using testing::GetRequest;
using ::testing::HasSubstr;
using testing::PostRequest;
using testing::RawClient;

constexpr const char* kModel = LEMMA_SOURCE_DIR "/models/lemma-bundled-v1-q8_0.gguf";

class AppTest : public ::testing::Test {
 protected:
  AppTest() {
    options_.http.port = 0;
    options_.models.models = {{"lemma", kModel}};
    options_.models.load.threads = 1;
    options_.models.load.context = 1024;
  }
  ~AppTest() override {
    if (app_) app_->Stop();
  }

  uint16_t Start() {
    auto app = App::Create(options_);
    EXPECT_TRUE(app.ok()) << app.status().ToString();
    app_ = std::move(*app);
    const Status status = app_->Start();
    EXPECT_TRUE(status.ok()) << status.ToString();
    return app_->port();
  }

  RawClient::Reply Post(uint16_t port, std::string_view path, std::string_view body) {
    RawClient client(port);
    client.Send(PostRequest(path, body));
    return client.ReadReply();
  }

  // All requests have ended, and nobody uses the model any more.
  bool Quiet() {
    return Eventually([this] { return app_->models().Info("")->in_use == 0; });
  }

  AppOptions options_;
  std::unique_ptr<App> app_;
};

constexpr const char* kQuestion =
    R"("messages":[{"role":"user","content":"What is 37 + 58?"}],"temperature":0)";

std::string Chat(const std::string& more = "") {
  return std::string("{") + kQuestion + (more.empty() ? "" : "," + more) + "}";
}

// Joins the deltas of a stream.
struct Streamed {
  std::string content;
  std::string reasoning;
  std::vector<std::string> finish;
  json::value usage;
  bool done = false;
};

Streamed ReadStream(std::string_view text) {
  Streamed out;
  while (!text.empty()) {
    const size_t end = std::min(text.find("\n\n"), text.size());
    const std::string_view block = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    EXPECT_TRUE(block.starts_with("data: ")) << block;
    if (block == "data: [DONE]") {
      out.done = true;
      continue;
    }
    const json::value event = json::parse(block.substr(6));
    for (const json::value& choice : event.at("choices").as_array()) {
      const json::object& delta = choice.at("delta").as_object();
      if (const auto* part = delta.if_contains("content")) out.content += part->as_string();
      if (const auto* part = delta.if_contains("reasoning")) out.reasoning += part->as_string();
      const json::value& finish = choice.at("finish_reason");
      if (finish.is_string()) out.finish.emplace_back(finish.as_string());
    }
    if (const auto* usage = event.as_object().if_contains("usage")) out.usage = *usage;
  }
  return out;
}

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
      json::parse(Post(port, "/v1/chat/completions", Chat(R"("stop":"=")")).body);
  EXPECT_EQ(stopped.at("choices").at(0).at("stop_reason"), "=");
  EXPECT_EQ(stopped.at("choices").at(0).at("finish_reason"), "stop");
}

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
  EXPECT_THAT(std::string(error.at("message").as_string()), HasSubstr("1024"));
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
  options_.serving.max_requests = 1;
  const uint16_t port = Start();
  RawClient first(port);
  first.Send(
      PostRequest("/v1/chat/completions",
                  Chat(R"("stream":true,"ignore_eos":true,"loop_guard":false,"max_tokens":900)")));
  first.ReadUntil("\r\n\r\n");
  const RawClient::Reply reply = Post(port, "/v1/chat/completions", Chat());
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.head, HasSubstr("Retry-After: 1\r\n"));
  first.Close();
  EXPECT_TRUE(Quiet());
  EXPECT_TRUE(Eventually([&] { return Post(port, "/v1/chat/completions", Chat()).status == 200; }));
}

TEST_F(AppTest, AClientsShare) {
  options_.serving.max_requests_per_client = 1;
  const uint16_t port = Start();
  RawClient first(port);
  first.Send(
      PostRequest("/v1/chat/completions",
                  Chat(R"("stream":true,"ignore_eos":true,"loop_guard":false,"max_tokens":900)")));
  first.ReadUntil("\r\n\r\n");
  EXPECT_EQ(Post(port, "/v1/chat/completions", Chat()).status, 429);
}

TEST_F(AppTest, AModelThatLoadsSlowly) {
  std::atomic<bool> go{false};
  options_.serving.load_wait_seconds = 0.02;
  options_.models.loader = [&go](const std::filesystem::path& path,
                                 const service::LoadOptions& load) {
    if (load.progress) load.progress(0.5);
    while (!go) std::this_thread::sleep_for(milliseconds(1));
    return service::LoadedModel::Load(path, load);
  };
  const uint16_t port = Start();
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
  go = true;
  EXPECT_TRUE(Eventually([&] { return Post(port, "/v1/chat/completions", Chat()).status == 200; }));
  client.Send(GetRequest("/health"));
  EXPECT_EQ(client.ReadReply().status, 200);
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
  app_->Drain(milliseconds(testing::kPatienceMs), {});
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
