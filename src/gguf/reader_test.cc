// SPDX-License-Identifier: Apache-2.0
#include "gguf/reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gguf/raw_builder.h"

namespace lemma::gguf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A file and the bytes it points into.
struct Parsed {
  std::unique_ptr<RawBuilder> raw;
  std::unique_ptr<File> file;

  const File* operator->() const { return file.get(); }
  explicit operator bool() const { return file != nullptr; }
};

Parsed MustParse(const RawBuilder& raw) {
  Parsed out;
  out.raw = std::make_unique<RawBuilder>(raw);
  auto file = File::Parse(out.raw->span());
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  if (file.ok()) out.file = std::move(file).value();
  return out;
}

constexpr uint32_t kF32 = 0;
constexpr uint32_t kQ8_0 = 8;

TEST(Reader, EmptyFileOfBothVersions) {
  for (const uint32_t version : {2U, 3U}) {
    const RawBuilder raw = RawBuilder().Header(0, 0, version);
    const auto file = MustParse(raw);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->version(), version);
    EXPECT_EQ(file->alignment(), 32U);
    EXPECT_EQ(file->total_bytes(), raw.size());
    EXPECT_EQ(file->num_files(), 1U);
    EXPECT_TRUE(file->pairs().empty());
    EXPECT_TRUE(file->tensors().empty());
    EXPECT_EQ(file->Find("x"), nullptr);
    EXPECT_EQ(file->FindTensor("x"), nullptr);
  }
}

struct IntegerCase {
  uint32_t type;
  uint32_t bytes;
  bool is_signed;
};

// Every integer type, at its smallest and largest value.
TEST(Reader, IntegerScalars) {
  const IntegerCase cases[] = {{0, 1, false}, {1, 1, true}, {2, 2, false},  {3, 2, true},
                               {4, 4, false}, {5, 4, true}, {10, 8, false}, {11, 8, true}};
  for (const IntegerCase& c : cases) {
    SCOPED_TRACE(c.type);
    const uint64_t ones = c.bytes == 8 ? UINT64_MAX : (1ULL << (8 * c.bytes)) - 1;
    const uint64_t high = c.is_signed ? ones >> 1 : ones;
    const uint64_t low = c.is_signed ? high + 1 : 0;
    RawBuilder raw = RawBuilder().Header(0, 2);
    for (const uint64_t bits : {high, low}) {
      raw.String(bits == high ? "high" : "low").Put<uint32_t>(c.type);
      for (uint32_t i = 0; i < c.bytes; ++i) raw.Put<uint8_t>(static_cast<uint8_t>(bits >> 8 * i));
    }
    const auto file = MustParse(raw);
    ASSERT_TRUE(file);
    const Value& high_value = *file->Find("high");
    const Value& low_value = *file->Find("low");
    ASSERT_TRUE(high_value.AsUint().ok());
    EXPECT_EQ(*high_value.AsUint(), high);
    if (c.type == 10) {
      EXPECT_THAT(high_value.AsInt().status().message(), HasSubstr("18446744073709551615"));
      EXPECT_FALSE(high_value.AsDouble().ok());
    } else {
      ASSERT_TRUE(high_value.AsInt().ok());
      EXPECT_EQ(*high_value.AsInt(), static_cast<int64_t>(high));
    }
    const int64_t lowest = c.is_signed ? -static_cast<int64_t>(high) - 1 : 0;
    ASSERT_TRUE(low_value.AsInt().ok());
    EXPECT_EQ(*low_value.AsInt(), lowest);
    EXPECT_EQ(low_value.AsUint().ok(), !c.is_signed);
    if (c.bytes < 8) {
      EXPECT_EQ(*low_value.AsDouble(), static_cast<double>(lowest));
    }
    EXPECT_FALSE(low_value.AsString().ok());
    EXPECT_FALSE(low_value.AsBool().ok());
    EXPECT_FALSE(low_value.AsInts().ok());
  }
}

