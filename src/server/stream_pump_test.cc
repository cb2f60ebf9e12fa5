// SPDX-License-Identifier: Apache-2.0
// The pump between a real engine and an exchange that the test drives.
#include "server/stream_pump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "server/fake_exchange.h"
#include "server/metrics.h"
#include "server/worker_pool.h"

namespace lemma::server {
namespace {

using testing::FakeExchange;
using Kind = service::StreamEvent::Kind;

service::LoadedModel& Model() {
  static const auto model = [] {
    service::LoadOptions options;
    options.threads = 1;
    options.context = 1024;
    return service::LoadedModel::Load(LEMMA_SOURCE_DIR "/models/lemma-bundled-v2-q8_0.gguf",
                                      options);
  }();
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return **model;
}

struct Record {
  int finishes = 0;
  std::vector<size_t> finished;  // samples
  int silences = 0;
  bool ended = false;
  bool destroyed = false;
  std::string text;
  service::StreamEvent last;
};

class RecordSink : public StreamSink {
 public:
  RecordSink(ExchangePtr exchange, Record& record)
      : exchange_(std::move(exchange)), record_(record) {}
  ~RecordSink() override { record_.destroyed = true; }
  void OnError(const ApiError&) override { ADD_FAILURE(); }
  void OnStart(const StreamStart&) override {}
  void OnEvent(const service::StreamEvent& event) override {
    record_.text += event.text;
    record_.last = event;
    if (event.kind == Kind::kFinish) {
      ++record_.finishes;
      record_.finished.push_back(event.sample);
    }
    if (!event.text.empty()) exchange_->Write(event.text);
  }
  void OnSilence() override {
    ++record_.silences;
    exchange_->Write("(silence)");
  }
  void OnEnd() override {
    record_.ended = true;
    exchange_->End();
  }

 private:
  const ExchangePtr exchange_;
  Record& record_;
};

class StreamPumpTest : public ::testing::Test {
 protected:
  void Start(size_t samples, size_t max_tokens, size_t prompts = 1) {
    service::ChatRequest request;
    request.conversation.messages.push_back({});
    request.conversation.messages.back().content = "What is 37 + 58?";
    request.settings.samples = samples;
    request.settings.max_tokens = max_tokens;
    request.settings.ignore_eos = true;
    request.settings.loop_guard = service::LoopGuardMode::kOff;
    exchange_ = std::make_shared<FakeExchange>();
    StreamPump::Parts parts;
    parts.exchange = exchange_;
    for (size_t i = 0; i < prompts; ++i) {
      auto stream = service::StartChat(Model(), request);
      ASSERT_TRUE(stream.ok()) << stream.status().ToString();
      parts.streams.push_back(std::move(*stream));
    }
    parts.sink = std::make_unique<RecordSink>(exchange_, record_);
    parts.request_time = MonotonicSeconds();
    parts.silence = std::chrono::milliseconds(10);
    parts.observer = &metrics_;
    parts.held = std::shared_ptr<void>(nullptr, [this](void*) { released_ = true; });
    pump_ = StreamPump::Start(std::move(parts));
  }

