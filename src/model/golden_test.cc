// SPDX-License-Identifier: Apache-2.0
// Logits against an independent float64 forward pass (tools/reference/forward.py), on every
// instruction set of this processor. Bounds by weight type: the float formats differ from the
// reference by rounding alone. The block formats differ by their activations of 8 bits; against a
// reference that quantises activations too, most rows differ by rounding alone again, and a few by
// a value that fell on the other side of a border of the 8-bit grid.
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

// The relative error of a row is its largest |difference| over the largest |logit| of all rows.
struct Errors {
  double largest = 0.0;  // relative error of the worst row
  double median = 0.0;   // of the median row
  double kl = 0.0;       // largest KL divergence of a row, nats
};

constexpr Errors kFloatBounds{5e-6, 2e-6, 1e-11};
constexpr Errors kInt8Bounds{2e-2, 1e-6, 5e-4};  // both sides with int8 activations
// Against exact activations.
constexpr Errors kQ8_0Bounds{0.045, 0.03, 6e-3};
constexpr Errors kQ4_0Bounds{0.05, 0.03, 7e-3};
constexpr Errors kQ4KBounds{0.036, 0.02, 1.2e-3};
constexpr Errors kQ6KBounds{0.045, 0.025, 6e-3};
constexpr Errors kBundledBounds{0.02, 0.015, 3e-3};
constexpr Errors kBundledInt8Bounds{0.02, 0.012, 2e-3};  // six layers: more borders to fall over
constexpr Errors kHalfKvBounds{2.5e-3, 1e-3, 3e-6};      // float weights, f16 keys and values
constexpr Errors kBf16KvBounds{2.5e-2, 8e-3, 6e-4};
constexpr Errors kQ8KvBounds{4e-2, 2e-2, 1.5e-3};

struct Case {
  const char* name;
  Errors bounds;
};

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

Errors Compare(const Golden& golden, std::span<const float> logits) {
  Errors errors;
  const size_t vocab = golden.vocab;
  float scale = 0.0F;
  for (const float value : golden.logits) scale = std::max(scale, std::abs(value));
  std::vector<double> rows;
  for (size_t i = 0; i < golden.rows.size(); ++i) {
    const auto expected = std::span<const float>(golden.logits).subspan(i * vocab, vocab);
    const auto actual = logits.subspan(static_cast<size_t>(golden.rows[i]) * vocab, vocab);
    double difference = 0.0;
    for (size_t t = 0; t < vocab; ++t) {
      difference = std::max(difference, std::abs(double{expected[t]} - double{actual[t]}));
    }
    rows.push_back(difference / double{scale});
    errors.kl = std::max(errors.kl, KlDivergence(expected, actual));
  }
  std::sort(rows.begin(), rows.end());
  errors.largest = rows.back();
  errors.median = rows[rows.size() / 2];
  return errors;
}

void ExpectBelow(const Errors& errors, const Errors& bounds, const std::string& what) {
  EXPECT_LT(errors.largest, bounds.largest) << what;
  EXPECT_LT(errors.median, bounds.median) << what;
  EXPECT_LT(errors.kl, bounds.kl) << what;
  EXPECT_GT(errors.kl, -1e-12) << what;
  std::printf("%-30s relative error %.2g, median row %.2g, KL %.2g\n", what.c_str(), errors.largest,
              errors.median, errors.kl);
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

void ExpectWithin(const std::string& model, const std::string& golden_name, const Errors& bounds) {
  const Golden golden =
      testing::ReadGolden(testing::SourcePath("tests/data/models/" + golden_name + ".golden"));
  for (const std::string& isa : Isas()) {
    ExpectBelow(RunGolden(testing::ModelPath(model), golden, isa, kernels::KvType::kF32), bounds,
                golden_name + " " + isa);
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

// Smaller keys and values cost little, even with the large key biases of qwen2.
TEST(KvTypeTest, SmallTypesStayClose) {
  struct Type {
    kernels::KvType type;
    Errors bounds;
  };
  for (const Case& c : kFloatCases) {
    const std::string name = c.name;
    const Golden golden =
        testing::ReadGolden(testing::SourcePath("tests/data/models/" + name + ".golden"));
    for (const Type& t :
         {Type{kernels::KvType::kF16, kHalfKvBounds}, Type{kernels::KvType::kBf16, kBf16KvBounds},
          Type{kernels::KvType::kQ8_0, kQ8KvBounds}}) {
      ExpectBelow(RunGolden(testing::ModelPath(name), golden, Isas().back(), t.type), t.bounds,
                  name + " " + std::string(kernels::KvTypeName(t.type)) + " KV");
    }
  }
}

// The model that the repository ships. Its goldens are remade with it:
//   python3 tools/reference/forward.py models/lemma-bundled-v2-q8_0.gguf
//     --prompt-tokens 1 --sample 150 --rows 8 -o tests/data/goldens/lemma-bundled-v2-q8_0.golden
void CheckBundledModel(const char* kind, const Errors& bounds) {
  const std::string name = "lemma-bundled-v2-q8_0";
  const std::filesystem::path model = testing::SourcePath("models/" + name + ".gguf");
  const std::filesystem::path golden =
      testing::SourcePath("tests/data/goldens/" + name + kind + ".golden");
  if (!std::filesystem::exists(model) && !std::filesystem::exists(golden)) {
    GTEST_SKIP() << "no bundled model in this tree";
  }
  for (const std::string& isa : Isas()) {
    ExpectBelow(RunGolden(model, testing::ReadGolden(golden), isa, kernels::KvType::kF32), bounds,
                name + kind + " " + isa);
  }
}

TEST(BundledModelTest, MatchesTheReference) { CheckBundledModel("", kBundledBounds); }

TEST(BundledModelTest, MatchesTheReferenceWithInt8Activations) {
  CheckBundledModel(".int8", kBundledInt8Bounds);
}

}  // namespace
}  // namespace lemma::model