TEST(Reader, FloatBoolAndStringScalars) {
  const auto file = MustParse(RawBuilder()
                                  .Header(0, 6)
                                  .Pair<float>("f32", 6, 0.1F)
                                  .Pair<double>("f64", 12, -1e300)
                                  .Pair<uint8_t>("yes", 7, 1)
                                  .Pair<uint8_t>("no", 7, 0)
                                  .StringPair("text", std::string_view("a\0b\xff", 4))
                                  .StringPair("empty", ""));
  ASSERT_TRUE(file);
  EXPECT_EQ(*file->Find("f32")->AsDouble(), static_cast<double>(0.1F));
  EXPECT_EQ(*file->Find("f64")->AsDouble(), -1e300);
  EXPECT_FALSE(file->Find("f64")->AsUint().ok());
  EXPECT_TRUE(*file->Find("yes")->AsBool());
  EXPECT_FALSE(*file->Find("no")->AsBool());
  EXPECT_FALSE(file->Find("yes")->AsUint().ok());
  EXPECT_EQ(*file->Find("text")->AsString(), std::string_view("a\0b\xff", 4));
  EXPECT_EQ(*file->Find("empty")->AsString(), "");
  EXPECT_EQ(file->pairs()[0].key, "f32");
  EXPECT_EQ(file->pairs()[5].key, "empty");
}

TEST(Reader, Arrays) {
  const auto file = MustParse(RawBuilder()
                                  .Header(0, 6)
                                  .ArrayHead("i16", 3, 2)
                                  .Put<int16_t>(-2)
                                  .Put<int16_t>(3)
                                  .ArrayHead("u64", 10, 1)
                                  .Put<uint64_t>(UINT64_MAX)
                                  .ArrayHead("f32", 6, 2)
                                  .Put<float>(0.5F)
                                  .Put<float>(-1.F)
                                  .ArrayHead("bool", 7, 3)
                                  .Put<uint8_t>(1)
                                  .Put<uint8_t>(0)
                                  .Put<uint8_t>(1)
                                  .ArrayHead("text", 8, 3)
                                  .String("a")
                                  .String("")
                                  .String("bc")
                                  .ArrayHead("none", 8, 0));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->Find("i16")->type(), ValueType::kArray);
  EXPECT_EQ(file->Find("i16")->element_type(), ValueType::kInt16);
  EXPECT_EQ(file->Find("i16")->count(), 2U);
  EXPECT_THAT(*file->Find("i16")->AsInts(), ElementsAre(-2, 3));
  EXPECT_THAT(*file->Find("i16")->AsDoubles(), ElementsAre(-2.0, 3.0));
  EXPECT_THAT(file->Find("u64")->AsInts().status().message(), HasSubstr("element 0"));
  EXPECT_FALSE(file->Find("u64")->AsDoubles().ok());
  EXPECT_THAT(*file->Find("f32")->AsDoubles(), ElementsAre(0.5, -1.0));
  EXPECT_FALSE(file->Find("f32")->AsInts().ok());
  EXPECT_THAT(*file->Find("bool")->AsBools(), ElementsAre(true, false, true));
  EXPECT_FALSE(file->Find("bool")->AsInts().ok());
  EXPECT_THAT(*file->Find("text")->AsStrings(), ElementsAre("a", "", "bc"));
  EXPECT_FALSE(file->Find("text")->AsString().ok());
  EXPECT_FALSE(file->Find("text")->AsBools().ok());
  EXPECT_TRUE(file->Find("none")->AsStrings()->empty());
}

