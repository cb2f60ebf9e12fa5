// SPDX-License-Identifier: Apache-2.0
// The engine when more is asked than it can do at once: order, shares, limits, deadlines.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "engine/fake_model.h"
#include "engine/test_outcome.h"

namespace lemma::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A fake model that waits before its first pass until it is let go, and notes the batches.
class GatedModel final : public StepModel {
 public:
  explicit GatedModel(size_t context) : model_(context) {}
  [[nodiscard]] size_t vocab() const override { return model_.vocab(); }
  [[nodiscard]] size_t context_length() const override { return model_.context_length(); }
  Result<std::unique_ptr<kernels::KvStorage>> MakeKv(size_t pages,
                                                     kernels::KvTypes types) override {
    return model_.MakeKv(pages, types);
  }
  Status Forward(const model::ForwardBatch& batch, kernels::KvStorage& kv,
                 std::vector<float>& logits) override {
    entered.store(true);
    entered.notify_all();
    open.wait(false);
    {
      const std::lock_guard lock(mutex_);
      widths_.push_back(batch.slices.size());
    }
    return model_.Forward(batch, kv, logits);
  }
  void LetGo() {
    open.store(true);
    open.notify_all();
  }
  [[nodiscard]] size_t widest() {
    const std::lock_guard lock(mutex_);
    return *std::max_element(widths_.begin(), widths_.end());
  }

  std::atomic<bool> entered{false};
  std::atomic<bool> open{false};

 private:
  FakeModel model_;
  std::mutex mutex_;
  std::vector<size_t> widths_;
};

// An engine that computes nothing until LetGo, with one request inside its first step.
struct Gated {
  explicit Gated(EngineOptions options) {
    auto owned = std::make_unique<GatedModel>(2000);
    model = owned.get();
    options.speculation.mode = Speculation::kOff;
    auto made = Engine::Create(std::move(owned), options);
    EXPECT_TRUE(made.ok());
    engine = std::move(*made);
    first = std::move(*engine->Submit(MakeRequest(99, 10, 40)));
    model->entered.wait(false);
  }
  ~Gated() { model->LetGo(); }
  Gated(const Gated&) = delete;
  Gated& operator=(const Gated&) = delete;

  GatedModel* model;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Generation> first;
};

TEST(EngineLoadTest, AFullQueueRefusesAtOnceWithTheCounts) {
  EngineOptions options;
  options.max_queued = 3;
  Gated gated(options);
  std::vector<std::unique_ptr<Generation>> waiting;
  // The first has not started as far as Submit can know, or it has: so the third or fourth fails.
  Status refused;
  for (uint64_t i = 0; i < 4 && refused.ok(); ++i) {
    auto generation = gated.engine->Submit(MakeRequest(i, 10, 5));
    refused = generation.status();
    if (generation.ok()) waiting.push_back(std::move(*generation));
  }
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(refused.message().find("3 requests are waiting already (the limit is 3)"),
            std::string::npos)
      << refused.message();
  EXPECT_NE(refused.message().find("try again in"), std::string::npos);
  EXPECT_EQ(gated.engine->Stats().waiting, 3u);
  EXPECT_EQ(gated.engine->Stats().refusals, 1u);
  EXPECT_GE(gated.engine->Stats().retry_seconds, 1);
  gated.model->LetGo();
  for (auto& generation : waiting) EXPECT_EQ(Drain(*generation, 1)[0].tokens.size(), 5u);
  Drain(*gated.first, 1);
  EXPECT_TRUE(gated.engine->CheckIntegrity().ok());  // the figures are those of the last step then
  EXPECT_EQ(gated.engine->Stats().waiting, 0u);
  EXPECT_TRUE(gated.engine->Submit(MakeRequest(1, 10, 5)).ok());
}

TEST(EngineLoadTest, NoMoreRunThanMay) {
  EngineOptions options;
  options.scheduler.running = 4;
  Gated gated(options);
  std::vector<std::unique_ptr<Generation>> all;
  for (uint64_t i = 0; i < 20; ++i) {
    all.push_back(std::move(*gated.engine->Submit(MakeRequest(i, 10 + i, 30))));
  }
  gated.model->LetGo();
  for (auto& generation : all) EXPECT_EQ(Drain(*generation, 1)[0].tokens.size(), 30u);
  EXPECT_EQ(gated.model->widest(), 4u);
}

// Requests in the order in which they get their first token.
std::vector<size_t> OrderOfStarts(Gated& gated, const std::vector<GenerateRequest>& requests) {
  std::vector<std::unique_ptr<Generation>> all;
  std::mutex mutex;
  std::vector<size_t> order;
  for (size_t i = 0; i < requests.size(); ++i) {
    all.push_back(std::move(*gated.engine->Submit(requests[i])));
    all.back()->OnEvent([&, i] {
      const std::lock_guard lock(mutex);
      if (std::find(order.begin(), order.end(), i) == order.end()) order.push_back(i);
    });
  }
  gated.model->LetGo();
  for (auto& generation : all) {
    Drain(*generation, 1);
    generation->OnEvent({});
  }
  return order;
}

TEST(EngineLoadTest, HigherPriorityStartsFirst) {
  EngineOptions options;
  options.scheduler.running = 1;
  Gated gated(options);
  std::vector<GenerateRequest> requests;
  for (uint64_t i = 0; i < 6; ++i) requests.push_back(MakeRequest(i, 20, 10));
  requests[3].priority = 5;
  requests[4].priority = -5;
  requests[5].priority = 7;
  EXPECT_EQ(OrderOfStarts(gated, requests), (std::vector<size_t>{5, 3, 0, 1, 2, 4}));
}

