// SPDX-License-Identifier: Apache-2.0
// Prompts whose passes stop between layers for steps of other sequences.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/clock.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "engine/fake_model.h"
#include "engine/scheduler.h"
#include "engine/test_outcome.h"

namespace lemma::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Many layers, each slower than a step; counts steps between the layers of a pass. A pass can be
// held before its second layer.
class SlowLayers final : public StepModel {
 public:
  static constexpr size_t kLayers = 30;
  explicit SlowLayers(size_t context) : model_(context) {}
  [[nodiscard]] size_t vocab() const override { return model_.vocab(); }
  [[nodiscard]] size_t context_length() const override { return model_.context_length(); }
  [[nodiscard]] size_t layers() const override { return kLayers; }
  Result<std::unique_ptr<kernels::KvStorage>> MakeKv(size_t pages,
                                                     kernels::KvTypes types) override {
    return model_.MakeKv(pages, types);
  }
  Status Forward(const model::ForwardBatch& batch, kernels::KvStorage& kv,
                 std::vector<float>& logits) override {
    between += in_pass.load() ? 1 : 0;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    return model_.Forward(batch, kv, logits);
  }
  Result<std::unique_ptr<model::LayeredPass>> Begin(const model::ForwardBatch& batch,
                                                    kernels::KvStorage& kv) override {
    LEMMA_ASSIGN_OR_RETURN(auto inner, model_.Begin(batch, kv));
    return std::unique_ptr<model::LayeredPass>(std::make_unique<Pass>(*this, std::move(inner)));
  }

  std::atomic<bool> in_pass{false};
  std::atomic<bool> hold{false};
  std::atomic<size_t> between{0};
  std::atomic<size_t> passes{0};

 private:
  class Pass final : public model::LayeredPass {
   public:
    Pass(SlowLayers& model, std::unique_ptr<model::LayeredPass> inner)
        : model_(model), inner_(std::move(inner)) {
      ++model_.passes;
      model_.in_pass.store(true);
    }
    ~Pass() override { model_.in_pass.store(false); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    [[nodiscard]] size_t layers_left() const override { return left_; }
    Status RunLayer(std::vector<float>& output) override {
      std::this_thread::sleep_for(milliseconds(1));
      if (model_.hold.load() && left_ == 2) return OkStatus();  // not yet
      // The inner layers write to the pages at the beginning and at the end.
      const bool inner = left_ == kLayers || left_ < inner_->layers_left() + 1;
      --left_;
      return inner && inner_->layers_left() > 0 ? inner_->RunLayer(output) : OkStatus();
    }

   private:
    SlowLayers& model_;
    std::unique_ptr<model::LayeredPass> inner_;
    size_t left_ = kLayers;
  };

  FakeModel model_;
};

Outcome Alone(const GenerateRequest& request) {
  const auto engine = *Engine::Create(std::make_unique<FakeModel>(2000), EngineOptions{});
  return Drain(**engine->Submit(request), 1)[0];
}

struct Slow {
  explicit Slow(EngineOptions options = {}) {
    auto owned = std::make_unique<SlowLayers>(2000);
    model = owned.get();
    options.event_capacity = 4096;  // nobody reads in time
    engine = *Engine::Create(std::move(owned), options);
  }
  // Until a stream decodes.
  std::unique_ptr<Generation> Decoding(const GenerateRequest& request) {
    auto generation = *engine->Submit(request);
    while (true) {
      const auto event = generation->Next(seconds(20));
      if (!event || event->kind == EventKind::kToken) return generation;
    }
  }
  void WaitForPass() const {
    while (!model->in_pass.load()) std::this_thread::sleep_for(milliseconds(1));
  }