TEST(Reader, TypedGetters) {
  const auto file = MustParse(RawBuilder()
                                  .Header(0, 4)
                                  .Pair<uint32_t>("n", 4, 7)
                                  .Pair<float>("x", 6, 2.5F)
                                  .Pair<uint8_t>("b", 7, 1)
                                  .StringPair("s", "hi"));
  ASSERT_TRUE(file);
  EXPECT_EQ(**file->GetUint("n"), 7U);
  EXPECT_EQ(**file->GetDouble("x"), 2.5);
  EXPECT_EQ(**file->GetDouble("n"), 7.0);
  EXPECT_EQ(**file->GetBool("b"), true);
  EXPECT_EQ(**file->GetString("s"), "hi");
  EXPECT_FALSE(file->GetUint("absent")->has_value());
  EXPECT_FALSE(file->GetString("absent")->has_value());
  const Status wrong = file->GetUint("s").status();
  EXPECT_EQ(wrong.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(wrong.message(), HasSubstr("'s'"));
  EXPECT_THAT(wrong.message(), HasSubstr("expected an unsigned integer, found a string"));
  EXPECT_THAT(wrong.message(), HasSubstr("offset"));
}

TEST(Reader, TensorsMayBeInAnyOrderWithGaps) {
  RawBuilder raw = RawBuilder()
                       .Header(3, 0)
                       .Tensor("late", {32, 2}, kQ8_0, 128)  // 2 rows of 34 bytes
                       .Tensor("early", {2, 3}, kF32, 0)
                       .Tensor("one", {1, 1, 1, 1}, kF32, 64)
                       .PadTo(32);
  const size_t data = raw.size();
  for (int i = 0; i < 6; ++i) raw.Put<float>(static_cast<float>(i));
  raw.Zeros(data + 128 + 68 - raw.size());
  const auto file = MustParse(raw);
  ASSERT_TRUE(file);
  ASSERT_EQ(file->tensors().size(), 3U);
  EXPECT_EQ(file->tensors()[0].name, "late");
  const Tensor* early = file->FindTensor("early");
  ASSERT_NE(early, nullptr);
  EXPECT_EQ(early->file_offset, data);
  EXPECT_EQ(early->file_index, 0U);
  EXPECT_EQ(early->view.dtype, tensor::DType::kF32);
  EXPECT_EQ(early->view.shape.rank, 2U);
  EXPECT_EQ(early->view.shape.columns(), 2U);
  EXPECT_EQ(early->view.shape.rows(), 3U);
  ASSERT_EQ(early->view.bytes.size(), 24U);
  float last = 0;
  std::memcpy(&last, early->view.row(2) + 4, sizeof(last));
  EXPECT_EQ(last, 5.F);
  EXPECT_EQ(file->FindTensor("late")->view.bytes.size(), 68U);
  EXPECT_EQ(file->FindTensor("one")->file_offset, data + 64);
  EXPECT_EQ(file->FindTensor("lat"), nullptr);
  file->DropTensor(*early);  // no map: nothing to do
}

TEST(Reader, OwnAlignment) {
  for (const uint32_t alignment : {8U, 64U, 4096U, 65536U}) {
    RawBuilder raw = RawBuilder()
                         .Header(1, 1)
                         .Pair<uint32_t>("general.alignment", 4, alignment)
                         .Tensor("w", {3}, kF32, alignment)
                         .PadTo(alignment);
    const size_t data = raw.size();
    raw.Zeros(alignment + 12);
    const auto file = MustParse(raw);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->alignment(), alignment);
    EXPECT_EQ(file->FindTensor("w")->file_offset, data + alignment);
  }
}

TEST(Reader, FindsAmongManyKeysAndTensors) {
  constexpr uint64_t kCount = 5000;
  RawBuilder raw = RawBuilder().Header(kCount, kCount);
  for (uint64_t i = 0; i < kCount; ++i) raw.Pair<uint64_t>(fmt::format("k{}", i), 10, i);
  for (uint64_t i = 0; i < kCount; ++i) raw.Tensor(fmt::format("t{}", i), {1}, kF32, i * 32);
  raw.PadTo(32).Zeros(kCount * 32);
  const auto file = MustParse(raw);
  ASSERT_TRUE(file);
  for (uint64_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(**file->GetUint(fmt::format("k{}", i)), i);
    ASSERT_EQ(file->FindTensor(fmt::format("t{}", i)), &file->tensors()[i]);
  }
}

TEST(Reader, LargeVocabulary) {
  constexpr uint64_t kTokens = 300000;
  RawBuilder raw = RawBuilder().Header(0, 1).ArrayHead("tokens", 8, kTokens);
  for (uint64_t i = 0; i < kTokens; ++i) raw.String(fmt::format("token{}", i));
  const auto file = File::Parse(raw.span());
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->Find("tokens")->AsStrings()->at(299999), "token299999");
}

}  // namespace
}  // namespace lemma::gguf