TEST(EngineLoadTest, ClientsTakeTurns) {
  EngineOptions options;
  options.scheduler.running = 1;
  options.scheduler.client_slack = 1;
  Gated gated(options);
  std::vector<GenerateRequest> requests;
  for (uint64_t i = 0; i < 8; ++i) requests.push_back(MakeRequest(i, 20, 10));
  requests[6].client = 1;
  requests[7].client = 1;
  const auto order = OrderOfStarts(gated, requests);
  // The second client sent two, after six of the first: each of its requests waits for one at most.
  const auto place = [&](size_t request) {
    return std::find(order.begin(), order.end(), request) - order.begin();
  };
  EXPECT_LE(place(6), 1);
  EXPECT_LE(place(7), 3);
}

TEST(EngineLoadTest, DeadlinesEndWhatRunsAndWhatWaits) {
  EngineOptions options;
  options.scheduler.running = 1;
  options.event_capacity = 4;  // the first stops when nobody reads it
  const auto engine = *Engine::Create(std::make_unique<FakeModel>(2000), options);
  auto running = *engine->Submit(MakeRequest(1, 10, 1000));
  ASSERT_TRUE(running->Next(seconds(20)));
  GenerateRequest request = MakeRequest(2, 10, 10);
  request.deadline = MonotonicSeconds() + 0.05;
  request.samples = 3;
  auto waiting = *engine->Submit(request);
  for (const auto& [sample, outcome] : Drain(*waiting, 3)) {
    EXPECT_EQ(outcome.finish, FinishReason::kDeadline) << sample;
    EXPECT_TRUE(outcome.tokens.empty());
  }
  EXPECT_GE(MonotonicSeconds(), *request.deadline);
  running->Cancel();
  EXPECT_EQ(Drain(*running, 1)[0].finish, FinishReason::kCancelled);
  request = MakeRequest(1, 10, 1000);
  request.deadline = MonotonicSeconds() + 0.15;
  running = *engine->Submit(request);
  while (MonotonicSeconds() < *request.deadline) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(Drain(*running, 1)[0].finish, FinishReason::kDeadline);
  request = MakeRequest(3, 10, 10);
  request.deadline = MonotonicSeconds() + 1000;
  EXPECT_EQ(Drain(**engine->Submit(request), 1)[0].finish, FinishReason::kLength);
  EXPECT_TRUE(engine->CheckIntegrity().ok());  // the figures are those of the last step then
  EXPECT_EQ(engine->Stats().deadline_hits, 4u);
  EXPECT_EQ(engine->Stats().waiting, 0u);
  EXPECT_EQ(engine->Stats().pages.used, 0u);
}

TEST(EngineLoadTest, CancelWhileWaiting) {
  EngineOptions options;
  options.scheduler.running = 1;
  Gated gated(options);
  auto waiting = *gated.engine->Submit(MakeRequest(1, 10, 10));
  auto other = *gated.engine->Submit(MakeRequest(2, 10, 10));
  waiting->Cancel();
  gated.model->LetGo();
  const Outcome outcome = Drain(*waiting, 1)[0];
  EXPECT_EQ(outcome.finish, FinishReason::kCancelled);
  EXPECT_TRUE(outcome.tokens.empty());
  EXPECT_EQ(Drain(*other, 1)[0].tokens.size(), 10u);
  EXPECT_TRUE(gated.engine->CheckIntegrity().ok());  // the figures are those of the last step then
  EXPECT_EQ(gated.engine->Stats().cancels, 1u);
}

TEST(EngineLoadTest, PriorityIsBounded) {
  const auto engine = *Engine::Create(std::make_unique<FakeModel>(100), {});
  GenerateRequest request = MakeRequest(1, 5, 5);
  request.priority = 101;
  EXPECT_EQ(engine->Submit(request).status().message(),
            "priority: 101 is out of range, expected -100 to 100");
}

// Tenants with a canary in a shared beginning: no salt gets another's pages, and what a tenant gets
// does not depend on the others.
TEST(EngineLoadTest, TenantsDoNotSeeEachOthersPages) {
  constexpr uint64_t kTenants = 8;
  EngineOptions options;
  options.kv_pages = 24;  // too few for all: pages change hands
  const auto engine = *Engine::Create(std::make_unique<FakeModel>(700), options);
  const auto request_of = [&](uint64_t tenant) {
    GenerateRequest request = MakeRequest(5, 200, 20);  // the same beginning for all
    for (size_t i = 0; i < 4; ++i) {
      request.prompt.push_back(static_cast<int32_t>(30 + tenant));
    }
    request.cache_salt = tenant;
    return request;
  };
  std::vector<Outcome> alone;
  for (uint64_t tenant = 0; tenant < kTenants; ++tenant) {
    const auto own = *Engine::Create(std::make_unique<FakeModel>(700), EngineOptions{});
    alone.push_back(Drain(**own->Submit(request_of(tenant)), 1)[0]);
  }
  std::vector<std::thread> threads;
  std::atomic<size_t> wrong{0};
  for (uint64_t tenant = 0; tenant < kTenants; ++tenant) {
    threads.emplace_back([&, tenant] {
      for (int round = 0; round < 40; ++round) {
        const Outcome got = Drain(**engine->Submit(request_of(tenant)), 1)[0];
        wrong += got == alone[tenant] ? 0 : 1;
        // Only what this tenant itself computed may be found, and it is at most the full pages.
        wrong += round == 0 && got.usage.cached_tokens > 0 ? 1 : 0;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_TRUE(engine->CheckIntegrity().ok());  // the figures are those of the last step then
  EXPECT_GT(engine->Stats().prefix_hits, 0u);
  EXPECT_GT(engine->Stats().evictions, 0u);
  EXPECT_EQ(engine->Stats().prefix_lookups, kTenants * 40);
}

}  // namespace
}  // namespace lemma::engine
