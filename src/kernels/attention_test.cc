// SPDX-License-Identifier: Apache-2.0
// Attention and the KV cache: against double references, and every ISA, thread count, chunking
// and neighbour against the scalar bits, for each type of K and V.
#include <algorithm>

#include "kernels/kernel_testing.h"

namespace lemma::kernels {
namespace {

constexpr KvType kTypes[] = {KvType::kF32, KvType::kF16, KvType::kBf16, KvType::kQ8_0};

// A cache whose pages are in a shuffled order, two sequences, and their queries.
struct AttentionCase {
  size_t heads;
  size_t kv_heads;
  size_t head_dim;
  KvTypes type;
  std::vector<size_t> stored;   // tokens of each sequence
  std::vector<size_t> queries;  // the last ones of them that are asked for
  bool key_bias = false;
};

struct AttentionData {
  std::vector<std::vector<PageId>> pages;
  std::vector<std::vector<float>> k;
  std::vector<std::vector<float>> v;
  std::vector<float> q;
  std::vector<float> key_bias;
  std::vector<float> frequencies;
};

size_t NumPages(const AttentionData& data) {
  size_t out = 0;
  for (const auto& pages : data.pages) out += pages.size();
  return out;
}

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
  if (c.key_bias) {
    data.key_bias = Normal(c.kv_heads * c.head_dim, 61, 4.0F);
    for (size_t i = 0; i < data.key_bias.size(); ++i) {
      if (i % c.head_dim % 3 == 1) data.key_bias[i] = 0.0F;  // one of a pair, or both
    }
    for (size_t i = 0; i < c.head_dim / 2; ++i) {
      const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(c.head_dim);
      data.frequencies.push_back(static_cast<float>(std::pow(10000.0, exponent)));
    }
  }
  return data;
}

AttentionArgs ArgsOf(const AttentionCase& c, const AttentionData& data) {
  AttentionArgs args;
  args.layer = 1;
  args.heads = c.heads;
  args.kv_heads = c.kv_heads;
  args.head_dim = c.head_dim;
  args.scale = 1.0F / std::sqrt(static_cast<float>(c.head_dim));
  args.key_bias = data.key_bias;
  args.rope.frequencies = data.frequencies;
  return args;
}

std::unique_ptr<KvStorage> Filled(Ops& ops, const AttentionCase& c, const AttentionData& data) {
  auto kv = ops.MakeKv({.layers = 2,
                        .kv_heads = c.kv_heads,
                        .head_dim = c.head_dim,
                        .pages = NumPages(data),
                        .type = c.type});
  EXPECT_TRUE(kv.ok()) << kv.status().ToString();
  if (!kv.ok()) return nullptr;
  AttentionArgs args = ArgsOf(c, data);
  for (size_t i = 0; i < c.stored.size(); ++i) {
    const AttentionSpan all{0, c.stored[i], 0, data.pages[i]};
    args.spans = {&all, 1};
    ops.StoreKv(**kv, args, data.k[i], data.v[i]);
  }
  return std::move(*kv);
}

std::vector<float> RunAttention(Ops& ops, const AttentionCase& c, const AttentionData& data) {
  const auto kv = Filled(ops, c, data);
  AttentionArgs args = ArgsOf(c, data);
  std::vector<AttentionSpan> spans;
  size_t row = 0;
  for (size_t i = 0; i < c.stored.size(); ++i) {
    spans.push_back({row, c.queries[i], c.stored[i] - c.queries[i], data.pages[i]});
    row += c.queries[i];
  }
  args.spans = spans;
  std::vector<float> out(data.q.size());
  ops.Attention(*kv, args, data.q, out);
  return out;
}

// The same, the queries of each sequence in calls of `chunk` rows.
std::vector<float> RunInChunks(Ops& ops, const AttentionCase& c, const AttentionData& data,
                               size_t chunk) {
  const auto kv = Filled(ops, c, data);
  AttentionArgs args = ArgsOf(c, data);
  std::vector<float> out(data.q.size());
  size_t row = 0;
  for (size_t i = 0; i < c.stored.size(); ++i) {
    const size_t begin = c.stored[i] - c.queries[i];
    for (size_t at = 0; at < c.queries[i]; at += chunk) {
      const size_t count = std::min(chunk, c.queries[i] - at);
      const AttentionSpan span{row + at, count, begin + at, data.pages[i]};
      args.spans = {&span, 1};
      ops.Attention(*kv, args, data.q, out);
    }
    row += c.queries[i];
  }
  return out;
}

// K of one token and head with its bias, rotated: pairs (i, i + dim/2).
std::vector<double> KeyOf(const AttentionCase& c, const AttentionData& data, size_t sequence,
                          size_t token, size_t kv_head) {
  const float* k = data.k[sequence].data() + (token * c.kv_heads + kv_head) * c.head_dim;
  std::vector<double> key(k, k + c.head_dim);
  const size_t half = data.frequencies.size();
  for (size_t i = 0; i < half; ++i) {
    const float* bias = data.key_bias.data() + kv_head * c.head_dim;
    const double angle = static_cast<double>(token) * double{data.frequencies[i]};
    key[i] += bias[i] * std::cos(angle) - bias[i + half] * std::sin(angle);
    key[i + half] += bias[i] * std::sin(angle) + bias[i + half] * std::cos(angle);
  }
  return key;
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
          const std::vector<double> k = KeyOf(c, data, i, t, kv_head);
          for (size_t d = 0; d < c.head_dim; ++d) p[t] += q[d] * k[d];
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

// f16 keeps 11 bits of each K and V, bf16 8 of these and of queries and weights, q8_0 7.
double Bound(KvTypes types) {
  double bound = 0;
  for (const KvType type : {types.k, types.v}) {
    bound = std::max(bound, type == KvType::kF32 ? 3e-6 : type == KvType::kF16 ? 4e-3 : 3e-2);
  }
  return bound;
}

void CheckCase(const AttentionCase& c) {
  const AttentionData data = MakeData(c);
  const auto expected = RunAttention(*TestOps("scalar", 1), c, data);
  const auto ref = Reference(c, data);
  for (size_t i = 0; i < ref.size(); ++i) {
    ASSERT_NEAR(expected[i], ref[i], Bound(c.type)) << i << " " << KvTypesName(c.type);
  }
  for (const std::string_view isa : AvailableIsas()) {
    for (const int threads : {1, 2, 3}) {
      ASSERT_TRUE(SameBits(RunAttention(*TestOps(isa, threads), c, data), expected))
          << isa << " " << threads << " dim=" << c.head_dim << " " << KvTypesName(c.type);
    }
  }
}

TEST(AttentionTest, IsCloseToDoubleAndTheSameEverywhere) {
  for (const KvType k : kTypes) {
    CheckCase({12, 2, 128, {k, KvType::kF16}, {600, 65}, {1, 3}});
    CheckCase({4, 2, 32, k, {1, 70}, {1, 70}});
    CheckCase({3, 3, 20, {k, KvType::kQ8_0}, {40, 64}, {40, 2}});
    CheckCase({6, 1, 64, {KvType::kBf16, k}, {1500}, {1}});
    CheckCase({7, 1, 64, {KvType::kQ8_0, k}, {1025, 513}, {2, 1}});
    CheckCase({5, 1, 48, {KvType::kF32, k}, {128}, {9}});
    CheckCase({6, 1, 64, k, {571}, {75}});
  }
}

TEST(AttentionTest, KeyBiasCountsAsPartOfTheKey) {
  for (const KvType k : kTypes) {
    AttentionCase c{6, 2, 64, {k, KvType::kF32}, {600, 40}, {2, 40}};
    c.key_bias = true;
    CheckCase(c);
  }
}

TEST(AttentionTest, ChunksDoNotChangeTheBits) {
  for (const KvType type : kTypes) {
    const AttentionCase c{12, 2, 64, type, {560, 70}, {60, 70}};
    const AttentionData data = MakeData(c);
    for (const std::string_view isa : AvailableIsas()) {
      const auto ops = TestOps(isa, 2);
      const auto expected = RunAttention(*ops, c, data);
      for (const size_t chunk : {1, 3, 64}) {
        ASSERT_TRUE(SameBits(RunInChunks(*ops, c, data, chunk), expected))
            << isa << " " << KvTypeName(type) << " " << chunk;
      }
    }
  }
}

TEST(AttentionTest, LongContextsGiveTheSameBits) {
  for (const KvType type : {KvType::kF16, KvType::kBf16, KvType::kQ8_0}) {
    const AttentionCase c{6, 1, 128, type, {32768}, {2}};
    const AttentionData data = MakeData(c);
    const auto expected = RunAttention(*TestOps("scalar", 1), c, data);
    const auto ref = Reference(c, data);
    for (size_t i = 0; i < ref.size(); ++i) ASSERT_NEAR(expected[i], ref[i], 1e-3) << i;
    for (const std::string_view isa : AvailableIsas()) {
      for (const int threads : {1, 2, 3}) {
        ASSERT_TRUE(SameBits(RunAttention(*TestOps(isa, threads), c, data), expected))
            << isa << " " << threads;
      }
    }
  }
}

// Values from the whole range of f32, among them denormals and exact ties of the rounding.
std::vector<float> Extreme(size_t count, uint32_t seed, int least, int most) {
  std::mt19937 rng(seed);
  std::vector<float> out(count);
  for (float& x : out) {
    const auto kind = static_cast<uint32_t>(rng() % 16);
    const auto exponent = static_cast<uint32_t>(127 + least) +
                          static_cast<uint32_t>(rng()) % static_cast<uint32_t>(most - least + 1);
    uint32_t bits = (static_cast<uint32_t>(rng()) & 0x807FFFFFU) | exponent << 23;
    if (kind == 0) bits &= 0x80000000U;
    if (kind == 1) bits &= 0x807FFFFFU;  // denormal
    if (kind == 2) bits = (bits & 0xFFFF0000U) | 0x8000U;
    x = BitsToFloat(bits);
  }
  return out;
}

TEST(AttentionTest, ExtremeValuesGiveTheSameBits) {
  struct Range {
    int k_least, k_most, v_least, v_most;
  };
  for (const Range range : {Range{-126, 4, -126, 4}, Range{-60, -40, -60, -40},
                            Range{-20, 20, -20, 100}, Range{30, 55, -126, 120}}) {
    for (const KvType k : kTypes) {
      for (const KvType v : kTypes) {
        const AttentionCase c{6, 1, 64, {k, v}, {530, 33}, {20, 33}};
        AttentionData data = MakeData(c);
        for (size_t i = 0; i < 2; ++i) {
          const auto seed = static_cast<uint32_t>(7 * i);
          data.k[i] = Extreme(data.k[i].size(), seed, range.k_least, range.k_most);
          data.v[i] = Extreme(data.v[i].size(), seed + 1, range.v_least, range.v_most);
        }
        data.q = Extreme(data.q.size(), 5, range.k_least, range.k_most);
        const auto expected = RunAttention(*TestOps("scalar", 1), c, data);
        for (const std::string_view isa : AvailableIsas()) {
          auto out = RunAttention(*TestOps(isa, 2), c, data);
          for (size_t i = 0; i < out.size(); ++i) {  // which NaN it is does not matter
            if (std::isnan(out[i]) && std::isnan(expected[i])) out[i] = expected[i];
          }
          ASSERT_TRUE(SameBits(out, expected)) << isa << " " << KvTypesName(c.type);
        }
      }
    }
  }
}

// What later tokens of a sequence hold must not reach earlier rows, be it an overflow.
TEST(AttentionTest, OverflowsStayWithTheRowsThatSeeThem) {
  for (const KvType type : kTypes) {
    const AttentionCase c{6, 2, 64, type, {40}, {40}};
    AttentionData data = MakeData(c);
    const auto clean = RunAttention(*TestOps("scalar", 1), c, data);
    const size_t width = c.kv_heads * c.head_dim;
    data.k[0][30 * width + 3] = INFINITY;
    data.v[0][31 * width + 5] = NAN;
    data.v[0][32 * width + 6] = -INFINITY;
    const size_t safe = 30 * c.heads * c.head_dim;
    for (const std::string_view isa : AvailableIsas()) {
      const auto out = RunAttention(*TestOps(isa, 1), c, data);
      ASSERT_TRUE(SameBits({out.begin(), out.begin() + static_cast<ptrdiff_t>(safe)},
                           {clean.begin(), clean.begin() + static_cast<ptrdiff_t>(safe)}))
          << isa << " " << KvTypeName(type);
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

TEST(KvTest, CopiedPagesGiveTheSameBitsForEveryType) {
  for (const std::string_view isa : AvailableIsas()) {
    for (const KvType type : kTypes) {
      const AttentionCase c{4, 2, 48, type, {64, 64}, {3, 3}};
      const AttentionData data = MakeData(c);
      const auto ops = TestOps(isa, 1);
      const auto kv = Filled(*ops, c, data);
      AttentionArgs args = ArgsOf(c, data);
      std::vector<float> out[2];
      for (auto& result : out) {
        const AttentionSpan span{0, 3, 61, data.pages[0]};
        args.spans = {&span, 1};
        result.resize(data.q.size());
        ops->Attention(*kv, args, data.q, result);
        kv->CopyPage(data.pages[0][0], data.pages[1][0]);
        kv->CopyPage(data.pages[1][0], data.pages[0][0]);
      }
      ASSERT_TRUE(SameBits(out[0], out[1])) << isa << " " << KvTypeName(type);
    }
  }
}

TEST(KvTest, PagesMoveToAnotherStorageAsBytes) {
  for (const KvType type : kTypes) {
    const AttentionCase c{4, 2, 48, type, {128}, {5}};
    const AttentionData data = MakeData(c);
    const auto ops = TestOps("scalar", 1);
    const auto kv = Filled(*ops, c, data);
    const auto other = Filled(*ops, c, data);
    AttentionArgs args = ArgsOf(c, data);
    const std::vector<PageId> swapped{data.pages[0][1], data.pages[0][0]};
    std::vector<std::byte> bytes(kv->page_bytes());
    for (size_t i = 0; i < 2; ++i) {
      kv->ReadPage(data.pages[0][i], bytes);
      other->WritePage(swapped[i], bytes);
    }
    std::vector<float> expected(data.q.size());
    std::vector<float> got(data.q.size());
    const AttentionSpan here{0, 5, 123, data.pages[0]};
    args.spans = {&here, 1};
    ops->Attention(*kv, args, data.q, expected);
    const AttentionSpan there{0, 5, 123, swapped};
    args.spans = {&there, 1};
    ops->Attention(*other, args, data.q, got);
    ASSERT_TRUE(SameBits(got, expected)) << KvTypeName(type);
  }
}

TEST(KvTest, PageBytesAreThoseOfTheEstimate) {
  const auto ops = TestOps("scalar", 1);
  for (const KvType k : kTypes) {
    for (const KvType v : kTypes) {
      for (const size_t dim : {16, 80, 128}) {
        auto kv =
            ops->MakeKv({.layers = 3, .kv_heads = 2, .head_dim = dim, .pages = 1, .type = {k, v}});
        ASSERT_TRUE(kv.ok());
        EXPECT_EQ((*kv)->page_bytes(), 6 * kPageTokens * KvBytesPerToken({k, v}, dim));
      }
    }
  }
  EXPECT_EQ(KvBytesPerToken(KvType::kF16, 128), 512U);
  EXPECT_EQ(KvBytesPerToken(KvType::kQ8_0, 128), 264U);
}

TEST(KvTest, TypesHaveNames) {
  for (const KvType type : kTypes) EXPECT_EQ(FindKvType(KvTypeName(type)), type);
  EXPECT_FALSE(FindKvType("q4_0").has_value());
  EXPECT_EQ(KvTypesName({KvType::kQ8_0, KvType::kF16}), "q8_0/f16");
  EXPECT_EQ(KvTypesName(KvType::kBf16), "bf16");
}

}  // namespace
}  // namespace lemma::kernels
