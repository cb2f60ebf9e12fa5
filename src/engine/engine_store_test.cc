// SPDX-License-Identifier: Apache-2.0
// Prefixes that come back from disk after a restart.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <mutex>

#include "base/log.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "engine/fake_model.h"
#include "engine/test_outcome.h"
#include "model/test_models.h"

namespace lemma::engine {
namespace {

namespace fs = std::filesystem;

class EngineStoreTest : public ::testing::Test {
 protected:
  EngineStoreTest() { fs::remove_all(dir_); }
  ~EngineStoreTest() override { fs::remove_all(dir_); }
  EngineStoreTest(const EngineStoreTest&) = delete;
  EngineStoreTest& operator=(const EngineStoreTest&) = delete;

  [[nodiscard]] EngineOptions Options() const {
    EngineOptions options;
    options.store = PageStoreOptions{};
    options.store->directory = dir_;
    options.store->identity = "fake";
    return options;
  }
  [[nodiscard]] std::unique_ptr<Engine> Start(const EngineOptions& options) const {
    auto engine = Engine::Create(std::make_unique<FakeModel>(3000), options);
    EXPECT_TRUE(engine.ok()) << engine.status().ToString();
    return std::move(*engine);
  }
  static GenerateRequest Request(uint64_t seed, size_t prompt_tokens) {
    GenerateRequest request;
    for (size_t i = 0; i < prompt_tokens; ++i) {
      request.prompt.push_back(static_cast<int32_t>(RandomBits(seed, i) % 30));
    }
    request.sampling.seed = seed;
    request.max_tokens = 12;
    return request;
  }
  static Outcome RunOne(Engine& engine, const GenerateRequest& request) {
    Outcome outcome = Drain(**engine.Submit(request), 1)[0];
    EXPECT_TRUE(engine.CheckIntegrity().ok());  // the figures are those of the last step then
    return outcome;
  }
  const fs::path dir_ =
      fs::path(::testing::TempDir()) / ("lemma-engine-pages-" + std::to_string(::getpid()));
};

TEST_F(EngineStoreTest, APromptIsFoundAfterARestart) {
  const GenerateRequest request = Request(1, 1000);
  const Outcome cold = RunOne(*Start(Options()), request);
  EXPECT_EQ(cold.usage.cached_tokens, 0u);
  {
    const auto engine = Start(Options());
    const Outcome warm = RunOne(*engine, request);
    EXPECT_EQ(warm, cold);
    EXPECT_EQ(warm.usage.cached_tokens, 960u);
    EXPECT_EQ(engine->Stats().prefill_tokens, 40u);
    EXPECT_EQ(engine->Stats().store_tokens, 960u);
    EXPECT_TRUE(engine->CheckIntegrity().ok());
    // From memory now.
    EXPECT_EQ(RunOne(*engine, request), cold);
    EXPECT_EQ(engine->Stats().store_tokens, 960u);
  }
  // Another salt, another type of KV cache, another model: nothing is found.
  GenerateRequest stranger = request;
  stranger.cache_salt = 5;
  EXPECT_EQ(RunOne(*Start(Options()), stranger).usage.cached_tokens, 0u);
  EngineOptions options = Options();
  options.kv_type = kernels::KvType::kQ8_0;
  EXPECT_EQ(RunOne(*Start(options), request).usage.cached_tokens, 0u);
  options = Options();
  options.store->identity = "other";
  EXPECT_EQ(RunOne(*Start(options), request).usage.cached_tokens, 0u);
}

TEST_F(EngineStoreTest, OnlyTheSameBeginningIsTaken) {
  GenerateRequest request = Request(1, 1000);
  RunOne(*Start(Options()), request);
  request.prompt[500] = (request.prompt[500] + 1) % 30;
  const auto engine = Start(Options());
  const Outcome got = RunOne(*engine, request);
  EXPECT_EQ(got.usage.cached_tokens, 448u);
  EXPECT_EQ(got, RunOne(*Start(EngineOptions{}), request));
}

TEST_F(EngineStoreTest, WhatMemoryHasIsContinuedFromDisk) {
  const GenerateRequest request = Request(1, 1000);
  const Outcome cold = RunOne(*Start(Options()), request);
  const auto engine = Start(Options());
  GenerateRequest shorter = request;
  shorter.prompt.resize(300);
  RunOne(*engine, shorter);
  EXPECT_EQ(engine->Stats().store_tokens, 256u);
  EXPECT_EQ(RunOne(*engine, request), cold);
  EXPECT_EQ(engine->Stats().store_tokens, 960u);
}

TEST_F(EngineStoreTest, DamagedPagesAreComputedAgain) {
  const GenerateRequest request = Request(1, 1000);
  const Outcome cold = RunOne(*Start(Options()), request);
  std::mutex mutex;
  std::vector<std::string> warnings;
  SetLogSink([&](LogLevel, std::string_view message) {
    const std::lock_guard lock(mutex);
    warnings.emplace_back(message);
  });
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(dir_ / "kv")) {
    ++files;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-5, std::ios::end);
    file.put('x').put('y').put('z');
  }
  EXPECT_EQ(files, 15u);
  {
    const auto engine = Start(Options());
    EXPECT_EQ(RunOne(*engine, request), cold);
    EXPECT_EQ(engine->Stats().store_tokens, 0u);
    EXPECT_GT(engine->Stats().store.pages_damaged, 0u);
    EXPECT_TRUE(engine->CheckIntegrity().ok());
  }
  SetLogSink({});
  EXPECT_FALSE(warnings.empty());
  // What was found damaged has been written again; the rest is found damaged when it is read.
  EXPECT_EQ(RunOne(*Start(Options()), request), cold);
}

