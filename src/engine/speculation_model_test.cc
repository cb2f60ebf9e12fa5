// SPDX-License-Identifier: Apache-2.0
// Speculation with real models: the same tokens and the same log-probabilities, bit for bit, on
// every instruction set, for every type of the KV cache.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "engine/engine.h"
#include "engine/test_outcome.h"
#include "kernels/ops.h"
#include "model/test_models.h"

namespace lemma::engine {
namespace {

using kernels::KvType;
using model::testing::Loaded;

std::unique_ptr<Engine> MakeEngine(const Loaded& loaded, Speculation mode, KvType kv_type) {
  EngineOptions options;
  options.kv_type = kv_type;
  options.context_tokens = 200;
  options.kv_pages = 16;
  options.speculation.mode = mode;
  auto engine = Engine::Create(WrapModel(*loaded.model), options);
  EXPECT_TRUE(engine.ok()) << engine.status().ToString();
  return std::move(*engine);
}

GenerateRequest MakeDrafted(const Loaded& loaded, uint64_t seed) {
  Rng rng(seed);
  GenerateRequest request;
  const size_t period = 3 + rng.NextBelow(9);
  for (size_t i = 0; i < 20 + seed * 13; ++i) {
    request.prompt.push_back(i < period
                                 ? static_cast<int32_t>(rng.NextBelow(loaded.model->config().vocab))
                                 : request.prompt[i - period]);
  }
  request.sampling.seed = seed;
  request.sampling.temperature = seed % 2 == 0 ? 0.0F : 0.3F;
  request.sampling.top_logprobs = 3;
  request.max_tokens = 70;
  return request;
}

class SpeculationModelTest : public ::testing::TestWithParam<std::string> {};

TEST_P(SpeculationModelTest, OutputIsThatOfThePlainRun) {
  size_t accepted = 0;
  size_t rejected = 0;
  for (const std::string_view isa : kernels::AvailableIsas()) {
    const Loaded loaded = model::testing::LoadModel(GetParam(), std::string(isa));
    for (const KvType type : {KvType::kF16, KvType::kF32, KvType::kBf16, KvType::kQ8_0}) {
      const auto plain = MakeEngine(loaded, Speculation::kOff, type);
      const auto ahead = MakeEngine(loaded, Speculation::kAlways, type);
      for (uint64_t seed = 0; seed < 4; ++seed) {
        const GenerateRequest request = MakeDrafted(loaded, seed);
        const auto expected = Drain(**plain->Submit(request), 1);
        const auto got = Drain(**ahead->Submit(request), 1);
        ASSERT_EQ(got, expected) << isa << " seed " << seed;
        accepted += got.at(0).usage.accepted_tokens;
        rejected += got.at(0).usage.drafted_tokens - got.at(0).usage.accepted_tokens;
      }
      ASSERT_TRUE(ahead->CheckIntegrity().ok());
    }
  }
  EXPECT_GT(accepted, 50u) << "the test has to see both";
  EXPECT_GT(rejected, 50u);
}

INSTANTIATE_TEST_SUITE_P(Models, SpeculationModelTest,
                         ::testing::Values("qwen2-q4_k-tied", "llama-f16-biases", "qwen3-q8_0"),
                         [](const auto& instance) {
                           return model::testing::TestName(instance.param);
                         });

}  // namespace
}  // namespace lemma::engine
