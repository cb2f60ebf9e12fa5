// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "model/test_models.h"

namespace lemma::model {
namespace {

using ::testing::AllOf;
using testing::EditedFile;
using ::testing::HasSubstr;
using testing::Must;

ModelConfig ConfigOf(std::string_view name) {
  const auto file = Must(gguf::File::Open(testing::ModelPath(name)));
  return Must(ReadConfig(*file));
}

TEST(ConfigTest, ReadsQwen2) {
  const ModelConfig config = ConfigOf("qwen2-f32-yarn-tied");
  EXPECT_EQ(config.architecture, "qwen2");
  EXPECT_EQ(config.name, "random qwen2-f32-yarn-tied");
  EXPECT_EQ(config.layers, 2U);
  EXPECT_EQ(config.embedding, 64U);
  EXPECT_EQ(config.heads, 4U);
  EXPECT_EQ(config.kv_heads, 2U);
  EXPECT_EQ(config.head_dim, 16U);
  EXPECT_EQ(config.feed_forward, 48U);
  EXPECT_EQ(config.vocab, 96U);
  EXPECT_EQ(config.context_length, 256U);
  EXPECT_FLOAT_EQ(config.norm_epsilon, 1e-6F);
  EXPECT_TRUE(config.qkv_bias);
  EXPECT_FALSE(config.qk_norm);
  EXPECT_TRUE(config.tied_output);
  EXPECT_EQ(config.rope_layout, kernels::RopeLayout::kNeox);
  EXPECT_EQ(config.rope_frequencies.size(), 8U);
  EXPECT_FLOAT_EQ(config.rope_magnitude, static_cast<float>(0.1 * std::log(4.0) + 1.0));
  // 2 layers x 2 heads x 16 values x (K and V) x 2 or 4 bytes.
  EXPECT_EQ(config.kv_bytes_per_token(kernels::KvType::kF16), 256U);
  EXPECT_EQ(config.kv_bytes_per_token(kernels::KvType::kF32), 512U);
}

TEST(ConfigTest, ReadsLlamaWithItsRopeDivisors) {
  const ModelConfig config = ConfigOf("llama-f32-llama3");
  EXPECT_EQ(config.architecture, "llama");
  EXPECT_FALSE(config.qkv_bias);
  EXPECT_FALSE(config.tied_output);
  EXPECT_EQ(config.rope_layout, kernels::RopeLayout::kAdjacent);
  ASSERT_EQ(config.rope_frequencies.size(), 6U);
  EXPECT_FLOAT_EQ(config.rope_frequencies[0], 1.0F);
  // The last divisor is 8, the base 500,000, the heads have 12 values.
  EXPECT_FLOAT_EQ(config.rope_frequencies[5],
                  static_cast<float>(std::pow(500000.0, -10.0 / 12.0) / 8.0));
}

TEST(ConfigTest, ReadsQwen3WithItsOwnHeadLength) {
  const ModelConfig config = ConfigOf("qwen3-f32-linear");
  EXPECT_TRUE(config.qk_norm);
  EXPECT_FALSE(config.qkv_bias);
  EXPECT_EQ(config.embedding, 40U);
  EXPECT_EQ(config.head_dim, 24U);
  EXPECT_FLOAT_EQ(config.rope_frequencies[0], 0.5F);  // linear scaling by 2
}

// One way to break the metadata and what the error must say.
struct Bad {
  std::function<void(gguf::Writer&)> edit;
  StatusCode code;
  std::vector<std::string> says;
};

TEST(ConfigTest, RefusesBadMetadataByName) {
  using gguf::Writer;
  const auto uint = [](const char* key, uint32_t value) {
    return [key, value](Writer& w) { w.SetUint32(key, value); };
  };
  const auto number = [](const char* key, float value) {
    return [key, value](Writer& w) { w.SetFloat32(key, value); };
  };
  const auto text = [](const char* key, const char* value) {
    return [key, value](Writer& w) { w.SetString(key, value); };
  };
  const auto without = [](const char* key) { return [key](Writer& w) { w.Remove(key); }; };
  const StatusCode damaged = StatusCode::kDataLoss;
  const StatusCode unsupported = StatusCode::kUnsupported;
  const std::vector<Bad> all = {
      {without("general.architecture"), damaged, {"general.architecture", "missing"}},
      {text("general.architecture", "mamba"), unsupported, {"mamba", "qwen2, llama, qwen3"}},
      {without("qwen2.block_count"), damaged, {"qwen2.block_count", "missing"}},
      {uint("qwen2.block_count", 0), damaged, {"qwen2.block_count", "0", "1 to 512"}},
      {uint("qwen2.block_count", 513), damaged, {"qwen2.block_count", "513"}},
      {text("qwen2.block_count", "2"), damaged, {"qwen2.block_count"}},
      {uint("qwen2.embedding_length", 1U << 30), damaged, {"qwen2.embedding_length"}},
      {uint("qwen2.feed_forward_length", 0), damaged, {"qwen2.feed_forward_length"}},
      {uint("qwen2.context_length", 0), damaged, {"qwen2.context_length"}},
      {uint("qwen2.vocab_size", 1U << 31), damaged, {"qwen2.vocab_size"}},
      {uint("qwen2.attention.head_count", 0), damaged, {"qwen2.attention.head_count"}},
      {uint("qwen2.attention.head_count", 5), damaged, {"qwen2.attention.head_count"}},
      {uint("qwen2.attention.head_count_kv", 3), damaged, {"head_count_kv", "divisor"}},
      {uint("qwen2.attention.key_length", 4096), damaged, {"key_length", "4096"}},
      {uint("qwen2.attention.value_length", 8), unsupported, {"value_length", "8", "16"}},
      {without("qwen2.attention.layer_norm_rms_epsilon"), damaged, {"layer_norm_rms_epsilon"}},
      {number("qwen2.attention.layer_norm_rms_epsilon", 0.0F), damaged, {"rms_epsilon"}},
      {number("qwen2.attention.layer_norm_rms_epsilon", NAN), damaged, {"rms_epsilon", "nan"}},
      {number("qwen2.rope.freq_base", 0.5F), damaged, {"qwen2.rope.freq_base"}},
      {number("qwen2.rope.freq_base", INFINITY), damaged, {"qwen2.rope.freq_base", "inf"}},
      {uint("qwen2.rope.dimension_count", 7), damaged, {"dimension_count", "7", "even"}},
      {uint("qwen2.rope.dimension_count", 18), damaged, {"dimension_count", "18", "16"}},
      {text("qwen2.rope.scaling.type", "longrope"), unsupported, {"scaling.type", "longrope"}},
      {number("qwen2.rope.scaling.factor", -2.0F), damaged, {"scaling.factor", "-2"}},
      {number("qwen2.rope.scaling.yarn_log_multiplier", 0.1F), unsupported, {"log_multiplier"}},
      {uint("qwen2.rope.scaling.original_context_length", 0), damaged, {"original_context"}},
      {uint("qwen2.expert_count", 8), unsupported, {"qwen2.expert_count", "experts"}},
  };
  for (size_t i = 0; i < all.size(); ++i) {
    EditedFile file("qwen2-f32-yarn-tied");
    all[i].edit(file.metadata());
    const Result<ModelConfig> config = ReadConfig(file.Finish());
    ASSERT_FALSE(config.ok()) << "case " << i;
    for (const std::string& word : all[i].says) {
      EXPECT_THAT(config.status().message(), HasSubstr(word)) << "case " << i;
    }
    // A value of the wrong type is the reader's to classify.
    if (i == 5) continue;
    EXPECT_EQ(config.status().code(), all[i].code) << config.status().ToString();
  }
}

TEST(ConfigTest, RefusesBadRopeDivisors) {
  EditedFile zero("llama-f32-llama3");
  zero.SetElement("rope_freqs.weight", 2, 0.0F);
  EXPECT_THAT(ReadConfig(zero.Finish()).status().message(),
              AllOf(HasSubstr("rope_freqs.weight"), HasSubstr("at 2")));
  EditedFile shape("llama-f32-llama3");
  shape.SetTensor("rope_freqs.weight", tensor::DType::kF32, {5});
  EXPECT_THAT(ReadConfig(shape.Finish()).status().message(),
              AllOf(HasSubstr("[5]"), HasSubstr("expected F32 [6]")));
}

TEST(ConfigTest, VocabularyComesFromKeyThenEmbedding) {
  EditedFile file("qwen2-f32-yarn-tied");
  file.metadata().SetUint32("qwen2.vocab_size", 90);
  EXPECT_EQ(Must(ReadConfig(file.Finish())).vocab, 90U);
  EditedFile none("qwen2-f32-yarn-tied");
  none.RemoveTensor("token_embd.weight");
  EXPECT_THAT(ReadConfig(none.Finish()).status().message(), HasSubstr("no vocabulary size"));
  EditedFile tokens("qwen2-f32-yarn-tied");
  tokens.RemoveTensor("token_embd.weight");
  const std::vector<std::string_view> words = {"a", "b", "c"};
  tokens.metadata().SetStrings("tokenizer.ggml.tokens", words);
  EXPECT_EQ(Must(ReadConfig(tokens.Finish())).vocab, 3U);
}

}  // namespace
}  // namespace lemma::model