TEST_F(EngineStoreTest, ManyAtOnceWithFewPagesGetTheirOwn) {
  std::vector<GenerateRequest> requests;
  requests.reserve(12);
  for (uint64_t i = 0; i < 12; ++i) {
    requests.push_back(Request(i / 3, 200 + 50 * i));
    requests.back().cache_salt = i % 2;
    requests.back().samples = 1 + i % 3;
  }
  std::vector<std::map<size_t, Outcome>> expected;
  expected.reserve(requests.size());
  for (const auto& request : requests) {
    expected.push_back(Drain(**Start(EngineOptions{})->Submit(request), request.samples));
  }
  EngineOptions options = Options();
  options.context_tokens = 900;
  options.kv_pages = 24;
  for (int round = 0; round < 4; ++round) {
    const auto engine = Start(options);
    std::vector<std::unique_ptr<Generation>> running;
    running.reserve(requests.size());
    for (const auto& request : requests) running.push_back(std::move(*engine->Submit(request)));
    running[3]->Cancel();
    for (size_t i = 0; i < running.size(); ++i) {
      const auto got = Drain(*running[i], requests[i].samples);
      if (i != 3) {
        EXPECT_EQ(got, expected[i]) << round << " " << i;
      }
    }
    EXPECT_TRUE(engine->CheckIntegrity().ok()) << engine->CheckIntegrity().ToString();
    EXPECT_EQ(engine->Stats().pages.used, 0u);
    if (round > 0) {
      EXPECT_GT(engine->Stats().store_tokens, 0u);
    }
  }
}

// A real model: the logits after a restart have the same bits.
TEST_F(EngineStoreTest, ARealModelGivesTheSameBits) {
  const auto loaded = model::testing::LoadModel("qwen2-q4_k-tied", "scalar");
  const auto start = [&] {
    EngineOptions options = Options();
    options.context_tokens = 250;
    options.kv_pages = 8;
    auto engine = Engine::Create(WrapModel(*loaded.model), options);
    EXPECT_TRUE(engine.ok()) << engine.status().ToString();
    return std::move(*engine);
  };
  GenerateRequest request = Request(1, 150);
  request.sampling.top_logprobs = 5;
  const Outcome cold = RunOne(*start(), request);
  const Outcome warm = RunOne(*start(), request);
  EXPECT_EQ(warm, cold);
  EXPECT_EQ(warm.usage.cached_tokens, 128u);
}

TEST_F(EngineStoreTest, AFolderThatCannotBeUsedIsAnErrorAtTheStart) {
  std::ofstream(dir_) << "a file";
  const auto engine = Engine::Create(std::make_unique<FakeModel>(100), Options());
  EXPECT_EQ(engine.status().code(), StatusCode::kIo);
}

}  // namespace
}  // namespace lemma::engine
