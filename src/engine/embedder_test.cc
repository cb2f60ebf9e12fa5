// SPDX-License-Identifier: Apache-2.0
#include "engine/embedder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <future>

#include "base/rng.h"
#include "engine/engine.h"
#include "engine/fake_model.h"
#include "engine/test_outcome.h"
#include "model/test_models.h"

namespace lemma::engine {
namespace {

using Texts = std::vector<std::vector<int32_t>>;

std::vector<int32_t> MakeText(uint64_t seed, size_t tokens) {
  std::vector<int32_t> text;
  for (size_t i = 0; i < tokens; ++i) {
    text.push_back(static_cast<int32_t>(RandomBits(seed, i) % 38));
  }
  return text;
}

Result<EmbedVectors> RunAll(Embedder& embedder, const Texts& texts, size_t tokens) {
  Result<EmbedVectors> out = InternalError("not called");
  embedder.Add({texts, nullptr, [&](Result<EmbedVectors> result) { out = std::move(result); }});
  while (embedder.Step(tokens)) {
  }
  return out;
}

TEST(Embedder, VectorsDoNotDependOnPassesOrNeighbours) {
  FakeModel model(1000);
  Texts texts;
  for (uint64_t i = 0; i < 12; ++i) texts.push_back(MakeText(i, 1 + i * i * 3));
  std::vector<std::vector<float>> alone;
  for (const auto& text : texts) {
    Embedder embedder(model, kernels::KvType::kF16);
    const auto vectors = RunAll(embedder, {text}, 1000);
    ASSERT_TRUE(vectors.ok()) << vectors.status().ToString();
    alone.push_back(vectors.value().at(0));
    double squares = 0;
    for (const float value : alone.back()) squares += double{value} * value;
    EXPECT_NEAR(squares, 1, 1e-6);
  }
  EXPECT_NE(alone[3], alone[4]);
  for (const size_t tokens : {1U, 7U, 64U, 100U, 500U}) {
    Embedder embedder(model, kernels::KvType::kF16);
    const auto vectors = RunAll(embedder, texts, tokens);
    ASSERT_TRUE(vectors.ok());
    EXPECT_EQ(vectors.value(), alone) << tokens;
  }
}

TEST(Embedder, ShortTextsShareAPass) {
  FakeModel model(1000);
  Embedder embedder(model, kernels::KvType::kF16);
  const Texts texts(10, MakeText(1, 20));
  ASSERT_TRUE(RunAll(embedder, texts, 256).ok());
  EXPECT_EQ(model.passes, 1U);
}

TEST(Embedder, AnErrorEndsItsJobOnly) {
  FakeModel model(1000);
  Embedder embedder(model, kernels::KvType::kF16);
  EXPECT_FALSE(RunAll(embedder, {MakeText(1, 5), {FakeModel::kPoison}, MakeText(2, 5)}, 4).ok());
  EXPECT_EQ(RunAll(embedder, {MakeText(1, 5)}, 4).value().size(), 1U);
  const auto cancel = std::make_shared<std::atomic<bool>>(true);
  StatusCode code = StatusCode::kOk;
  embedder.Add({{MakeText(1, 5)}, cancel, [&](Result<EmbedVectors> result) {
                  code = result.status().code();
                }});
  EXPECT_TRUE(embedder.Step(100));
  EXPECT_EQ(code, StatusCode::kCancelled);
  EXPECT_FALSE(embedder.Step(100));
}

// The mean of the rows that the model gives for the text as a whole, on real models.
TEST(Embedder, IsTheNormalisedMeanOfTheHiddenState) {
  for (const char* name : {"qwen2-f32-yarn-tied", "llama-q4_0", "qwen3-q8_0"}) {
    const auto loaded = model::testing::LoadModel(name);
    const auto golden = model::testing::ReadGolden(
        model::testing::SourcePath("tests/data/models/" + std::string(name) + ".golden"));
    const auto& tokens = golden.tokens;
    const auto pages = model::testing::PagesFor(tokens.size());
    const auto kv = *loaded.model->MakeKv(pages.size(), kernels::KvType::kF16);
    auto batch =
        model::testing::OneSlice(tokens, 0, tokens.size(), pages, model::LogitsWanted::kAll);
    batch.output = model::OutputKind::kHidden;
    std::vector<float> hidden;
    ASSERT_TRUE(loaded.model->Forward(batch, *kv, hidden).ok());
    const size_t width = loaded.model->config().embedding;
    std::vector<double> mean(width, 0);
    for (size_t i = 0; i < hidden.size(); ++i) mean[i % width] += hidden[i];
    double squares = 0;
    for (const double value : mean) squares += value * value;
    const auto step_model = WrapModel(*loaded.model);
    Embedder embedder(*step_model, kernels::KvType::kF16);
    const auto vectors = RunAll(embedder, {tokens}, 33);
    ASSERT_TRUE(vectors.ok()) << vectors.status().ToString();
    for (size_t j = 0; j < width; ++j) {
      EXPECT_NEAR(vectors.value()[0][j], mean[j] / std::sqrt(squares), 1e-6);
    }
    // In the other type of products: nearly the same, and the same however it is cut.
    Embedder rough(*step_model, kernels::KvType::kF16, kernels::MatmulType::kBf16);
    const auto whole = RunAll(rough, {tokens}, 1000);
    ASSERT_TRUE(whole.ok()) << whole.status().ToString();
    EXPECT_EQ(RunAll(rough, {tokens}, 7).value(), whole.value());
    double cosine = 0;
    for (size_t j = 0; j < width; ++j) {
      cosine += double{whole.value()[0][j]} * vectors.value()[0][j];
    }
    EXPECT_GT(cosine, 0.99);
  }
}

TEST(Embedder, RunsBesideStreamsWithoutTouchingThem) {
  const auto make = [] { return *Engine::Create(std::make_unique<FakeModel>(700), {}); };
  const auto engine = make();
  GenerateRequest request;
  request.prompt = MakeText(3, 100);
  request.max_tokens = 300;
  const auto quiet = Drain(**engine->Submit(request), 1);
  const auto generation = *engine->Submit(request);
  std::vector<std::future<Result<EmbedVectors>>> results;
  for (uint64_t i = 0; i < 20; ++i) {
    auto promise = std::make_shared<std::promise<Result<EmbedVectors>>>();
    results.push_back(promise->get_future());
    ASSERT_TRUE(
        engine
            ->Embed({{MakeText(5, 300)},
                     nullptr,
                     [promise](Result<EmbedVectors> r) { promise->set_value(std::move(r)); }})
            .ok());
  }
  EXPECT_EQ(Drain(*generation, 1), quiet);
  const auto first = results[0].get();
  ASSERT_TRUE(first.ok());
  for (size_t i = 1; i < results.size(); ++i) EXPECT_EQ(results[i].get().value(), first.value());
  EXPECT_TRUE(engine->CheckIntegrity().ok());
}

TEST(Embedder, RefusalsNameTheText) {
  EngineOptions options;
  options.max_queued = 2;
  const auto engine = *Engine::Create(std::make_unique<FakeModel>(700), options);
  const auto refuse = [&](const Texts& texts) {
    const Status status = engine->Embed({texts, nullptr, [](const Result<EmbedVectors>&) {}});
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    return status.message();
  };
  EXPECT_NE(refuse({}).find("texts"), std::string::npos);
  EXPECT_NE(refuse({{1}, {}}).find("texts[1]"), std::string::npos);
  EXPECT_NE(refuse({{1}, {2}, {400}}).find("texts[2][0]"), std::string::npos);
  EXPECT_NE(refuse({MakeText(1, 701)}).find("701"), std::string::npos);
}

}  // namespace
}  // namespace lemma::engine
