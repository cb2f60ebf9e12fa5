// SPDX-License-Identifier: Apache-2.0
// Logits against an independent float64 forward pass (tools/reference/forward.py), on every
// instruction set of this processor. Bounds by weight type: the float formats differ from the
// reference by rounding alone. The block formats differ by their activations of 8 bits; against a
// reference that quantises activations too, only values that fall on the other side of a rounding
// border are left.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "model/test_models.h"

namespace lemma::model {
namespace {

using testing::Golden;

struct Bounds {
  double relative;  // largest |difference| / largest |logit|
  double kl;        // largest KL divergence of a row, nats
};

struct Case {
  const char* name;
  Bounds bounds;  // against exact activations
};

constexpr Bounds kFloatBounds{1e-5, 1e-10};
constexpr Bounds kInt8Bounds{5e-3, 5e-5};  // against int8 activations, all block formats
constexpr Bounds kQ8_0Bounds{0.06, 8e-3};
constexpr Bounds kQ4_0Bounds{0.06, 8e-3};
constexpr Bounds kQ4KBounds{0.05, 2e-3};
constexpr Bounds kQ6KBounds{0.06, 8e-3};

constexpr Case kFloatCases[] = {
    {"qwen2-f32-yarn-tied", kFloatBounds}, {"llama-f32-llama3", kFloatBounds},
    {"qwen3-f32-linear", kFloatBounds},    {"llama-f16-biases", kFloatBounds},
    {"qwen2-bf16", kFloatBounds},
};
constexpr Case kBlockCases[] = {
    {"qwen3-q8_0", kQ8_0Bounds},
    {"llama-q4_0", kQ4_0Bounds},
    {"qwen2-q4_k-tied", kQ4KBounds},
    {"llama-q6_k", kQ6KBounds},
};

std::vector<double> LogSoftmax(std::span<const float> logits) {
  const double top = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - top);
  std::vector<double> out;
  for (const float logit : logits) out.push_back(static_cast<double>(logit) - top - std::log(sum));
  return out;
}

double KlDivergence(std::span<const float> reference, std::span<const float> other) {
  const std::vector<double> p = LogSoftmax(reference);
  const std::vector<double> q = LogSoftmax(other);
  double kl = 0.0;
  for (size_t i = 0; i < p.size(); ++i) kl += std::exp(p[i]) * (p[i] - q[i]);
  return kl;
}

struct Errors {
  double relative = 0.0;
  double kl = 0.0;
};

Errors Compare(const Golden& golden, std::span<const float> logits) {
  Errors errors;
  double difference = 0.0;
  double scale = 0.0;
  const size_t vocab = golden.vocab;
  for (size_t i = 0; i < golden.rows.size(); ++i) {
    const auto expected = std::span<const float>(golden.logits).subspan(i * vocab, vocab);
    const auto row = static_cast<size_t>(golden.rows[i]);
    const auto actual = logits.subspan(row * vocab, vocab);
    for (size_t t = 0; t < vocab; ++t) {
      difference = std::max(difference, std::abs(double{expected[t]} - double{actual[t]}));
      scale = std::max(scale, std::abs(double{expected[t]}));
    }
    errors.kl = std::max(errors.kl, KlDivergence(expected, actual));
  }
  errors.relative = difference / scale;
  return errors;
}

Errors RunGolden(const std::filesystem::path& model_path, const Golden& golden,
                 const std::string& isa, kernels::KvType kv_type) {
  const testing::Loaded loaded = testing::LoadPath(model_path, isa, 1);
  EXPECT_EQ(loaded.model->config().vocab, golden.vocab);
  const std::vector<kernels::PageId> pages = testing::PagesFor(golden.tokens.size());
  const auto kv = testing::Must(loaded.model->MakeKv(pages.size(), kv_type));
  std::vector<float> logits;
  const Status status = loaded.model->Forward(
      testing::OneSlice(golden.tokens, 0, golden.tokens.size(), pages, LogitsWanted::kAll), *kv,
      logits);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return Compare(golden, logits);
}

std::vector<std::string> Isas() {
  const auto names = kernels::AvailableIsas();
  return {names.begin(), names.end()};
}

void ExpectWithin(const std::string& model, const std::string& golden_name, const Bounds& bounds) {
  const Golden golden =
      testing::ReadGolden(testing::SourcePath("tests/data/models/" + golden_name + ".golden"));
  for (const std::string& isa : Isas()) {
    const Errors errors = RunGolden(testing::ModelPath(model), golden, isa, kernels::KvType::kF32);
    EXPECT_LT(errors.relative, bounds.relative) << golden_name << " " << isa;
    EXPECT_LT(errors.kl, bounds.kl) << golden_name << " " << isa;
    std::printf("%-22s %-8s relative %.2g  KL %.2g\n", golden_name.c_str(), isa.c_str(),
                errors.relative, errors.kl);
  }
}

class GoldenTest : public ::testing::TestWithParam<Case> {};

TEST_P(GoldenTest, MatchesTheReferenceOnEveryIsa) {
  ExpectWithin(GetParam().name, GetParam().name, GetParam().bounds);
}

class Int8GoldenTest : public ::testing::TestWithParam<Case> {};

TEST_P(Int8GoldenTest, MatchesTheReferenceWithInt8ActivationsOnEveryIsa) {
  const std::string name = GetParam().name;
  ExpectWithin(name, name + ".int8", kInt8Bounds);
}

INSTANTIATE_TEST_SUITE_P(Float, GoldenTest, ::testing::ValuesIn(kFloatCases),
                         [](const auto& test) { return testing::TestName(test.param.name); });
INSTANTIATE_TEST_SUITE_P(Block, GoldenTest, ::testing::ValuesIn(kBlockCases),
                         [](const auto& test) { return testing::TestName(test.param.name); });
INSTANTIATE_TEST_SUITE_P(Block, Int8GoldenTest, ::testing::ValuesIn(kBlockCases),
                         [](const auto& test) { return testing::TestName(test.param.name); });

// f16 keys and values cost little, even with the large key biases of qwen2.
TEST(KvTypeTest, HalfPrecisionStaysClose) {
  constexpr Bounds kHalfKvBounds{5e-3, 1e-5};
  for (const Case& c : kFloatCases) {
    const std::string name = c.name;
    const Golden golden =
        testing::ReadGolden(testing::SourcePath("tests/data/models/" + name + ".golden"));
    const Errors errors =
        RunGolden(testing::ModelPath(name), golden, Isas().back(), kernels::KvType::kF16);
    EXPECT_LT(errors.relative, kHalfKvBounds.relative) << name;
    EXPECT_LT(errors.kl, kHalfKvBounds.kl) << name;
    std::printf("%-22s f16 KV   relative %.2g  KL %.2g\n", name.c_str(), errors.relative,
                errors.kl);
  }
}

}  // namespace
}  // namespace lemma::model
