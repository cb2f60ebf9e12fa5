// SPDX-License-Identifier: Apache-2.0
#include "model/key_bias.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "base/rng.h"
#include "kernels/kv_type.h"
#include "model/forward.h"
#include "model/perplexity.h"
#include "model/test_models.h"

namespace lemma::model {
namespace {

using kernels::KvType;
using testing::Must;

constexpr const char* kModel = "qwen2-f32-yarn-tied";  // 2 layers, 2 KV heads of 16
constexpr size_t kTokens = 200;

// Large biases as published models have them: few dimensions, hundreds.
void EnlargeBiases(testing::EditedFile& file) {
  for (const char* name : {"blk.0.attn_k.bias", "blk.1.attn_k.bias"}) {
    file.SetElement(name, 3, 300.0F);
    file.SetElement(name, 14, -180.0F);
    file.SetElement(name, 16 + 7, 450.0F);
  }
}

enum class Split { kNo, kYes };

struct SplitModel {
  ModelConfig config;
  std::unique_ptr<kernels::Ops> ops;
  Weights weights;

  SplitModel(const gguf::File& file, Split split, const std::string& isa)
      : config(Must(ReadConfig(file))),
        ops(testing::MakeOps(isa, 1)),
        weights(Must(LoadWeights(file, config, *ops, {}))) {
    if (split == Split::kNo) return;
    const Status status = SplitKeyBiases(config, *ops, weights);
    EXPECT_TRUE(status.ok()) << status.ToString();
  }

  std::vector<float> Logits(kernels::KvTypes types) {
    const auto pages = testing::PagesFor(kTokens);
    const auto kv =
        Must(ops->MakeKv({config.layers, config.kv_heads, config.head_dim, pages.size(), types}));
    Rng rng(9);
    std::vector<int32_t> tokens;
    for (size_t i = 0; i < kTokens; ++i) {
      tokens.push_back(static_cast<int32_t>(rng.NextBelow(config.vocab)));
    }
    Scratch scratch;
    std::vector<float> logits;
    const auto batch = testing::OneSlice(tokens, 0, kTokens, pages, LogitsWanted::kAll);
    const Status status = RunForward({config, weights, *ops, scratch}, batch, *kv, logits);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return logits;
  }
};

double MeanKl(const std::vector<float>& reference, const std::vector<float>& logits) {
  const size_t vocab = reference.size() / kTokens;
  double sum = 0.0;
  for (size_t i = 0; i < kTokens; ++i) {
    sum += KlDivergence(std::span(reference).subspan(i * vocab, vocab),
                        std::span(logits).subspan(i * vocab, vocab));
  }
  return sum / static_cast<double>(kTokens);
}

TEST(KeyBiasTest, LargePairsAreTakenOutWhole) {
  testing::EditedFile file(kModel);
  for (size_t i = 0; i < 32; ++i) file.SetElement("blk.0.attn_k.bias", i, 0.01F);
  for (size_t i = 0; i < 32; ++i) file.SetElement("blk.1.attn_k.bias", i, 0.5F);
  file.SetElement("blk.1.attn_k.bias", 3, 300.0F);
  const SplitModel model(file.Finish(), Split::kYes, "scalar");
  EXPECT_TRUE(model.weights.layers[0].large_k_bias.empty());
  const LayerWeights& layer = model.weights.layers[1];
  ASSERT_EQ(layer.large_k_bias.size(), 32U);
  ASSERT_EQ(layer.rest_k_bias.size(), 32U);
  for (size_t i = 0; i < 32; ++i) {
    const bool large = i == 3 || i == 3 + 8;  // the pair of a head of 16
    EXPECT_EQ(layer.large_k_bias[i], large ? layer.k_bias[i] : 0.0F) << i;
    EXPECT_EQ(layer.rest_k_bias[i], large ? 0.0F : layer.k_bias[i]) << i;
  }
}

TEST(KeyBiasTest, CachesOfFewBitsKeepTheirQuality) {
  testing::EditedFile file(kModel);
  EnlargeBiases(file);
  const gguf::File& edited = file.Finish();
  for (const std::string_view isa : kernels::AvailableIsas()) {
    SplitModel plain(edited, Split::kNo, std::string(isa));
    SplitModel split(edited, Split::kYes, std::string(isa));
    const auto reference = plain.Logits(KvType::kF32);
    EXPECT_LT(MeanKl(reference, split.Logits(KvType::kF32)), 1e-8);
    for (const KvType type : {KvType::kF16, KvType::kBf16, KvType::kQ8_0}) {
      const double without = MeanKl(reference, plain.Logits({type, KvType::kF32}));
      const double with = MeanKl(reference, split.Logits({type, KvType::kF32}));
      EXPECT_LT(with, without / 10) << kernels::KvTypeName(type) << " " << isa;
      EXPECT_LT(with, 2e-4) << kernels::KvTypeName(type) << " " << isa;
      std::printf("%-6s K as %-4s KL %.3g, with the large biases stored %.3g\n",
                  std::string(isa).c_str(), std::string(kernels::KvTypeName(type)).c_str(), with,
                  without);
    }
  }
}

}  // namespace
}  // namespace lemma::model