  SlowLayers* model;
  std::unique_ptr<Engine> engine;
};

TEST(EnginePassTest, StreamsGoOnBetweenTheLayersOfAPrompt) {
  Slow slow;
  const GenerateRequest decoding = MakeRequest(1, 20, 1900);
  const GenerateRequest prompt = MakeRequest(2, 600, 20);
  auto stream = slow.Decoding(decoding);
  EXPECT_EQ(Drain(**slow.engine->Submit(prompt), 1)[0], Alone(prompt));
  EXPECT_GT(slow.model->passes, 0U);
  EXPECT_GT(slow.model->between, slow.model->passes) << "several steps a pass";
  Outcome rest = Drain(*stream, 1)[0];
  const Outcome whole = Alone(decoding);
  rest.tokens.insert(rest.tokens.begin(), whole.tokens.front());  // was read by Decoding
  EXPECT_EQ(rest.tokens, whole.tokens);
  EXPECT_TRUE(slow.engine->CheckIntegrity().ok());
}

TEST(EnginePassTest, APromptThatIsCancelledInItsPassEndsAtOnceAndItsPagesComeBack) {
  EngineOptions options;
  options.context_tokens = 1000;
  options.kv_pages = 20;
  Slow slow(options);
  const GenerateRequest decoding = MakeRequest(1, 20, 900);
  auto stream = slow.Decoding(decoding);
  slow.model->hold.store(true);
  auto prompt = *slow.engine->Submit(MakeRequest(2, 900, 20));
  slow.WaitForPass();
  prompt->Cancel();
  EXPECT_EQ(Drain(*prompt, 1)[0].finish, FinishReason::kCancelled);
  // Another one does not get the pages to which the pass still writes.
  const GenerateRequest other = MakeRequest(3, 700, 10);
  auto waiting = *slow.engine->Submit(other);
  EXPECT_TRUE(slow.engine->CheckIntegrity().ok());
  slow.model->hold.store(false);
  EXPECT_EQ(Drain(*waiting, 1)[0], Alone(other));
  Outcome rest = Drain(*stream, 1)[0];
  const Outcome whole = Alone(decoding);
  rest.tokens.insert(rest.tokens.begin(), whole.tokens.front());
  EXPECT_EQ(rest.tokens, whole.tokens);
  EXPECT_TRUE(slow.engine->CheckIntegrity().ok());
  EXPECT_EQ(slow.engine->Stats().pages.used, 0U);
}

TEST(EnginePassTest, APassThatNobodyWantsAnyMoreIsDropped) {
  Slow slow;
  slow.model->hold.store(true);  // it never ends by itself
  GenerateRequest request = MakeRequest(2, 900, 20);
  request.samples = 3;
  auto prompt = *slow.engine->Submit(request);
  slow.WaitForPass();
  prompt->Cancel();
  for (const auto& [sample, outcome] : Drain(*prompt, 3)) {
    EXPECT_EQ(outcome.finish, FinishReason::kCancelled) << sample;
  }
  request.deadline = MonotonicSeconds() + 0.02;
  for (const auto& [sample, outcome] : Drain(**slow.engine->Submit(request), 3)) {
    EXPECT_EQ(outcome.finish, FinishReason::kDeadline) << sample;
  }
  EXPECT_TRUE(slow.engine->CheckIntegrity().ok());
  EXPECT_FALSE(slow.model->in_pass);
  slow.model->hold.store(false);
  request = MakeRequest(3, 900, 20);
  EXPECT_EQ(Drain(**slow.engine->Submit(request), 1)[0], Alone(request));
  EXPECT_TRUE(slow.engine->CheckIntegrity().ok());  // the figures are those of the last step then
  EXPECT_EQ(slow.engine->Stats().pages.used, 0U);
}

TEST(EnginePassTest, AFailedPassIsAnErrorOfItsPromptsOnly) {
  Slow slow;
  const GenerateRequest decoding = MakeRequest(1, 20, 300);
  auto stream = slow.Decoding(decoding);
  GenerateRequest bad = MakeRequest(2, 100, 20);
  bad.prompt[50] = FakeModel::kPoison;
  bad.samples = 2;
  for (const auto& [sample, outcome] : Drain(**slow.engine->Submit(bad), 2)) {
    EXPECT_EQ(outcome.finish, FinishReason::kError) << sample;
  }
  EXPECT_EQ(Drain(*stream, 1)[0].finish, FinishReason::kLength);
  EXPECT_TRUE(slow.engine->CheckIntegrity().ok());
  EXPECT_EQ(slow.engine->Stats().pages.used, 0U);
}

// Forces tokens again and again, more than a step of decoding takes.
class ForcingWatch final : public TokenWatch {
 public:
  WatchVerdict OnToken(int32_t /*token*/) override {
    WatchVerdict verdict;
    if (++seen_ % 40 == 3) verdict.force.assign(2 * kDecodeTokens, 7);
    return verdict;
  }

 private:
  size_t seen_ = 0;
};

TEST(EnginePassTest, ForcedTokensOfAStreamDoNotDisturbThePassOfAPrompt) {
  Slow slow;
  GenerateRequest forced = MakeRequest(1, 20, 1900);
  forced.watch = [](size_t) { return std::make_unique<ForcingWatch>(); };
  auto stream = slow.Decoding(forced);
  slow.model->hold.store(true);
  const GenerateRequest prompt = MakeRequest(2, 600, 20);
  auto waiting = *slow.engine->Submit(prompt);
  slow.WaitForPass();
  const size_t before = slow.model->between.load();
  while (slow.model->between.load() < before + 100) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(slow.model->in_pass);
  slow.model->hold.store(false);
  EXPECT_EQ(Drain(*waiting, 1)[0], Alone(prompt));
  Outcome rest = Drain(*stream, 1)[0];
  const Outcome whole = Alone(forced);
  rest.tokens.insert(rest.tokens.begin(), whole.tokens.front());
  EXPECT_EQ(rest.tokens, whole.tokens);
  EXPECT_TRUE(slow.engine->CheckIntegrity().ok());
  EXPECT_EQ(slow.engine->Stats().pages.used, 0U);
}

TEST(EnginePassTest, StoppingInAPassIsClean) {
  auto slow = std::make_unique<Slow>();
  auto stream = slow->Decoding(MakeRequest(1, 20, 1900));
  slow->model->hold.store(true);
  auto prompt = *slow->engine->Submit(MakeRequest(2, 900, 20));
  slow->WaitForPass();
  slow->engine.reset();
  EXPECT_EQ(Drain(*prompt, 1)[0].finish, FinishReason::kCancelled);
}

}  // namespace
}  // namespace lemma::engine