  // Runs what is posted until the condition holds.
  template <typename Condition>
  bool RunUntil(Condition condition) {
    const double end = MonotonicSeconds() + 20;
    while (!condition()) {
      exchange_->RunPosted();
      if (MonotonicSeconds() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  std::shared_ptr<FakeExchange> exchange_;
  std::weak_ptr<StreamPump> pump_;
  Metrics metrics_;
  Record record_;
  bool released_ = false;
};

TEST_F(StreamPumpTest, CarriesAllEventsAndLetsGo) {
  Start(3, 20);
  ASSERT_TRUE(RunUntil([&] { return record_.ended; }));
  EXPECT_EQ(record_.finishes, 3);
  EXPECT_FALSE(record_.text.empty());
  EXPECT_TRUE(RunUntil([&] { return pump_.expired(); }));
  EXPECT_TRUE(released_);
  EXPECT_TRUE(record_.destroyed);
}

TEST_F(StreamPumpTest, SamplesOfSeveralPromptsAreNumberedThrough) {
  Start(2, 20, 3);
  ASSERT_TRUE(RunUntil([&] { return record_.ended; }));
  EXPECT_THAT(record_.finished, ::testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_TRUE(RunUntil([&] { return pump_.expired(); }));
  EXPECT_TRUE(released_);
}

TEST_F(StreamPumpTest, AllPromptsAreCancelledWhenTheClientLeaves) {
  Start(1, 900, 3);
  ASSERT_TRUE(RunUntil([&] { return !exchange_->written.empty(); }));
  exchange_->Leave();
  EXPECT_TRUE(RunUntil([&] { return pump_.expired(); }));
  EXPECT_FALSE(record_.ended);
  const std::string text = metrics_.Text({}, {}, {});
  EXPECT_NE(text.find("lemma_samples_finished_total{reason=\"cancelled\"} 3\n"), std::string::npos);
  EXPECT_TRUE(RunUntil([&] { return Model().engine().Stats().pages.used == 0; }));
}

TEST_F(StreamPumpTest, TakesNothingWhileTheClientIsSlow) {
  Start(1, 300);
  ASSERT_TRUE(RunUntil([&] { return exchange_->written.size() > 3; }));
  exchange_->SetFull(true);
  exchange_->RunPosted();
  const size_t before = record_.text.size();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  exchange_->RunPosted();
  EXPECT_EQ(record_.text.size(), before);
  exchange_->SetFull(false);
  EXPECT_TRUE(RunUntil([&] { return record_.ended; }));
  EXPECT_GT(record_.text.size(), before);
}

TEST_F(StreamPumpTest, CancelsWhenTheClientLeaves) {
  Start(2, 900);
  ASSERT_TRUE(RunUntil([&] { return !exchange_->written.empty(); }));
  exchange_->Leave();
  EXPECT_TRUE(RunUntil([&] { return pump_.expired(); }));
  EXPECT_TRUE(released_);
  EXPECT_FALSE(record_.ended);
  const std::string text = metrics_.Text({}, {}, {});
  EXPECT_NE(text.find("lemma_samples_finished_total{reason=\"cancelled\"} 2\n"), std::string::npos);
  EXPECT_TRUE(RunUntil([&] { return Model().engine().Stats().pages.used == 0; }));
  EXPECT_TRUE(Model().engine().CheckIntegrity().ok());
}

TEST_F(StreamPumpTest, CancelOfTheServerIsAnErrorAtTheEnd) {
  Start(1, 900);
  ASSERT_TRUE(RunUntil([&] { return !exchange_->written.empty(); }));
  pump_.lock()->Cancel();
  EXPECT_TRUE(RunUntil([&] { return record_.ended; }));
  EXPECT_EQ(record_.finishes, 1);
  EXPECT_EQ(record_.last.finish, service::FinishReason::kError);
  EXPECT_EQ(FromStatus(record_.last.error).kind, ErrorKind::kStopping);
  EXPECT_EQ(FromStatus(record_.last.error).status(), 503);
  EXPECT_EQ(record_.last.finish, service::FinishReason::kError);
  const ApiError error = FromStatus(record_.last.error);
  EXPECT_EQ(error.status(), 503);
  EXPECT_EQ(error.kind, ErrorKind::kStopping);
}

TEST_F(StreamPumpTest, TellsOfSilenceUntilTheAnswerIsOver) {
  Start(1, 300);
  const auto look = [this] {
    ASSERT_EQ(exchange_->later.size(), 1U);
    const auto task = exchange_->later.back();
    exchange_->later.pop_back();
    task();
  };
  look();  // nothing was posted: the client got nothing yet
  EXPECT_EQ(record_.silences, 1);
  look();
  EXPECT_EQ(record_.silences, 2);
  const size_t before = exchange_->written.size();
  ASSERT_TRUE(RunUntil([&] { return exchange_->written.size() > before; }));
  look();
  EXPECT_EQ(record_.silences, 2);
  exchange_->SetFull(true);
  look();
  look();  // nothing came between, but the client is slow
  EXPECT_EQ(record_.silences, 2);
  exchange_->SetFull(false);
  ASSERT_TRUE(RunUntil([&] { return record_.ended; }));
  look();
  EXPECT_EQ(record_.silences, 2);
  EXPECT_TRUE(exchange_->later.empty());
}

TEST(WorkerPools, RunBoundAndStop) {
  WorkerPool pool(1, 2);
  std::mutex mutex;
  std::atomic<int> done{0};
  mutex.lock();
  ASSERT_TRUE(pool.Post([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    ++done;
  }));
  // One runs (or waits), two wait; sooner or later it is full.
  int taken = 0;
  while (taken < 10 && pool.Post([&] { ++done; })) ++taken;
  EXPECT_LE(taken, 3);
  mutex.unlock();
  while (done < taken + 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  pool.Stop();
  EXPECT_FALSE(pool.Post([] {}));
}

}  // namespace
}  // namespace lemma::server
