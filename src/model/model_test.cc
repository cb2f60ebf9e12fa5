// SPDX-License-Identifier: Apache-2.0
// What Load and Forward refuse, and what a loaded model tells about itself.
#include "model/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "model/test_models.h"

namespace lemma::model {
namespace {

using tensor::DType;
using testing::EditedFile;
using ::testing::HasSubstr;
using testing::Loaded;
using testing::Must;

Status LoadStatus(const gguf::File& file) {
  const auto ops = testing::MakeOps("scalar", 1);
  return Model::Load(file, *ops, {}).status();
}

void ExpectRefused(EditedFile& file, StatusCode code, const std::vector<std::string>& says) {
  const Status status = LoadStatus(file.Finish());
  EXPECT_EQ(status.code(), code) << status.ToString();
  for (const std::string& word : says) EXPECT_THAT(status.message(), HasSubstr(word));
}

TEST(LoadTest, NamesAMissingTensor) {
  for (const char* name : {"blk.1.attn_k.weight", "blk.0.attn_q.bias", "output_norm.weight",
                           "blk.1.ffn_down.weight", "blk.0.ffn_norm.weight"}) {
    EditedFile file("qwen2-bf16");
    file.RemoveTensor(name);
    ExpectRefused(file, StatusCode::kDataLoss, {name, "missing", "expected ["});
  }
}

TEST(LoadTest, NamesBothShapes) {
  EditedFile matrix("qwen2-bf16");
  matrix.SetTensor("blk.1.attn_k.weight", DType::kBF16, {16, 64});
  ExpectRefused(matrix, StatusCode::kDataLoss, {"blk.1.attn_k.weight", "[16, 64]", "[64, 16]"});
  EditedFile vector("qwen2-bf16");
  vector.SetTensor("blk.0.attn_norm.weight", DType::kF32, {63});
  ExpectRefused(vector, StatusCode::kDataLoss, {"blk.0.attn_norm.weight", "[63]", "[64]"});
  EditedFile vocab("qwen2-bf16");
  vocab.metadata().SetUint32("qwen2.vocab_size", 95);
  ExpectRefused(vocab, StatusCode::kDataLoss, {"token_embd.weight", "[64, 96]", "[64, 95]"});
}

TEST(LoadTest, RefusesQuantisedNorms) {
  EditedFile file("qwen2-bf16");
  file.SetTensor("output_norm.weight", DType::kQ8_0, {64});
  ExpectRefused(file, StatusCode::kDataLoss, {"output_norm.weight", "Q8_0", "F32"});
}

TEST(LoadTest, RefusesTensorsItWouldIgnore) {
  EditedFile file("llama-f32-llama3");
  file.SetTensor("blk.0.ffn_gate.bias", DType::kF32, {72});
  ExpectRefused(file, StatusCode::kUnsupported, {"blk.0.ffn_gate.bias", "[72]"});
}

TEST(LoadTest, RefusesNormsThatAreNotFinite) {
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    EditedFile file("llama-f32-llama3");
    file.SetElement("blk.1.ffn_norm.weight", 17, bad);
    ExpectRefused(file, StatusCode::kDataLoss, {"blk.1.ffn_norm.weight", "at 17", "finite"});
  }
}

TEST(LoadTest, ReportsProgressAndStopsWhenAsked) {
  const auto file = Must(gguf::File::Open(testing::ModelPath("qwen3-q8_0")));
  const auto ops = testing::MakeOps("scalar", 1);
  std::vector<double> shares;
  const auto watch = [&shares](double share) {
    shares.push_back(share);
    return true;
  };
  ASSERT_TRUE(Model::Load(*file, *ops, watch).ok());
  ASSERT_GT(shares.size(), 10U);
  EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
  EXPECT_DOUBLE_EQ(shares.back(), 1.0);

  size_t calls = 0;
  const auto stop = [&calls](double) { return ++calls < 4; };
  EXPECT_EQ(Model::Load(*file, *ops, stop).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(calls, 4U);
}

TEST(ModelTest, CountsTheBytesOfOneToken) {
  // 2 layers of q, o: 128 x 64, k, v: 64 x 64 and three of 96 x 64, one output of 96 x 64 and one
  // row of 64, all in 34 bytes per 32 weights; norms of 64, 64, 32, 32 a layer and 64 in f32.
  const Loaded loaded = testing::LoadModel("qwen3-q8_0", "scalar");
  const uint64_t weights = 2 * (2 * 128 + 2 * 64 + 3 * 96) * 64 + 96 * 64 + 64;
  const uint64_t norms = 2 * (64 + 64 + 32 + 32) + 64;
  EXPECT_EQ(loaded.model->bytes_per_token(), weights / 32 * 34 + norms * 4);
}

TEST(ModelTest, KvTakesWhatTheConfigSays) {
  const Loaded loaded = testing::LoadModel("llama-q6_k", "scalar");
  for (const kernels::KvType type : {kernels::KvType::kF16, kernels::KvType::kF32}) {
    const auto kv = Must(loaded.model->MakeKv(3, type));
    EXPECT_EQ(kv->num_pages(), 3U);
    EXPECT_EQ(kv->page_bytes(),
              kernels::kPageTokens * loaded.model->config().kv_bytes_per_token(type));
  }
}

class BatchTest : public ::testing::Test {
 protected:
  BatchTest()
      : loaded_(testing::LoadModel("llama-q4_0", "scalar")),
        kv_(Must(loaded_.model->MakeKv(4, kernels::KvType::kF16))),
        pages_({0, 1, 2, 3}) {
    batch_.tokens = {1, 2, 3, 4, 5};
    batch_.slices.push_back({0, 3, 0, pages_, LogitsWanted::kLast});
    batch_.slices.push_back({3, 2, 62, pages_, LogitsWanted::kLast});
  }
  void ExpectRefused(std::string_view says) {
    std::vector<float> logits;
    const Status status = loaded_.model->Forward(batch_, *kv_, logits);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(std::string(says)));
  }

  Loaded loaded_;
  std::unique_ptr<kernels::KvStorage> kv_;
  std::vector<kernels::PageId> pages_;
  ForwardBatch batch_;
};

TEST_F(BatchTest, AcceptsTheUnbrokenBatch) {
  std::vector<float> logits;
  const Status status = loaded_.model->Forward(batch_, *kv_, logits);
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(logits.size(), 2 * loaded_.model->config().vocab);
}

TEST_F(BatchTest, RefusesEmptyBatches) {
  batch_ = {};
  ExpectRefused("no slices");
}

TEST_F(BatchTest, RefusesSlicesThatDoNotFit) {
  batch_.slices[1].token_begin = 2;
  ExpectRefused("slice 1 begins at token 2, expected 3");
  batch_.slices[1].token_begin = 3;
  batch_.slices[1].count = 0;
  ExpectRefused("slice 1 has no tokens");
  batch_.slices[1].count = 1;
  ExpectRefused("cover 4 tokens, the batch has 5");
  batch_.slices[1].count = SIZE_MAX;
  ExpectRefused("slice 1 has");
}

TEST_F(BatchTest, RefusesTokensOutsideTheVocabulary) {
  batch_.tokens[4] = 96;
  ExpectRefused("token 4 of the batch is 96, expected 0 to 95");
  batch_.tokens[4] = -1;
  ExpectRefused("token 4 of the batch is -1");
}

TEST_F(BatchTest, RefusesPositionsBeyondTheContext) {
  batch_.slices[1].position = 255;
  ExpectRefused("slice 1 has 2 tokens from position 255");
  batch_.slices[1].position = SIZE_MAX;
  ExpectRefused("slice 1 has 2 tokens from position");
}

TEST_F(BatchTest, RefusesShortAndWrongPageTables) {
  batch_.slices[1].position = 63;  // 65 tokens in all
  batch_.slices[1].pages = std::span<const kernels::PageId>(pages_).first(1);
  ExpectRefused("slice 1 has 1 pages, expected 2 for 65 tokens");
  pages_[1] = 4;
  batch_.slices[1].pages = pages_;
  ExpectRefused("slice 1 names page 4, expected less than 4");
}

TEST(DamageTest, LogitsThatAreNotFiniteAreAnError) {
  EditedFile edited("llama-f32-llama3");
  edited.SetElement("blk.0.ffn_down.weight", 100, NAN);
  const gguf::File& file = edited.Finish();
  const auto ops = testing::MakeOps(std::nullopt, 1);
  const auto model = Must(Model::Load(file, *ops, {}));
  const auto kv = Must(model->MakeKv(1, kernels::KvType::kF32));
  const std::vector<kernels::PageId> pages = {0};
  std::vector<float> logits;
  const std::vector<int32_t> tokens = {1, 2, 3};
  const Status status =
      model->Forward(testing::OneSlice(tokens, 0, 3, pages, LogitsWanted::kLast), *kv, logits);
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("not finite"));
}

}  // namespace
}  // namespace lemma::model
