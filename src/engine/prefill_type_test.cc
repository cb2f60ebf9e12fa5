// SPDX-License-Identifier: Apache-2.0
// Prompts in the bf16 class, generated tokens in int8, with real models: a request has the same
// tokens and log-probabilities, bit for bit, on every instruction set, whatever the chunks, with
// neighbours, after preemption, and with its beginning taken from the prefix cache or computed.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "engine/engine.h"
#include "engine/test_outcome.h"
#include "kernels/ops.h"
#include "model/test_models.h"

namespace lemma::engine {
namespace {

using kernels::MatmulType;
using model::testing::Loaded;

EngineOptions Options(MatmulType type) {
  EngineOptions options;
  options.context_tokens = 256;
  options.kv_pages = 64;
  options.prefill_type = type;
  return options;
}

std::unique_ptr<Engine> MakeEngine(const Loaded& loaded, const EngineOptions& options) {
  auto engine = Engine::Create(WrapModel(*loaded.model), options);
  EXPECT_TRUE(engine.ok()) << engine.status().ToString();
  return std::move(*engine);
}

struct Lengths {
  size_t prompt = 140;
  size_t output = 50;
};

GenerateRequest MakePrefill(const Loaded& loaded, uint64_t seed, Lengths lengths = {}) {
  Rng rng(seed);
  GenerateRequest request;
  for (size_t i = 0; i < lengths.prompt + seed; ++i) {
    request.prompt.push_back(static_cast<int32_t>(rng.NextBelow(loaded.model->config().vocab)));
  }
  request.sampling.seed = seed;
  request.sampling.temperature = 0.7F;
  request.sampling.top_logprobs = 3;
  request.max_tokens = lengths.output;
  return request;
}

Outcome RunAlone(const Loaded& loaded, const GenerateRequest& request,
                 const EngineOptions& options) {
  return Drain(**MakeEngine(loaded, options)->Submit(request), 1).at(0);
}

class PrefillTypeTest : public ::testing::TestWithParam<std::string> {
 protected:
  const Loaded loaded_ =
      model::testing::LoadModel(GetParam(), std::string(kernels::AvailableIsas().back()));
};

TEST_P(PrefillTypeTest, EveryIsaGivesTheSameBits) {
  const EngineOptions options = Options(MatmulType::kBf16);
  const Outcome expected = RunAlone(loaded_, MakePrefill(loaded_, 1), options);
  EXPECT_FALSE(expected == RunAlone(loaded_, MakePrefill(loaded_, 1), Options(MatmulType::kInt8)))
      << "the test has to see the types differ";
  for (const std::string_view isa : kernels::AvailableIsas()) {
    const Loaded other = model::testing::LoadModel(GetParam(), std::string(isa));
    EXPECT_EQ(RunAlone(other, MakePrefill(other, 1), options), expected) << isa;
  }
}

TEST_P(PrefillTypeTest, ChunksDoNotMatter) {
  const Outcome expected = RunAlone(loaded_, MakePrefill(loaded_, 2), Options(MatmulType::kBf16));
  for (const size_t chunk : {7, 33, 64}) {
    EngineOptions options = Options(MatmulType::kBf16);
    options.scheduler.batch_tokens = chunk;
    EXPECT_EQ(RunAlone(loaded_, MakePrefill(loaded_, 2), options), expected) << chunk;
  }
}

TEST_P(PrefillTypeTest, NeighboursAndPreemptionDoNotMatter) {
  constexpr Lengths kGrowing = {40, 150};  // begin on one page, end on three
  std::vector<Outcome> expected;  // before the other engine runs: they share the model's Ops
  for (uint64_t seed = 0; seed < 6; ++seed) {
    expected.push_back(
        RunAlone(loaded_, MakePrefill(loaded_, seed, kGrowing), Options(MatmulType::kBf16)));
  }
  EngineOptions tight = Options(MatmulType::kBf16);
  tight.kv_pages = 10;
  const auto engine = MakeEngine(loaded_, tight);
  std::vector<std::unique_ptr<Generation>> running;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    running.push_back(std::move(*engine->Submit(MakePrefill(loaded_, seed, kGrowing))));
  }
  for (uint64_t seed = 0; seed < 6; ++seed) {
    EXPECT_EQ(Drain(*running[seed], 1).at(0), expected[seed]) << seed;
  }
  EXPECT_TRUE(engine->CheckIntegrity().ok());  // the figures are those of the last step then
  EXPECT_GT(engine->Stats().preemptions, 0u) << "the test has to see one";
}

TEST_P(PrefillTypeTest, PrefixCacheHitsAndMissesGiveTheSameBits) {
  const EngineOptions options = Options(MatmulType::kBf16);
  const GenerateRequest request = MakePrefill(loaded_, 3);
  const Outcome first = RunAlone(loaded_, request, options);
  // A prompt that holds the answer: what was generated is computed anew, as a prompt.
  GenerateRequest longer = request;
  longer.prompt.insert(longer.prompt.end(), first.tokens.begin(), first.tokens.end());
  const Outcome miss = RunAlone(loaded_, longer, options);
  const auto engine = MakeEngine(loaded_, options);
  EXPECT_EQ(Drain(**engine->Submit(request), 1).at(0), first);
  const Outcome again = Drain(**engine->Submit(request), 1).at(0);
  EXPECT_EQ(again, first);
  EXPECT_EQ(again.usage.cached_tokens, 128u) << "the full pages of the prompt";
  const Outcome hit = Drain(**engine->Submit(longer), 1).at(0);
  EXPECT_EQ(hit, miss);
  EXPECT_EQ(hit.usage.cached_tokens, 128u);
}

INSTANTIATE_TEST_SUITE_P(Models, PrefillTypeTest,
                         ::testing::Values("qwen2-q4_k-tied", "llama-f16-biases", "qwen3-q8_0"),
                         [](const auto& instance) {
                           return model::testing::TestName(instance.param);
                         });

}  // namespace
}  // namespace lemma::engine
