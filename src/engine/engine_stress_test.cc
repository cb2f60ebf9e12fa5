// SPDX-License-Identifier: Apache-2.0
// Thousands of requests from several threads that are read, cancelled and dropped at random
// points. Nothing is lost, nothing leaks, and streams that are read to the end say what they say
// when they run alone. Meant for the thread sanitizer as well.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "engine/fake_model.h"
#include "engine/test_outcome.h"

namespace lemma::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr size_t kPages = 40;
constexpr size_t kContext = 600;

GenerateRequest RandomRequest(Rng& rng) {
  GenerateRequest request;
  const uint64_t text = rng.NextBelow(5);  // shared beginnings
  const size_t length = 1 + rng.NextBelow(rng.NextBelow(4) == 0 ? 500 : 90);
  for (size_t i = 0; i < length; ++i) {
    request.prompt.push_back(static_cast<int32_t>(RandomBits(text, i) % 30));
  }
  request.sampling.seed = rng.NextBits();
  request.max_tokens = rng.NextBelow(60);
  request.samples = 1 + (rng.NextBelow(4) == 0 ? rng.NextBelow(4) : 0);
  request.cache_salt = rng.NextBelow(3);
  request.client = rng.NextBelow(4);
  request.priority = static_cast<int>(rng.NextBelow(3)) - 1;
  if (rng.NextBelow(10) == 0) request.deadline = MonotonicSeconds() + rng.NextUniform() * 0.05;
  if (rng.NextBelow(10) == 0) request.stop_tokens = {static_cast<int32_t>(rng.NextBelow(39))};
  return request;
}

// Reads some events, or all, then cancels or not, and drops the handle.
void UseAndDrop(Engine& engine, Rng& rng, std::atomic<size_t>& lost) {
  const GenerateRequest request = RandomRequest(rng);
  std::atomic<int> told{0};  // outlives the generation, which may call until it is gone
  auto submitted = engine.Submit(request);
  if (!submitted.ok()) {
    lost += submitted.status().code() == StatusCode::kResourceExhausted ? 0 : 1;
    return;
  }
  Generation& generation = **submitted;
  const bool notified = rng.NextBelow(2) == 0;
  if (notified) generation.OnEvent([&told] { told.fetch_add(1); });
  const bool to_the_end = rng.NextBelow(3) == 0;
  const size_t wanted = rng.NextBelow(20);
  size_t finished = 0;
  for (size_t i = 0; to_the_end ? finished < request.samples : i < wanted; ++i) {
    const auto event = generation.Next(to_the_end ? nanoseconds(seconds(60)) : milliseconds(2));
    if (!event && to_the_end) {
      ++lost;
      break;
    }
    if (event && event->kind == EventKind::kFinish) ++finished;
    if (rng.NextBelow(30) == 0) generation.CancelSample(rng.NextBelow(5));
  }
  if (rng.NextBelow(2) == 0) generation.Cancel();
  if (notified && finished > 0) {  // the event may be read before the callback is through
    for (int i = 0; i < 5000 && told.load() == 0; ++i) std::this_thread::sleep_for(milliseconds(1));
    lost += told.load() > 0 ? 0 : 1;
  }
}

void Stress(const EngineOptions& options, size_t rounds) {
  const auto engine = *Engine::Create(std::make_unique<FakeModel>(kContext, 4), options);
  // Witnesses: known requests whose streams nobody else may touch.
  std::vector<GenerateRequest> known;
  std::vector<std::map<size_t, Outcome>> expected;
  for (uint64_t i = 0; i < 6; ++i) {
    Rng rng(1000 + i);
    known.push_back(RandomRequest(rng));
    known.back().deadline.reset();
    const auto alone = *Engine::Create(std::make_unique<FakeModel>(kContext, 4), EngineOptions{});
    expected.push_back(Drain(**alone->Submit(known.back()), known.back().samples));
  }
  std::atomic<size_t> lost{0};
  std::atomic<size_t> witnessed{0};
  std::atomic<size_t> changed{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 5; ++t) {
    threads.emplace_back([&, t] {
      Rng rng(t);
      for (size_t i = 0; i < rounds; ++i) UseAndDrop(*engine, rng, lost);
    });
  }
  std::thread witness([&] {
    for (size_t i = 0; !done.load(); i = (i + 1) % known.size()) {
      auto generation = engine->Submit(known[i]);
      if (!generation.ok()) continue;  // the queue was full
      changed += Drain(**generation, known[i].samples) == expected[i] ? 0 : 1;
      ++witnessed;
    }
  });
  std::thread checker([&] {
    while (!done.load()) {
      const Status status = engine->CheckIntegrity();
      EXPECT_TRUE(status.ok()) << status.ToString();
      (void)engine->Stats();
      std::this_thread::sleep_for(milliseconds(3));
    }
  });
  for (std::thread& t : threads) t.join();
  done.store(true);
  witness.join();
  checker.join();
  EXPECT_EQ(lost, 0u);
  EXPECT_EQ(changed, 0u);
  EXPECT_GT(witnessed, 0u);
  EngineStats stats = engine->Stats();
  for (int i = 0; i < 6000 && stats.pages.used + stats.waiting + stats.running > 0; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
    stats = engine->Stats();
  }
  EXPECT_TRUE(engine->CheckIntegrity().ok()) << engine->CheckIntegrity().ToString();
  EXPECT_EQ(stats.pages.used, 0u);
  EXPECT_EQ(stats.pages.cached + stats.pages.free, kPages);
  EXPECT_EQ(stats.waiting, 0u);
  EXPECT_EQ(stats.running, 0u);
  EXPECT_GT(stats.cancels, 0u);
  EXPECT_GT(stats.prefix_hits, 0u);
  EXPECT_GT(stats.evictions, 0u);
}

EngineOptions SmallEngine() {
  EngineOptions options;
  options.kv_pages = kPages;
  options.context_tokens = kContext;
  options.max_queued = 20;
  options.event_capacity = 16;
  options.scheduler.batch_tokens = 96;
  options.scheduler.running = 12;
  options.scheduler.sequences = 8;
  options.scheduler.client_slack = 100;
  return options;
}

TEST(EngineStressTest, RandomClients) { Stress(SmallEngine(), 1500); }

TEST(EngineStressTest, RandomClientsWithPagesOnDisk) {
  const auto folder = std::filesystem::path(::testing::TempDir()) /
                      ("lemma-stress-pages-" + std::to_string(::getpid()));
  EngineOptions options = SmallEngine();
  options.store = PageStoreOptions{};
  options.store->directory = folder;
  options.store->max_bytes = 20000;  // some twenty pages: files come and go
  Stress(options, 200);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lemma::engine
