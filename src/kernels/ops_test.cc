// SPDX-License-Identifier: Apache-2.0
// Everything but matrix products: against double references, and every ISA and thread count
// against the scalar bits.
#include <algorithm>
#include <numeric>

#include "kernels/kernel_testing.h"
#include "kernels/rope_table.h"

namespace lemma::kernels {
namespace {

constexpr size_t kSizes[] = {1, 15, 16, 17, 64, 128, 300, 1536, 40000};

struct Variant {
  std::string_view isa;
  int threads;
};

std::vector<Variant> Variants() {
  std::vector<Variant> out;
  for (const std::string_view isa : AvailableIsas()) {
    for (const int threads : {1, 2, 3}) out.push_back({isa, threads});
  }
  return out;
}

TEST(RmsNormTest, IsCloseToDoubleAndTheSameEverywhere) {
  for (const size_t n : kSizes) {
    for (const size_t rows : {1, 5}) {
      const auto x = Normal(n * rows, 3);
      const auto weight = Normal(n, 4);
      std::vector<float> expected(x.size());
      TestOps("scalar", 1)->RmsNorm(x, weight, 1e-6F, expected);
      for (size_t r = 0; r < rows; ++r) {
        double sum = 0;
        for (size_t i = 0; i < n; ++i) sum += double{x[r * n + i]} * x[r * n + i];
        const double inverse = 1 / std::sqrt(sum / static_cast<double>(n) + 1e-6);
        for (size_t i = 0; i < n; ++i) {
          const double ref = x[r * n + i] * inverse * weight[i];
          ASSERT_NEAR(expected[r * n + i], ref, 2e-6 * std::abs(ref) + 1e-12);
        }
      }
      for (const Variant& s : Variants()) {
        std::vector<float> out = x;  // in place
        TestOps(s.isa, s.threads)->RmsNorm(out, weight, 1e-6F, out);
        ASSERT_TRUE(SameBits(out, expected)) << s.isa << " " << s.threads << " n=" << n;
      }
    }
  }
}

TEST(SiluMulTest, IsCloseToDoubleAndTheSameEverywhere) {
  for (const size_t n : kSizes) {
    auto gate = Normal(n, 5, 8.0F);
    if (n > 20) {
      gate[3] = 200.0F;
      gate[4] = -200.0F;
      gate[5] = -0.0F;
      gate[6] = NAN;
    }
    const auto up = Normal(n, 6);
    std::vector<float> expected = gate;
    TestOps("scalar", 1)->SiluMul(expected, up);
    for (size_t i = 0; i < n; ++i) {
      if (std::isnan(gate[i])) {
        ASSERT_TRUE(std::isnan(expected[i]));
        continue;
      }
      const double ref = gate[i] / (1 + std::exp(-double{gate[i]})) * up[i];
      ASSERT_NEAR(expected[i], ref, 1e-6 * std::abs(ref) + 1e-30) << gate[i];
    }
    for (const Variant& s : Variants()) {
      std::vector<float> out = gate;
      TestOps(s.isa, s.threads)->SiluMul(out, up);
      if (n > 20) {
        ASSERT_TRUE(std::isnan(out[6]));
        out[6] = expected[6];
      }
      ASSERT_TRUE(SameBits(out, expected)) << s.isa << " " << s.threads << " n=" << n;
    }
  }
}

TEST(ElementwiseTest, AddAndAddBias) {
  const auto a = Normal(3 * 70000, 7);
  const auto b = Normal(3 * 70000, 8);
  for (const Variant& s : Variants()) {
    auto ops = TestOps(s.isa, s.threads);
    std::vector<float> sum = a;
    ops->Add(sum, b);
    std::vector<float> biased = a;
    ops->AddBias(biased, std::span(b).first(70000));
    for (size_t i = 0; i < a.size(); ++i) {
      ASSERT_EQ(sum[i], a[i] + b[i]);
      ASSERT_EQ(biased[i], a[i] + b[i % 70000]);
    }
  }
}

TEST(RopeTest, SinCosAreExactToDoubleRounding) {
  for (double angle = 0; angle < 1.5e5; angle = angle * 1.37 + 0.01) {
    double s = 0;
    double c = 0;
    FixedSinCos(angle, &s, &c);
    EXPECT_NEAR(s, std::sin(angle), 4e-15) << angle;
    EXPECT_NEAR(c, std::cos(angle), 4e-15) << angle;
    FixedSinCos(-angle, &s, &c);
    EXPECT_NEAR(s, std::sin(-angle), 4e-15) << angle;
  }
}

TEST(RopeTest, BothLayoutsAndPartialRotation) {
  const size_t dim = 20;
  const std::vector<float> frequencies = {1.0F, 0.3F, 0.01F, 0.0007F, 0.9F, 0.5F, 0.25F, 2.0F};
  const std::vector<int32_t> positions = {0, 7, 131071};
  const size_t heads = 3;
  const auto x = Normal(positions.size() * heads * dim, 9);
  for (const RopeLayout layout : {RopeLayout::kNeox, RopeLayout::kAdjacent}) {
    for (const Variant& s : Variants()) {
      std::vector<float> out = x;
      TestOps(s.isa, s.threads)->Rope(out, dim, positions, {layout, frequencies, 1.25F});
      for (size_t i = 0; i < x.size(); i += dim) {
        const double position = positions[i / (heads * dim)];
        for (size_t f = 0; f < frequencies.size(); ++f) {
          const size_t a = i + (layout == RopeLayout::kNeox ? f : 2 * f);
          const size_t b = a + (layout == RopeLayout::kNeox ? frequencies.size() : 1);
          const double angle = position * frequencies[f];
          const double re = 1.25 * (x[a] * std::cos(angle) - x[b] * std::sin(angle));
          const double im = 1.25 * (x[a] * std::sin(angle) + x[b] * std::cos(angle));
          ASSERT_NEAR(out[a], re, 2e-6);
          ASSERT_NEAR(out[b], im, 2e-6);
        }
        for (size_t rest = 16; rest < dim; ++rest) ASSERT_EQ(out[i + rest], x[i + rest]);
      }
    }
  }
}

// A cache whose pages are in a shuffled order, two sequences, and their queries.
struct AttentionCase {
  size_t heads;
  size_t kv_heads;
  size_t head_dim;
  KvType type;
  std::vector<size_t> stored;   // tokens of each sequence
  std::vector<size_t> queries;  // the last ones of them that are asked for
};

struct AttentionData {
  std::vector<std::vector<PageId>> pages;
  std::vector<std::vector<float>> k;
  std::vector<std::vector<float>> v;
  std::vector<float> q;
};

AttentionData MakeData(const AttentionCase& c) {
  AttentionData data;
  size_t num_pages = 0;
  size_t num_queries = 0;
  for (size_t i = 0; i < c.stored.size(); ++i) {
    std::vector<PageId> pages((c.stored[i] + kPageTokens - 1) / kPageTokens);
    for (PageId& p : pages) p = static_cast<PageId>(num_pages++);
    std::reverse(pages.begin(), pages.end());
    data.pages.push_back(pages);
    const auto seed = static_cast<uint32_t>(40 + 2 * i);
    data.k.push_back(Normal(c.stored[i] * c.kv_heads * c.head_dim, seed));
    data.v.push_back(Normal(c.stored[i] * c.kv_heads * c.head_dim, seed + 1));
    num_queries += c.queries[i];
  }
  data.q = Normal(num_queries * c.heads * c.head_dim, 60);
  return data;
}

std::vector<float> RunAttention(Ops& ops, const AttentionCase& c, const AttentionData& data) {
  size_t num_pages = 0;
  for (const auto& pages : data.pages) num_pages += pages.size();
  auto kv = ops.MakeKv({.layers = 2,
                        .kv_heads = c.kv_heads,
                        .head_dim = c.head_dim,
                        .pages = num_pages,
                        .type = c.type});
  EXPECT_TRUE(kv.ok()) << kv.status().ToString();
  if (!kv.ok()) return {};
  AttentionArgs args;
  args.layer = 1;
  args.heads = c.heads;
  args.kv_heads = c.kv_heads;
  args.head_dim = c.head_dim;
  args.scale = 1.0F / std::sqrt(static_cast<float>(c.head_dim));
  std::vector<AttentionSpan> query_spans;
  size_t row = 0;
  for (size_t i = 0; i < c.stored.size(); ++i) {
    const AttentionSpan all{0, c.stored[i], 0, data.pages[i]};
    args.spans = {&all, 1};
    ops.StoreKv(**kv, args, data.k[i], data.v[i]);
    query_spans.push_back({row, c.queries[i], c.stored[i] - c.queries[i], data.pages[i]});
    row += c.queries[i];
  }
  args.spans = query_spans;
  std::vector<float> out(data.q.size());
  ops.Attention(**kv, args, data.q, out);
  return out;
}

std::vector<double> Reference(const AttentionCase& c, const AttentionData& data) {
  std::vector<double> out(data.q.size());
  size_t row = 0;
  for (size_t i = 0; i < c.stored.size(); ++i) {
    for (size_t j = 0; j < c.queries[i]; ++j, ++row) {
      const size_t visible = c.stored[i] - c.queries[i] + j + 1;
      for (size_t h = 0; h < c.heads; ++h) {
        const size_t kv_head = h / (c.heads / c.kv_heads);
        const float* q = data.q.data() + (row * c.heads + h) * c.head_dim;
        std::vector<double> p(visible);
        double max = -INFINITY;
        for (size_t t = 0; t < visible; ++t) {
          const float* k = data.k[i].data() + (t * c.kv_heads + kv_head) * c.head_dim;
          for (size_t d = 0; d < c.head_dim; ++d) p[t] += double{q[d]} * k[d];
          p[t] /= std::sqrt(static_cast<double>(c.head_dim));
          max = std::max(max, p[t]);
        }
        double sum = 0;
        for (double& e : p) sum += e = std::exp(e - max);
        for (size_t t = 0; t < visible; ++t) {
          const float* v = data.v[i].data() + (t * c.kv_heads + kv_head) * c.head_dim;
          for (size_t d = 0; d < c.head_dim; ++d) {
            out[(row * c.heads + h) * c.head_dim + d] += p[t] / sum * v[d];
          }
        }
      }
    }
  }
  return out;
}

TEST(AttentionTest, IsCloseToDoubleAndTheSameEverywhere) {
  const AttentionCase cases[] = {
      {4, 2, 32, KvType::kF32, {1, 70}, {1, 70}},    {12, 2, 128, KvType::kF16, {600, 65}, {1, 3}},
      {3, 3, 20, KvType::kF16, {40, 64}, {40, 2}},   {6, 1, 64, KvType::kF32, {1500}, {1}},
      {7, 1, 64, KvType::kF16, {1025, 513}, {2, 1}}, {5, 1, 48, KvType::kF32, {128}, {9}}};
  for (const AttentionCase& c : cases) {
    const AttentionData data = MakeData(c);
    const auto expected = RunAttention(*TestOps("scalar", 1), c, data);
    const auto ref = Reference(c, data);
    // f16 keeps 11 bits of each K and V.
    const double bound = c.type == KvType::kF32 ? 3e-6 : 4e-3;
    for (size_t i = 0; i < ref.size(); ++i) ASSERT_NEAR(expected[i], ref[i], bound) << i;
    for (const Variant& s : Variants()) {
      ASSERT_TRUE(SameBits(RunAttention(*TestOps(s.isa, s.threads), c, data), expected))
          << s.isa << " " << s.threads << " dim=" << c.head_dim;
    }
  }
}

TEST(KvTest, CopyPageCopiesAllLayersAndBadShapesAreRefused) {
  auto ops = TestOps("scalar", 1);
  auto kv = ops->MakeKv({.layers = 1, .kv_heads = 1, .head_dim = 16, .pages = 2});
  ASSERT_TRUE(kv.ok());
  EXPECT_EQ((*kv)->num_pages(), 2U);
  EXPECT_EQ((*kv)->page_bytes(), 64U * 16 * 2 * 2);
  const auto k = Normal(16, 1);
  const auto v = Normal(16, 2);
  const auto q = Normal(16, 3);
  const PageId first[] = {0};
  const PageId second[] = {1};
  const AttentionSpan store{0, 1, 0, first};
  AttentionArgs args{0, 1, 1, 16, 0.25F, {&store, 1}};
  ops->StoreKv(**kv, args, k, v);
  (*kv)->CopyPage(0, 1);
  const AttentionSpan read{0, 1, 0, second};
  args.spans = {&read, 1};
  std::vector<float> out(16);
  ops->Attention(**kv, args, q, out);
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(out[i], HalfToFloat(FloatToHalf(v[i])));
  EXPECT_EQ(ops->MakeKv({.layers = 1, .kv_heads = 1, .head_dim = 0, .pages = 2}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(ops->MakeKv({.layers = 1U << 31, .kv_heads = 1U << 31, .head_dim = 64, .pages = 9})
                .status()
                .code(),
            StatusCode::kInvalidArgument);
}

TEST(HalfTest, EveryHalfRoundTripsAndHardwareAgrees) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const float f = HalfToFloat(static_cast<uint16_t>(h));
    if (std::isnan(f)) continue;
    ASSERT_EQ(FloatToHalf(f), h);
    const float up = std::nextafter(f, INFINITY);
    ASSERT_EQ(HalfToFloat(FloatToHalf(up)), std::isinf(up) ? up : f) << h;
  }
  EXPECT_EQ(FloatToHalf(1.0F + 0x1p-11F), 0x3C00);      // tie to even, down
  EXPECT_EQ(FloatToHalf(1.0F + 3 * 0x1p-11F), 0x3C02);  // tie to even, up
  EXPECT_EQ(FloatToHalf(65520.0F), 0x7C00);             // overflow
  EXPECT_EQ(FloatToHalf(0x1p-25F), 0);                  // tie to zero
  EXPECT_EQ(FloatToHalf(std::nextafter(0x1p-25F, 1.0F)), 1);
}

TEST(ExpTest, RelativeErrorIsSmall) {
  for (float x = -87.0F; x < 88.0F; x += 0.00731F) {
    const double ref = std::exp(double{x});
    ASSERT_NEAR(FixedExp(x) / ref, 1.0, 2e-7) << x;
  }
  EXPECT_EQ(FixedExp(0.0F), 1.0F);
  EXPECT_TRUE(std::isnan(FixedExp(NAN)));
}

}  // namespace
}  // namespace lemma::kernels
