// SPDX-License-Identifier: Apache-2.0
#include "model/quantize_mix.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace lemma::model {
namespace {

using tensor::DType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A model's tensors, with the names owned.
struct Shapes {
  std::vector<std::string> names;
  std::vector<tensor::Shape> shapes;
  MixModel model;

  void Add(std::string name, std::vector<uint64_t> dims) {
    names.push_back(std::move(name));
    shapes.push_back(*tensor::MakeShape(dims));
  }
  [[nodiscard]] std::vector<MixTensor> tensors() const {
    std::vector<MixTensor> out;
    for (size_t i = 0; i < names.size(); ++i) out.push_back({names[i], shapes[i], DType::kF32});
    return out;
  }
};

struct Dims {
  uint64_t layers, width, kv_width, feed_forward, vocab, heads, kv_heads;
};

enum class Output : uint8_t { kOwn, kTied };

Shapes MakeModel(std::string_view architecture, const Dims& d, Output output) {
  Shapes s;
  s.model = {architecture, d.layers, d.heads, d.kv_heads, 0, ImportanceData::kAbsent};
  s.Add("token_embd.weight", {d.width, d.vocab});
  for (uint64_t i = 0; i < d.layers; ++i) {
    const auto name = [&](std::string_view part) { return fmt::format("blk.{}.{}", i, part); };
    s.Add(name("attn_norm.weight"), {d.width});
    s.Add(name("ffn_down.weight"), {d.feed_forward, d.width});
    s.Add(name("ffn_gate.weight"), {d.width, d.feed_forward});
    s.Add(name("ffn_up.weight"), {d.width, d.feed_forward});
    s.Add(name("ffn_norm.weight"), {d.width});
    s.Add(name("attn_k.bias"), {d.kv_width});
    s.Add(name("attn_k.weight"), {d.width, d.kv_width});
    s.Add(name("attn_output.weight"), {d.width, d.width});
    s.Add(name("attn_q.bias"), {d.width});
    s.Add(name("attn_q.weight"), {d.width, d.width});
    s.Add(name("attn_v.bias"), {d.kv_width});
    s.Add(name("attn_v.weight"), {d.width, d.kv_width});
  }
  s.Add("output_norm.weight", {d.width});
  if (output == Output::kOwn) s.Add("output.weight", {d.width, d.vocab});
  return s;
}

constexpr Dims kQwen15{28, 1536, 256, 8960, 151936, 12, 2};
constexpr Dims kQwen7{28, 3584, 512, 18944, 152064, 28, 4};
constexpr Dims kLlama8{32, 4096, 1024, 14336, 128256, 32, 8};
constexpr Dims kLlama70{80, 8192, 1024, 28672, 128256, 64, 8};
constexpr Dims kQwen3Small{28, 1024, 1024, 3072, 151936, 16, 8};

Shapes Qwen15() { return MakeModel("qwen2", kQwen15, Output::kOwn); }

std::map<std::string, DType> Choose(const Shapes& s, FileType type) {
  const auto tensors = s.tensors();
  const auto choices = ChooseTypes(type, s.model, tensors);
  EXPECT_TRUE(choices.ok()) << choices.status().ToString();
  std::map<std::string, DType> by_name;
  for (size_t i = 0; i < tensors.size(); ++i) by_name[s.names[i]] = (*choices)[i].dtype;
  return by_name;
}

// The layers whose tensor `part` has `type`.
std::vector<int> Layers(const std::map<std::string, DType>& chosen, std::string_view part,
                        DType type) {
  std::vector<int> layers;
  for (int i = 0; chosen.contains(fmt::format("blk.{}.{}", i, part)); ++i) {
    if (chosen.at(fmt::format("blk.{}.{}", i, part)) == type) layers.push_back(i);
  }
  return layers;
}

uint64_t TotalBytes(const Shapes& s, const std::map<std::string, DType>& chosen) {
  uint64_t total = 0;
  for (size_t i = 0; i < s.names.size(); ++i) {
    total += *tensor::TensorBytes(chosen.at(s.names[i]), s.shapes[i]);
  }
  return total;
}

// The published DeepSeek-R1-Distill-Qwen-1.5B-Q4_K_M: bytes by tensor, and the total.
TEST(QuantizeMixTest, PublishedQ4KMOfThe15BShapeByteForByte) {
  const Shapes s = Qwen15();
  const auto chosen = Choose(s, FileType::kQ4KM);
  const auto more_bits = ElementsAre(0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26, 27);
  EXPECT_THAT(Layers(chosen, "attn_v.weight", DType::kQ6K), more_bits);
  EXPECT_THAT(Layers(chosen, "ffn_down.weight", DType::kQ6K), more_bits);
  EXPECT_EQ(Layers(chosen, "attn_v.weight", DType::kQ4K).size(), 14U);
  EXPECT_EQ(Layers(chosen, "ffn_down.weight", DType::kQ4K).size(), 14U);
  for (const char* part : {"attn_q.weight", "attn_k.weight", "attn_output.weight",
                           "ffn_gate.weight", "ffn_up.weight"}) {
    EXPECT_EQ(Layers(chosen, part, DType::kQ4K).size(), 28U) << part;
  }
  for (const char* part : {"attn_norm.weight", "ffn_norm.weight", "attn_q.bias"}) {
    EXPECT_EQ(Layers(chosen, part, DType::kF32).size(), 28U) << part;
  }
  EXPECT_EQ(chosen.at("output.weight"), DType::kQ6K);
  EXPECT_EQ(chosen.at("token_embd.weight"), DType::kQ4K);
  EXPECT_EQ(chosen.at("output_norm.weight"), DType::kF32);
  // Worked by hand from block sizes (144, 210 bytes a 256) and the counts above.
  const uint64_t q_and_o = 28ULL * 2 * 1536 * 1536 / 256 * 144;
  const uint64_t k = 28ULL * 1536 * 256 / 256 * 144;
  const uint64_t v = 14ULL * 1536 * 256 / 256 * (144 + 210);
  const uint64_t gate_up = 28ULL * 2 * 1536 * 8960 / 256 * 144;
  const uint64_t down = 14ULL * 1536 * 8960 / 256 * (144 + 210);
  const uint64_t embedding = 151936ULL * 1536 / 256 * 144;
  const uint64_t output = 151936ULL * 1536 / 256 * 210;
  const uint64_t floats = 4ULL * (28 * (2 * 1536 + 1536 + 2 * 256) + 1536);
  EXPECT_EQ(TotalBytes(s, chosen), q_and_o + k + v + gate_up + down + embedding + output + floats);
  EXPECT_EQ(TotalBytes(s, chosen) / 10000, 111137U);  // 1111.37 MB
}

struct MixCase {
  FileType type;
  DType base;
  // Of the 1.5B shape: where attn_v, ffn_down and attn_output differ from the base.
  DType value;
  std::vector<int> value_layers;
  DType down;
  std::vector<int> down_layers;
  DType attention_output;
  DType output;
};

std::vector<int> First(int n) {
  std::vector<int> layers;
  for (int i = 0; i < n; ++i) layers.push_back(i);
  return layers;
}

const std::vector<int> kMore = {0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26, 27};

class MixTableTest : public ::testing::TestWithParam<MixCase> {};

TEST_P(MixTableTest, The15BShape) {
  const MixCase& c = GetParam();
  const auto chosen = Choose(Qwen15(), c.type);
  EXPECT_EQ(chosen.at("token_embd.weight"), c.base);
  EXPECT_EQ(chosen.at("output.weight"), c.output);
  EXPECT_EQ(chosen.at("blk.9.attn_q.weight"), c.base);
  EXPECT_EQ(chosen.at("blk.9.attn_k.weight"), c.base);
  EXPECT_EQ(chosen.at("blk.9.ffn_gate.weight"), c.base);
  EXPECT_EQ(chosen.at("blk.9.ffn_up.weight"), c.base);
  EXPECT_EQ(chosen.at("blk.9.attn_output.weight"), c.attention_output);
  EXPECT_EQ(chosen.at("blk.9.attn_norm.weight"), DType::kF32);
  EXPECT_EQ(Layers(chosen, "attn_v.weight", c.value), c.value_layers);
  EXPECT_EQ(Layers(chosen, "ffn_down.weight", c.down), c.down_layers);
}

// 12 query heads on 2 KV heads: the many-groups rules hold.
INSTANTIATE_TEST_SUITE_P(
    All, MixTableTest,
    ::testing::Values(MixCase{FileType::kQ4KS, DType::kQ4K, DType::kQ5K, First(4), DType::kQ5K,
                              First(3), DType::kQ4K, DType::kQ6K},
                      MixCase{FileType::kQ4KM, DType::kQ4K, DType::kQ6K, kMore, DType::kQ6K, kMore,
                              DType::kQ4K, DType::kQ6K},
                      MixCase{FileType::kQ5KS, DType::kQ5K, DType::kQ5K, First(28), DType::kQ5K,
                              First(28), DType::kQ5K, DType::kQ6K},
                      MixCase{FileType::kQ5KM, DType::kQ5K, DType::kQ6K, kMore, DType::kQ6K, kMore,
                              DType::kQ5K, DType::kQ6K},
                      MixCase{FileType::kQ6K, DType::kQ6K, DType::kQ6K, First(28), DType::kQ6K,
                              First(28), DType::kQ6K, DType::kQ6K},
                      MixCase{FileType::kQ8_0, DType::kQ8_0, DType::kQ8_0, First(28), DType::kQ8_0,
                              First(28), DType::kQ8_0, DType::kQ8_0},
                      MixCase{FileType::kQ3KM, DType::kQ3K, DType::kQ5K, First(2), DType::kQ5K,
                              First(1), DType::kQ4K, DType::kQ6K},
                      MixCase{FileType::kQ3KL, DType::kQ3K, DType::kQ5K, First(28), DType::kQ5K,
                              First(28), DType::kQ5K, DType::kQ6K},
                      MixCase{FileType::kQ3KS, DType::kQ3K, DType::kQ3K, First(28), DType::kQ3K,
                              First(28), DType::kQ3K, DType::kQ6K},
                      MixCase{FileType::kQ2K, DType::kQ2K, DType::kQ4K, First(28), DType::kQ3K,
                              First(28), DType::kQ3K, DType::kQ6K},
                      MixCase{FileType::kIQ4XS, DType::kIQ4XS, DType::kQ5K, First(28), DType::kQ5K,
                              First(3), DType::kIQ4XS, DType::kQ6K},
                      MixCase{FileType::kIQ4NL, DType::kIQ4NL, DType::kQ5K, First(28), DType::kQ5K,
                              First(3), DType::kIQ4NL, DType::kQ6K},
                      MixCase{FileType::kQ4_0, DType::kQ4_0, DType::kQ4_0, First(28), DType::kQ4_0,
                              First(28), DType::kQ4_0, DType::kQ6K},
                      MixCase{FileType::kQ5_1, DType::kQ5_1, DType::kQ5_1, First(28), DType::kQ5_1,
                              First(28), DType::kQ5_1, DType::kQ6K},
                      MixCase{FileType::kF16, DType::kF16, DType::kF16, First(28), DType::kF16,
                              First(28), DType::kF16, DType::kF16},
                      MixCase{FileType::kBF16, DType::kBF16, DType::kBF16, First(28), DType::kBF16,
                              First(28), DType::kBF16, DType::kBF16}),
    [](const auto& test) { return std::string(FileTypeOf(test.param.type).name); });

TEST(QuantizeMixTest, Q3KMGivesTheRestQ4K) {
  const auto chosen = Choose(Qwen15(), FileType::kQ3KM);
  EXPECT_EQ(Layers(chosen, "attn_v.weight", DType::kQ4K).size(), 26U);
  EXPECT_EQ(Layers(chosen, "ffn_down.weight", DType::kQ4K).size(), 27U);
}

TEST(QuantizeMixTest, FewGroupsChangeTheValueOfQ2KAndIQ4XS) {
  // 16 heads on 8: two a group.
  const Shapes s = MakeModel("qwen3", kQwen3Small, Output::kTied);
  EXPECT_EQ(Layers(Choose(s, FileType::kQ2K), "attn_v.weight", DType::kQ3K).size(), 28U);
  EXPECT_EQ(Layers(Choose(s, FileType::kIQ4XS), "attn_v.weight", DType::kIQ4XS).size(), 28U);
}

TEST(QuantizeMixTest, ATiedEmbeddingIsTreatedAsOutput) {
  const Shapes s = MakeModel("qwen3", kQwen3Small, Output::kTied);
  EXPECT_EQ(Choose(s, FileType::kQ4KM).at("token_embd.weight"), DType::kQ6K);
  EXPECT_EQ(Choose(s, FileType::kQ8_0).at("token_embd.weight"), DType::kQ8_0);
}

TEST(QuantizeMixTest, SeventyBillionsGetMoreBitsInTheValue) {
  const Shapes s = MakeModel("llama", kLlama70, Output::kOwn);
  const auto chosen = Choose(s, FileType::kQ4KM);
  EXPECT_EQ(Layers(chosen, "attn_v.weight", DType::kQ6K).size() +
                Layers(chosen, "attn_v.weight", DType::kQ5K).size(),
            80U);
  EXPECT_TRUE(Layers(chosen, "attn_v.weight", DType::kQ4K).empty());
  EXPECT_FALSE(Layers(chosen, "ffn_down.weight", DType::kQ4K).empty());
}

TEST(QuantizeMixTest, ImportanceDataMovesTheGuards) {
  Shapes s = Qwen15();
  EXPECT_TRUE(Layers(Choose(s, FileType::kQ4_0), "ffn_down.weight", DType::kQ4_1).empty());
  s.model.importance = ImportanceData::kPresent;
  EXPECT_THAT(Layers(Choose(s, FileType::kQ4_0), "ffn_down.weight", DType::kQ4_1),
              ElementsAre(0, 1, 2));
  EXPECT_TRUE(Layers(Choose(s, FileType::kIQ4XS), "ffn_down.weight", DType::kQ5K).empty());
}

TEST(QuantizeMixTest, OtherPublishedSizes) {
  // Tensor bytes of the published files, less their metadata.
  const Shapes seven = MakeModel("qwen2", kQwen7, Output::kOwn);
  EXPECT_NEAR(static_cast<double>(TotalBytes(seven, Choose(seven, FileType::kQ4KM))), 4.677e9, 5e6);
  const Shapes eight = MakeModel("llama", kLlama8, Output::kOwn);
  EXPECT_NEAR(static_cast<double>(TotalBytes(eight, Choose(eight, FileType::kQ4KM))), 4.913e9, 5e6);
}

TEST(QuantizeMixTest, RowsThatAreNoMultipleOf256GetAStandIn) {
  Shapes s;
  s.model = {"qwen2", 1, 14, 2, 0, ImportanceData::kAbsent};
  s.Add("token_embd.weight", {896, 1000});  // 896 = 3.5 * 256
  s.Add("blk.0.attn_q.weight", {896, 896});
  s.Add("blk.0.ffn_up.weight", {100, 64});  // not even of 32
  s.Add("output.weight", {896, 1000});
  const auto tensors = s.tensors();
  const auto choices = *ChooseTypes(FileType::kQ4KM, s.model, tensors);
  EXPECT_EQ(choices[0].dtype, DType::kQ5_0);
  EXPECT_EQ(choices[0].wanted, DType::kQ4K);
  EXPECT_EQ(choices[1].dtype, DType::kQ5_0);
  EXPECT_EQ(choices[2].dtype, DType::kF16);
  EXPECT_EQ(choices[3].dtype, DType::kQ8_0);
  EXPECT_EQ(choices[3].wanted, std::nullopt);  // by rule, not for want of anything better
  const struct {
    FileType type;
    DType stand_in;
  } cases[] = {{FileType::kQ2K, DType::kQ4_0},
               {FileType::kQ3KS, DType::kQ4_0},
               {FileType::kQ5KS, DType::kQ5_1},
               {FileType::kQ6K, DType::kQ8_0},
               {FileType::kIQ4XS, DType::kIQ4NL}};
  for (const auto& c : cases) {
    EXPECT_EQ((*ChooseTypes(c.type, s.model, tensors))[1].dtype, c.stand_in);
  }
}

TEST(QuantizeMixTest, TheOrderOfTheTensorsDoesNotMatter) {
  Shapes s = Qwen15();
  const auto before = Choose(s, FileType::kQ4KM);
  std::vector<size_t> order(s.names.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::mt19937 random(3);
  std::shuffle(order.begin(), order.end(), random);
  Shapes shuffled;
  shuffled.model = s.model;
  for (const size_t i : order) {
    shuffled.names.push_back(s.names[i]);
    shuffled.shapes.push_back(s.shapes[i]);
  }
  EXPECT_EQ(Choose(shuffled, FileType::kQ4KM), before);
}

TEST(QuantizeMixTest, WhatIsNoMatrixKeepsItsType) {
  Shapes s;
  s.model = {"llama", 1, 8, 8, 0, ImportanceData::kAbsent};
  s.Add("rope_freqs.weight", {64});
  s.Add("blk.0.attn_q_norm.weight", {128, 2});
  s.Add("blk.0.ffn_gate_inp.weight", {256, 8});
  s.Add("blk.0.attn_q.scale", {256, 8});
  for (const auto& [name, dtype] : Choose(s, FileType::kQ4KM))
    EXPECT_EQ(dtype, DType::kF32) << name;
}

TEST(QuantizeMixTest, RefusesExperts) {
  Shapes s = Qwen15();
  s.model.experts = 8;
  const auto choices = ChooseTypes(FileType::kQ4KM, s.model, s.tensors());
  EXPECT_THAT(choices.status().message(), HasSubstr("8 experts"));
}

TEST(FileTypeTest, NamesAndNumbers) {
  EXPECT_EQ(FindFileType("q4_k_m"), FileType::kQ4KM);
  EXPECT_EQ(FindFileType("Q4_K"), FileType::kQ4KM);
  EXPECT_EQ(FindFileType("iq4_xs"), FileType::kIQ4XS);
  EXPECT_EQ(FindFileType("Q7_K"), std::nullopt);
  EXPECT_EQ(static_cast<uint32_t>(FileType::kQ4KM), 15U);
  for (const FileTypeInfo& info : AllFileTypes()) {
    EXPECT_EQ(FindFileType(info.name), info.type);
    EXPECT_EQ(&FileTypeOf(info.type), &info);
  }
}

}  // namespace
}  // namespace lemma::model
