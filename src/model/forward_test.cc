// SPDX-License-Identifier: Apache-2.0
// The same tokens give the same bits, however they are batched, threaded and paged.
#include "model/forward.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/test_models.h"

namespace lemma::model {
namespace {

using kernels::KvType;
using kernels::PageId;
using testing::Loaded;
using testing::Must;

constexpr KvType kKv = KvType::kF16;

std::vector<int32_t> Tokens(const std::string& name) {
  return testing::ReadGolden(testing::SourcePath("tests/data/models/" + name + ".golden")).tokens;
}

// [tokens][vocab], run in slices of at most `chunk` tokens.
std::vector<float> RunInChunks(Model& model, const std::vector<int32_t>& tokens, size_t chunk,
                               const std::vector<PageId>& pages, size_t storage_pages) {
  const auto kv = Must(model.MakeKv(storage_pages, kKv));
  std::vector<float> all;
  std::vector<float> logits;
  for (size_t begin = 0; begin < tokens.size(); begin += chunk) {
    const size_t end = std::min(begin + chunk, tokens.size());
    const Status status = model.Forward(
        testing::OneSlice(tokens, begin, end, pages, LogitsWanted::kAll), *kv, logits);
    EXPECT_TRUE(status.ok()) << status.ToString();
    all.insert(all.end(), logits.begin(), logits.end());
  }
  return all;
}

std::vector<float> RunWhole(Model& model, const std::vector<int32_t>& tokens) {
  const std::vector<PageId> pages = testing::PagesFor(tokens.size());
  return RunInChunks(model, tokens, tokens.size(), pages, pages.size());
}

class ForwardTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ForwardTest, PrefillEqualsTokenByTokenAndChunks) {
  const std::vector<int32_t> tokens = Tokens(GetParam());
  for (const std::string_view isa : kernels::AvailableIsas()) {
    const Loaded loaded = testing::LoadModel(GetParam(), std::string(isa));
    const std::vector<PageId> pages = testing::PagesFor(tokens.size());
    const std::vector<float> whole = RunWhole(*loaded.model, tokens);
    for (const size_t chunk : {1, 3, 64, 77}) {
      EXPECT_EQ(RunInChunks(*loaded.model, tokens, chunk, pages, pages.size()), whole)
          << isa << " in chunks of " << chunk;
    }
  }
}

TEST_P(ForwardTest, PageTablesNeedNoOrder) {
  const std::vector<int32_t> tokens = Tokens(GetParam());
  const Loaded loaded = testing::LoadModel(GetParam());
  const std::vector<PageId> scattered = {6, 1, 4};
  EXPECT_EQ(RunInChunks(*loaded.model, tokens, 50, scattered, 7), RunWhole(*loaded.model, tokens));
}

TEST_P(ForwardTest, ThreadsDoNotChangeBits) {
  const std::vector<int32_t> tokens = Tokens(GetParam());
  const std::vector<float> one =
      RunWhole(*testing::LoadModel(GetParam(), std::nullopt, 1).model, tokens);
  for (const int threads : {2, 3}) {
    const Loaded loaded = testing::LoadModel(GetParam(), std::nullopt, threads);
    EXPECT_EQ(RunWhole(*loaded.model, tokens), one) << threads << " threads";
  }
}

TEST_P(ForwardTest, InstructionSetsDoNotChangeBits) {
  const std::vector<int32_t> tokens = Tokens(GetParam());
  const std::vector<float> scalar =
      RunWhole(*testing::LoadModel(GetParam(), "scalar").model, tokens);
  for (const std::string_view isa : kernels::AvailableIsas()) {
    const Loaded loaded = testing::LoadModel(GetParam(), std::string(isa));
    EXPECT_EQ(RunWhole(*loaded.model, tokens), scalar) << isa;
  }
}

// Prompts that start while others decode: three sequences of different lengths, each in steps of
// its own size, share every batch. Each must get what it gets alone.
TEST_P(ForwardTest, MixedBatchEqualsEachAlone) {
  const Loaded loaded = testing::LoadModel(GetParam());
  Model& model = *loaded.model;
  const std::vector<int32_t> tokens = Tokens(GetParam());
  struct Sequence {
    std::vector<int32_t> tokens;
    size_t step;
    std::vector<PageId> pages;
    size_t done = 0;
    std::vector<float> logits = {};
  };
  std::vector<Sequence> sequences = {
      {tokens, 60, {0, 5, 2}},
      {{tokens.begin() + 7, tokens.begin() + 40}, 1, {3}},
      {{tokens.rbegin(), tokens.rbegin() + 90}, 13, {1, 4}},
  };
  const auto kv = Must(model.MakeKv(6, kKv));
  const size_t vocab = model.config().vocab;
  bool busy = true;
  while (busy) {
    ForwardBatch batch;
    std::vector<Sequence*> owners;
    for (Sequence& s : sequences) {
      const size_t count = std::min(s.step, s.tokens.size() - s.done);
      if (count == 0) continue;
      batch.slices.push_back({batch.tokens.size(), count, s.done, s.pages, LogitsWanted::kAll});
      const auto from = s.tokens.begin() + static_cast<ptrdiff_t>(s.done);
      batch.tokens.insert(batch.tokens.end(), from, from + static_cast<ptrdiff_t>(count));
      owners.push_back(&s);
      s.done += count;
    }
    busy = !owners.empty();
    if (!busy) break;
    std::vector<float> logits;
    ASSERT_TRUE(model.Forward(batch, *kv, logits).ok());
    auto row = logits.begin();
    for (size_t i = 0; i < owners.size(); ++i) {
      const auto values = static_cast<ptrdiff_t>(batch.slices[i].count * vocab);
      owners[i]->logits.insert(owners[i]->logits.end(), row, row + values);
      row += values;
    }
  }
  for (const Sequence& s : sequences) EXPECT_EQ(s.logits, RunWhole(model, s.tokens));
}

// A prompt layer by layer, another sequence going on between the layers.
TEST_P(ForwardTest, LayersOfAPassMayHaveOtherBatchesBetweenThem) {
  const Loaded loaded = testing::LoadModel(GetParam());
  Model& model = *loaded.model;
  const std::vector<int32_t> tokens = Tokens(GetParam());
  const std::vector<int32_t> others(tokens.rbegin(), tokens.rbegin() + 40);
  const auto kv = Must(model.MakeKv(6, kKv));
  const std::vector<PageId> pages = {0, 5, 2};
  const std::vector<PageId> other_pages = {3};
  std::vector<float> got;
  std::vector<float> other;
  size_t at = 0;
  size_t between = 0;
  for (size_t begin = 0; begin < tokens.size(); begin += 40) {
    const size_t count = std::min<size_t>(40, tokens.size() - begin);
    std::unique_ptr<LayeredPass> pass;
    {
      ForwardBatch batch;  // need not outlive Begin
      const std::vector<PageId> table = pages;
      const auto from = tokens.begin() + static_cast<ptrdiff_t>(begin);
      batch.tokens.assign(from, from + static_cast<ptrdiff_t>(count));
      batch.slices.push_back({0, count, begin, table, LogitsWanted::kAll});
      pass = Must(model.Begin(batch, *kv));
    }
    EXPECT_EQ(pass->layers_left(), model.config().layers);
    std::vector<float> logits;
    while (pass->layers_left() > 0) {
      EXPECT_TRUE(logits.empty());
      ASSERT_TRUE(pass->RunLayer(logits).ok());
      if (at == others.size()) continue;
      ForwardBatch step;
      step.tokens = {others[at]};
      step.slices.push_back({0, 1, at, other_pages, LogitsWanted::kAll});
      std::vector<float> row;
      ASSERT_TRUE(model.Forward(step, *kv, row).ok());
      other.insert(other.end(), row.begin(), row.end());
      ++at;
      ++between;
    }
    got.insert(got.end(), logits.begin(), logits.end());
  }
  EXPECT_GT(between, 3u);
  EXPECT_EQ(got, RunWhole(model, tokens));
  const std::vector<int32_t> computed(others.begin(), others.begin() + static_cast<ptrdiff_t>(at));
  EXPECT_EQ(other, RunWhole(model, computed));
}

TEST_P(ForwardTest, OnlyWantedRowsAreReturned) {
  const Loaded loaded = testing::LoadModel(GetParam());
  Model& model = *loaded.model;
  const std::vector<int32_t> tokens = Tokens(GetParam());
  const std::vector<float> whole = RunWhole(model, tokens);
  const auto vocab = static_cast<ptrdiff_t>(model.config().vocab);
  const std::vector<PageId> pages = testing::PagesFor(tokens.size());
  const auto kv = Must(model.MakeKv(pages.size(), kKv));
  std::vector<float> logits;
  // One sequence as three consecutive slices of one batch.
  ForwardBatch batch;
  batch.tokens = tokens;
  batch.slices.push_back({0, 20, 0, pages, LogitsWanted::kNone});
  batch.slices.push_back({20, 100, 20, pages, LogitsWanted::kLast});
  batch.slices.push_back({120, tokens.size() - 120, 120, pages, LogitsWanted::kAll});
  EXPECT_EQ(batch.logit_rows(), 1 + tokens.size() - 120);
  ASSERT_TRUE(model.Forward(batch, *kv, logits).ok());
  EXPECT_EQ(logits, std::vector<float>(whole.begin() + 119 * vocab, whole.end()));
  // Nothing wanted: nothing returned, but the keys and values are stored.
  const size_t last = tokens.size() - 1;
  const auto fresh = Must(model.MakeKv(pages.size(), kKv));
  ASSERT_TRUE(
      model.Forward(testing::OneSlice(tokens, 0, last, pages, LogitsWanted::kNone), *fresh, logits)
          .ok());
  EXPECT_TRUE(logits.empty());
  ASSERT_TRUE(model
                  .Forward(testing::OneSlice(tokens, last, last + 1, pages, LogitsWanted::kLast),
                           *fresh, logits)
                  .ok());
  EXPECT_EQ(logits, std::vector<float>(whole.end() - vocab, whole.end()));
}

TEST_P(ForwardTest, HiddenIsWhatTheHeadMultiplies) {
  const Loaded loaded = testing::LoadModel(GetParam());
  const ModelConfig& config = loaded.model->config();
  const std::vector<int32_t> tokens = Tokens(GetParam());
  const std::vector<PageId> pages = testing::PagesFor(tokens.size());
  const auto kv = Must(loaded.model->MakeKv(pages.size(), kKv));
  ForwardBatch batch = testing::OneSlice(tokens, 0, tokens.size(), pages, LogitsWanted::kAll);
  batch.output = OutputKind::kHidden;
  std::vector<float> hidden;
  ASSERT_TRUE(loaded.model->Forward(batch, *kv, hidden).ok());
  ASSERT_EQ(hidden.size(), tokens.size() * config.embedding);
  const Weights weights = Must(LoadWeights(*loaded.file, config, *loaded.ops, {}));
  std::vector<float> logits(tokens.size() * config.vocab);
  loaded.ops->Matmul(weights.output_head(), hidden, logits, kernels::Accumulate::kNo,
                     kernels::MatmulType::kInt8);
  EXPECT_EQ(logits, RunWhole(*loaded.model, tokens));
}

INSTANTIATE_TEST_SUITE_P(Models, ForwardTest,
                         ::testing::Values("qwen2-f32-yarn-tied", "llama-f16-biases", "qwen3-q8_0",
                                           "llama-q4_0", "qwen2-q4_k-tied", "llama-q6_k"),
                         [](const auto& test) { return testing::TestName(test.param); });

}  // namespace
}  // namespace lemma::model
