// SPDX-License-Identifier: Apache-2.0
#include "model/perplexity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "model/test_models.h"
#include "model/vocab_from_gguf.h"
#include "tokenizer/tokenizer.h"

namespace lemma::model {
namespace {

using ::testing::HasSubstr;
using testing::Loaded;
using testing::Must;

constexpr int32_t kBos = 7;

std::vector<int32_t> RandomTokens(size_t count, uint64_t vocab) {
  Rng rng(42);
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < count; ++i) tokens.push_back(static_cast<int32_t>(rng.NextBelow(vocab)));
  return tokens;
}

// The definition, one token at a time: the mean over the second halves of the windows.
double NaiveNll(Model& model, std::vector<int32_t> tokens, size_t window,
                std::optional<int32_t> bos) {
  const auto kv = Must(model.MakeKv(4, kernels::KvType::kF32));
  const std::vector<kernels::PageId> pages = testing::PagesFor(window);
  double sum = 0.0;
  size_t count = 0;
  for (size_t start = 0; start + window <= tokens.size(); start += window) {
    const std::vector<int32_t> original(tokens.begin() + static_cast<ptrdiff_t>(start),
                                        tokens.begin() + static_cast<ptrdiff_t>(start + window));
    std::vector<int32_t> fed = original;
    if (bos) fed[0] = *bos;
    for (size_t p = 0; p < window; ++p) {
      std::vector<float> logits;
      EXPECT_TRUE(
          model.Forward(testing::OneSlice(fed, p, p + 1, pages, LogitsWanted::kAll), *kv, logits)
              .ok());
      if (p < window / 2 || p + 1 == window) continue;
      double total = 0.0;
      for (const float logit : logits) total += std::exp(static_cast<double>(logit));
      sum += std::log(total) - double{logits[static_cast<size_t>(original[p + 1])]};
      ++count;
    }
  }
  return sum / static_cast<double>(count);
}

TEST(PerplexityTest, EqualsTheDefinitionForEveryBatching) {
  const Loaded loaded = testing::LoadModel("qwen3-f32-linear");
  Model& model = *loaded.model;
  const std::vector<int32_t> tokens = RandomTokens(330, model.config().vocab);
  for (const size_t window : {64, 101}) {
    for (const std::optional<int32_t> bos : {std::optional<int32_t>(), std::optional(kBos)}) {
      const double expected = NaiveNll(model, tokens, window, bos);
      for (const size_t batch : {1, 10, 50, 512}) {
        PerplexityOptions options;
        options.window = window;
        options.batch = batch;
        options.bos = bos;
        options.kv_type = kernels::KvType::kF32;
        const PerplexityResult result = Must(Perplexity(model, tokens, options, {}));
        EXPECT_NEAR(result.nll, expected, 1e-9) << window << " " << batch;
        EXPECT_DOUBLE_EQ(result.ppl, std::exp(result.nll));
        const size_t windows = tokens.size() / window;
        EXPECT_EQ(result.windows, windows);
        EXPECT_EQ(result.tokens, windows * (window - window / 2 - 1));
        EXPECT_GT(result.ppl_error, 0.0);
      }
    }
  }
}

TEST(PerplexityTest, BosReplacesTheFirstTokenOfEachWindow) {
  const Loaded loaded = testing::LoadModel("qwen3-f32-linear");
  Model& model = *loaded.model;
  std::vector<int32_t> tokens = RandomTokens(128, model.config().vocab);
  PerplexityOptions options;
  options.window = 64;
  options.bos = kBos;
  const double with_bos = Must(Perplexity(model, tokens, options, {})).nll;
  tokens[0] = kBos;
  tokens[64] = kBos;
  options.bos.reset();
  EXPECT_EQ(Must(Perplexity(model, tokens, options, {})).nll, with_bos);
}

TEST(PerplexityTest, ComparesTypesOfTheCacheAndModels) {
  const Loaded loaded = testing::LoadModel("qwen3-f32-linear");
  const std::vector<int32_t> tokens = RandomTokens(256, loaded.model->config().vocab);
  PerplexityOptions options;
  options.window = 64;
  options.kv_type = kernels::KvType::kF32;
  EXPECT_EQ(Must(Perplexity(*loaded.model, tokens, options, {})).kl, 0.0);
  options.kl_reference = kernels::KvType::kF32;
  const PerplexityResult same = Must(Perplexity(*loaded.model, tokens, options, {}));
  EXPECT_EQ(same.kl, 0.0);
  EXPECT_EQ(same.same_top, 1.0);
  options.kv_type = {kernels::KvType::kQ8_0, kernels::KvType::kF16};
  const PerplexityResult smaller = Must(Perplexity(*loaded.model, tokens, options, {}));
  EXPECT_GT(smaller.kl, 0.0);
  EXPECT_LT(smaller.kl, 1e-3);
  EXPECT_GE(smaller.kl_largest, smaller.kl);
  const Loaded other = testing::LoadModel("qwen2-bf16");
  options.kl_model = other.model.get();
  EXPECT_GT(Must(Perplexity(*loaded.model, tokens, options, {})).kl, 0.01);
}

// The bundled model on its own evaluation text, weights in Q8_0.
TEST(PerplexityTest, TypesOfTheCacheCostTheBundledModelLittle) {
  const auto path = testing::SourcePath("models/lemma-bundled-v2-q8_0.gguf");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no bundled model in this tree";
  const Loaded loaded = testing::LoadPath(path, std::nullopt, 1);
  const auto tokenizer = Must(TokenizerFromGguf(*loaded.file));
  const std::string text = Must(ReadFile(testing::SourcePath("models/eval_v1.jsonl")));
  std::vector<tokenizer::TokenId> tokens;
  tokenizer->EncodeAppend(text.substr(0, 16000), tokenizer::SpecialTokens::kPlainText, tokens);
  PerplexityOptions options;
  options.kl_reference = kernels::KvType::kF32;
  options.max_windows = 6;
  for (const auto& [type, bound] :
       {std::pair(kernels::KvType::kF16, 3e-3), std::pair(kernels::KvType::kBf16, 4e-3),
        std::pair(kernels::KvType::kQ8_0, 6e-3)}) {
    options.kv_type = type;
    const PerplexityResult result = Must(Perplexity(*loaded.model, tokens, options, {}));
    EXPECT_LT(result.kl, bound) << kernels::KvTypeName(type);
    EXPECT_GT(result.same_top, 0.95) << kernels::KvTypeName(type);
    std::printf("%s KL %.3g, same first token %.4f of %llu\n",
                std::string(kernels::KvTypeName(type)).c_str(), result.kl, result.same_top,
                static_cast<unsigned long long>(result.tokens));
  }
}

TEST(PerplexityTest, KnownProbability) {
  const std::vector<float> logits = {1000.0F, 1000.0F, 1000.0F, 1000.0F};
  EXPECT_NEAR(NegativeLogProbability(logits, 2), std::log(4.0), 1e-12);
  const std::vector<float> skewed = {0.0F, std::log(3.0F)};
  EXPECT_NEAR(NegativeLogProbability(skewed, 0), std::log(4.0), 1e-6);
}

TEST(PerplexityTest, StopsWhenAskedAndAtMaxWindows) {
  const Loaded loaded = testing::LoadModel("llama-q4_0");
  const std::vector<int32_t> tokens = RandomTokens(400, 96);
  PerplexityOptions options;
  options.window = 64;
  options.max_windows = 2;
  uint64_t calls = 0;
  const auto count = [&calls](uint64_t done, uint64_t total, const PerplexityResult& so_far) {
    EXPECT_EQ(done, ++calls);
    EXPECT_EQ(total, 2U);
    EXPECT_EQ(so_far.tokens, done * 31);
    return true;
  };
  EXPECT_EQ(Must(Perplexity(*loaded.model, tokens, options, count)).windows, 2U);
  EXPECT_EQ(calls, 2U);
  const auto stop = [](uint64_t, uint64_t, const PerplexityResult&) { return false; };
  EXPECT_EQ(Perplexity(*loaded.model, tokens, options, stop).status().code(),
            StatusCode::kCancelled);
}

TEST(PerplexityTest, RefusesBadArguments) {
  const Loaded loaded = testing::LoadModel("llama-q4_0", "scalar");
  const auto refusal = [&loaded](const PerplexityOptions& options, size_t tokens, int32_t last) {
    std::vector<int32_t> ids(tokens, 1);
    ids.back() = last;
    const auto result = Perplexity(*loaded.model, ids, options, {});
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    return result.status().message();
  };
  PerplexityOptions options;
  options.window = 257;
  EXPECT_THAT(refusal(options, 1000, 1), HasSubstr("window is 257"));
  options.window = 3;
  EXPECT_THAT(refusal(options, 1000, 1), HasSubstr("window is 3"));
  options.window = 64;
  EXPECT_THAT(refusal(options, 127, 1), HasSubstr("127 tokens, expected at least 128"));
  EXPECT_THAT(refusal(options, 128, 96), HasSubstr("token 96"));
  options.batch = 0;
  EXPECT_THAT(refusal(options, 128, 1), HasSubstr("batch is 0"));
}

}  // namespace
}  // namespace lemma::model
