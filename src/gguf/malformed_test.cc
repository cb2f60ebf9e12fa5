// SPDX-License-Identifier: Apache-2.0
// Hand-made bad files, one a defect. Each must be refused with an error that names the field and
// its offset.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "gguf/raw_builder.h"
#include "gguf/reader.h"

namespace lemma::gguf {
namespace {

using ::testing::HasSubstr;
using std::string_view_literals::operator""sv;

struct BadFile {
  std::string_view defect;
  std::function<RawBuilder()> make;
  std::vector<std::string> expected;  // all are in the message
};

void ExpectRefused(const BadFile& bad) {
  SCOPED_TRACE(bad.defect);
  const RawBuilder raw = bad.make();
  const auto file = File::Parse(raw.span());
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.status().code(), StatusCode::kInternal);
  for (const std::string& part : bad.expected) {
    EXPECT_THAT(file.status().message(), HasSubstr(part));
  }
}

RawBuilder Bytes(std::string_view text) { return RawBuilder().Text(text); }

TEST(Malformed, Magic) {
  const std::string safetensors = RawBuilder().Put<uint64_t>(2).Text("{}").bytes();
  const BadFile cases[] = {
      {"empty", [] { return RawBuilder(); }, {"offset 0", "empty"}},
      {"three bytes", [] { return Bytes("GGU"); }, {"offset 0", "ends after 3 bytes"}},
      {"unknown", [] { return Bytes("ABCDEFG"); }, {"offset 0", "expected 'GGUF', found 'ABCD'"}},
      {"escape codes", [] { return Bytes("\x1b]0;"); }, {"'\\x1b]0;'"}},
      {"safetensors", [&] { return Bytes(safetensors); }, {"a safetensors file"}},
      {"html", [] { return Bytes("<!DOCTYPE html>"); }, {"an HTML page"}},
      {"html 2", [] { return Bytes("<html>"); }, {"an HTML page"}},
      {"lfs", [] { return Bytes("version https://git-lfs.github.com/spec/v1"); }, {"git-lfs"}},
      {"ggml", [] { return Bytes("lmgg...."); }, {"GGML legacy"}},
      {"ggjt", [] { return Bytes("tjgg...."); }, {"GGML legacy"}},
      {"swapped magic", [] { return Bytes("FUGG...."); }, {"big-endian"}},
      {"zip", [] { return Bytes("PK\x03\x04...."); }, {"PyTorch"}},
      {"gzip", [] { return Bytes("\x1f\x8b...."); }, {"gzip"}},
      {"json", [] { return Bytes("{\"weight_map\""); }, {"JSON"}},
      {"zeros", [] { return RawBuilder().Zeros(100); }, {"zeros"}},
  };
  for (const BadFile& bad : cases) ExpectRefused(bad);
}

TEST(Malformed, Header) {
  const BadFile cases[] = {
      {"no version", [] { return Bytes("GGUF\3\0"sv); }, {"version at offset 4"}},
      {"version 0",
       [] { return RawBuilder().Header(0, 0, 0); },
       {"version at offset 4", "found 0"}},
      {"version 1",
       [] { return RawBuilder().Header(0, 0, 1); },
       {"version at offset 4", "expected 2 to 3, found 1", "convert"}},
      {"version 4",
       [] { return RawBuilder().Header(0, 0, 4); },
       {"version at offset 4", "found 4"}},
      {"big-endian", [] { return RawBuilder().Header(0, 0, 0x03000000); }, {"big-endian"}},
      {"no counts", [] { return Bytes("GGUF\3\0\0\0"sv); }, {"tensor count at offset 8"}},
      {"half a count",
       [] { return RawBuilder().Text("GGUF").Put(3).Put<uint64_t>(0).Put(0); },
       {"metadata count at offset 16"}},
      {"2^64-1 tensors",
       [] { return RawBuilder().Header(UINT64_MAX, 0).Zeros(64); },
       {"tensor count at offset 8", "18446744073709551615", "64 bytes left"}},
      {"2^63 pairs",
       [] { return RawBuilder().Header(0, 1ULL << 63).Zeros(64); },
       {"metadata count at offset 16", "64 bytes left"}},
      {"one tensor more than fits",
       [] { return RawBuilder().Header(2, 0).Zeros(65); },
       {"tensor count at offset 8"}},
      {"over the limit",
       [] { return RawBuilder().Header(0, 65537).Zeros(65537 * 14); },
       {"metadata count at offset 16", "limit of 65536"}},
  };
  for (const BadFile& bad : cases) ExpectRefused(bad);
}

TEST(Malformed, Keys) {
  const BadFile cases[] = {
      {"unterminated key",
       [] { return RawBuilder().Header(0, 1).Put<uint64_t>(1000).Text("0123456789"); },
       {"metadata pair 0", "key at offset 24", "1000 bytes exceeds the 10 bytes left"}},
      {"key of 2^64-1 bytes",
       [] { return RawBuilder().Header(0, 1).Put<uint64_t>(UINT64_MAX).Zeros(16); },
       {"key at offset 24", "18446744073709551615"}},
      {"long key",
       [] { return RawBuilder().Header(0, 1).String(std::string(65537, 'k')).Put(0).Put('x'); },
       {"key at offset 24", "over the limit of 65536"}},
      {"empty key",
       [] { return RawBuilder().Header(0, 1).Pair<uint32_t>("", 4, 1); },
       {"key at offset 24", "found ''"}},
      {"key that is not UTF-8",
       [] { return RawBuilder().Header(0, 1).Pair<uint32_t>("a\xff", 4, 1); },
       {"key at offset 24", "expected UTF-8", "'a\\xff'"}},
      {"overlong UTF-8",
       [] { return RawBuilder().Header(0, 1).Pair<uint32_t>("\xc0\x80", 4, 1); },
       {"key at offset 24", "expected UTF-8"}},
      {"key with a NUL",
       [] { return RawBuilder().Header(0, 1).Pair<uint32_t>("a\0b"sv, 4, 1); },
       {"key at offset 24", "control characters"}},
      {"duplicate key",
       [] {
         return RawBuilder()
             .Header(0, 3)
             .Pair<uint32_t>("a", 4, 1)
             .Pair<uint32_t>("b", 4, 2)
             .Pair<uint32_t>("a", 4, 3);
       },
       {"metadata pair 2 'a'", "already used by pair 0", "offsets 71 and 37"}},
  };
  for (const BadFile& bad : cases) ExpectRefused(bad);
}

TEST(Malformed, Values) {
  const BadFile cases[] = {
      {"type 13",
       [] { return RawBuilder().Header(0, 1).Pair<uint64_t>("a", 13, 1); },
       {"metadata pair 0 'a'", "value type at offset 33", "found 13"}},
      {"no type",
       [] { return RawBuilder().Header(0, 1).String("abcdef").Put('x'); },
       {"'abcdef'", "value type at offset 38"}},
      {"short scalar",
       [] { return RawBuilder().Header(0, 1).Pair<uint32_t>("a", 10, 1); },
       {"metadata pair 0 'a'", "value at offset 37", "expected 8 bytes, only 4"}},
      {"bool of 2",
       [] { return RawBuilder().Header(0, 1).Pair<uint8_t>("a", 7, 2); },
       {"metadata pair 0 'a'", "bool at offset 37", "expected 0 or 1, found 2"}},
      {"bool of 255 in an array",
       [] { return RawBuilder().Header(0, 1).ArrayHead("a", 7, 2).Put('\1').Put('\xff'); },
       {"bool at offset 50", "found 255"}},
      {"unterminated string",
       [] {
         return RawBuilder().Header(0, 1).String("a").Put(8).Put<uint64_t>(9).Text("12345678");
       },
       {"metadata pair 0 'a'", "string at offset 37", "9 bytes exceeds the 8 bytes left"}},
      {"string of 2^63 bytes",
       [] { return RawBuilder().Header(0, 1).String("a").Put(8).Put<uint64_t>(1ULL << 63); },
       {"string at offset 37", "9223372036854775808"}},
      {"nested array",
       [] { return RawBuilder().Header(0, 1).ArrayHead("a", 9, 1).Zeros(64); },
       {"metadata pair 0 'a'", "array element type at offset 37", "nested arrays"}},
      {"element type 99",
       [] { return RawBuilder().Header(0, 1).ArrayHead("a", 99, 1).Zeros(64); },
       {"array element type at offset 37", "found 99"}},
      {"array of 2^61 u64",
       [] { return RawBuilder().Header(0, 1).ArrayHead("a", 10, 1ULL << 61).Zeros(64); },
       {"array length at offset 41", "2305843009213693952", "64 bytes left"}},
      {"array of 2^64-1 bytes",
       [] { return RawBuilder().Header(0, 1).ArrayHead("a", 0, UINT64_MAX).Zeros(64); },
       {"array length at offset 41"}},
      {"array of 2^61 strings",
       [] { return RawBuilder().Header(0, 1).ArrayHead("a", 8, 1ULL << 61).Zeros(64); },
       {"array length at offset 41"}},
      {"unterminated string in an array",
       [] { return RawBuilder().Header(0, 1).ArrayHead("a", 8, 2).String("x").Put<uint64_t>(77); },
       {"array element 1", "string at offset 58", "77 bytes exceeds the 0 bytes left"}},
      {"array cut short",
       [] { return RawBuilder().Header(0, 1).ArrayHead("a", 4, 3).Put(1).Put(2); },
       {"array length at offset 41", "3 of at least 4 bytes"}},
  };
  for (const BadFile& bad : cases) ExpectRefused(bad);
}

TEST(Malformed, Alignment) {
  for (const uint32_t alignment : {0U, 1U, 3U, 4U, 48U, 131072U, 1U << 31, UINT32_MAX}) {
    ExpectRefused({"alignment",
                   [&] {
                     return RawBuilder().Header(0, 1).Pair<uint32_t>("general.alignment", 4,
                                                                     alignment);
                   },
                   {"'general.alignment' at offset 53", "power of two from 8 to 65536",
                    "found " + std::to_string(alignment)}});
  }
  ExpectRefused({"alignment that is a string",
                 [] { return RawBuilder().Header(0, 1).StringPair("general.alignment", "32"); },
                 {"'general.alignment'", "offset 53", "found a string"}});
}

RawBuilder OneTensor(std::string_view name, const std::vector<uint64_t>& dims, uint32_t type,
                     uint64_t offset) {
  return RawBuilder().Header(1, 0).Tensor(name, dims, type, offset).PadTo(32).Zeros(256);
}

TEST(Malformed, TensorInfos) {
  const BadFile cases[] = {
      {"rank 0",
       [] { return OneTensor("w", {}, 0, 0); },
       {"tensor 0 'w'", "rank at offset 33", "found 0"}},
      {"rank 5",
       [] {
         return OneTensor("w", {1, 1, 1, 1, 1}, 0, 0);
       },
       {"tensor 0 'w'", "rank at offset 33", "found 5"}},
      {"rank 2^32-1",
       [] { return RawBuilder().Header(1, 0).String("w").Put(UINT32_MAX).Zeros(64); },
       {"rank at offset 33", "found 4294967295"}},
      {"zero dimension",
       [] {
         return OneTensor("w", {4, 0}, 0, 0);
       },
       {"tensor 0 'w'", "dimensions at offset 37"}},
      {"2^32 x 2^32",
       [] {
         return OneTensor("w", {1ULL << 32, 1ULL << 32}, 0, 0);
       },
       {"tensor 0 'w'", "dimensions at offset 37"}},
      {"2^32 x 2^32 with 4 dimensions",
       [] {
         return OneTensor("w", {1ULL << 32, 1ULL << 32, 1, 1}, 0, 0);
       },
       {"tensor 0 'w'", "dimensions at offset 37"}},
      {"product of 2^64 in steps",
       [] {
         return OneTensor("w", {1ULL << 16, 1ULL << 16, 1ULL << 16, 1ULL << 16}, 0, 0);
       },
       {"dimensions at offset 37"}},
      {"bytes of 2^64: 2^62 elements of 4",
       [] { return OneTensor("w", {1ULL << 62}, 0, 0); },
       {"tensor 0 'w'", "dimensions at offset 37"}},
      {"dimension 2^64-1",
       [] { return OneTensor("w", {UINT64_MAX}, 0, 0); },
       {"dimensions at offset 37"}},
      {"row that is no multiple of the block",
       [] {
         return OneTensor("w", {33, 2}, 8, 0);
       },
       {"tensor 0 'w'", "dimensions at offset 37", "32"}},
      {"unknown type",
       [] { return OneTensor("w", {4}, 12345, 0); },
       {"tensor 0 'w'", "tensor type at offset 45", "12345"}},
      {"known type that is not built in",
       [] { return OneTensor("w", {256}, 16, 0); },  // IQ2_XXS
       {"tensor type at offset 45", "IQ2_XXS"}},
      {"empty name",
       [] { return OneTensor("", {4}, 0, 0); },
       {"tensor info 0", "tensor name at offset 24"}},
      {"name with a line break",
       [] { return OneTensor("a\nb", {4}, 0, 0); },
       {"tensor name at offset 24", "a\\x0ab"}},
      {"long name",
       [] { return OneTensor(std::string(257, 'n'), {4}, 0, 0); },
       {"tensor name at offset 24", "limit of 256"}},
      {"info cut short",
       [] {
         return RawBuilder().Header(1, 0).String("weights").Put(3).Put<uint64_t>(1).Put<uint64_t>(
             1);
       },
       {"tensor 0 'weights'", "dimension at offset 59"}},
  };
  for (const BadFile& bad : cases) ExpectRefused(bad);
}

RawBuilder TwoTensors(uint64_t first, uint64_t second) {
  return RawBuilder()
      .Header(2, 0)
      .Tensor("a", {16}, 0, first)  // 64 bytes
      .Tensor("b", {16}, 0, second)
      .PadTo(32)
      .Zeros(256);
}

TEST(Malformed, TensorData) {
  const BadFile cases[] = {
      {"misaligned",
       [] { return OneTensor("w", {4}, 0, 4); },
       {"tensor 0 'w'", "tensor data offset at offset 49", "alignment 32, found 4"}},
      {"past the end",
       [] { return OneTensor("w", {4}, 0, 256); },
       {"tensor 0 'w'", "offset field at 49", "16 bytes are missing", "incomplete"}},
      {"no data at all",
       [] { return RawBuilder().Header(1, 0).Tensor("w", {4}, 0, 0); },
       {"tensor 0 'w'", "23 bytes are missing of 80", "the download may be incomplete"}},
      {"one byte short",
       [] { return RawBuilder().Header(1, 0).Tensor("w", {64}, 0, 0).PadTo(32).Zeros(255); },
       {"1 bytes are missing of 320", "the download may be incomplete"}},
      {"offset 2^64-32",
       [] { return OneTensor("w", {4}, 0, UINT64_MAX - 31); },
       {"tensor 0 'w'", "beyond any file", "offset 18446744073709551584"}},
      {"offset 2^63",
       [] { return OneTensor("w", {4}, 0, 1ULL << 63); },
       {"tensor 0 'w'", "beyond any file"}},
      {"large tensor in a small file",
       [] { return OneTensor("w", {1ULL << 30}, 0, 0); },
       {"4294967296 bytes", "incomplete"}},
      {"out of order and past the end",
       [] { return TwoTensors(256, 0); },
       {"tensor 0 'a'", "missing"}},
      {"same place", [] { return TwoTensors(64, 64); }, {"data offset 64", "lies inside tensor"}},
      {"overlap",
       [] { return TwoTensors(0, 32); },
       {"tensor 1 'b'", "data offset 32", "inside tensor 0 'a'", "[0, 64)"}},
      {"overlap in the other order",
       [] { return TwoTensors(96, 64); },
       {"tensor 0 'a'", "data offset 96", "inside tensor 1 'b'", "[64, 128)"}},
      {"duplicate name",
       [] {
         return RawBuilder()
             .Header(3, 0)
             .Tensor("a", {1}, 0, 0)
             .Tensor("b", {1}, 0, 32)
             .Tensor("a", {1}, 0, 64)
             .PadTo(32)
             .Zeros(256);
       },
       {"tensor 2 'a' at offset 90", "already used by tensor 0 at offset 24"}},
  };
  for (const BadFile& bad : cases) ExpectRefused(bad);
}

TEST(Malformed, SplitPartFromMemory) {
  ExpectRefused({"part of a set",
                 [] { return RawBuilder().Header(0, 1).Pair<uint16_t>("split.count", 2, 3); },
                 {"'split.count'", "one of 3 parts"}});
}

TEST(Malformed, OwnLimits) {
  Limits limits;
  limits.max_array_elements = 2;
  limits.max_string_bytes = 3;
  limits.max_metadata_bytes = 200;
  const auto refused = [&](const RawBuilder& raw) {
    const auto file = File::Parse(raw.span(), limits);
    EXPECT_EQ(file.status().code(), StatusCode::kResourceExhausted);
    return file.status().message();
  };
  EXPECT_THAT(refused(RawBuilder().Header(0, 1).ArrayHead("a", 0, 3).Zeros(3)),
              HasSubstr("array length at offset 41: 3 is over the limit of 2"));
  EXPECT_THAT(refused(RawBuilder().Header(0, 1).StringPair("a", "four")),
              HasSubstr("string at offset 37: its length of 4 is over the limit of 3"));
  EXPECT_THAT(refused(RawBuilder().Header(0, 1).Pair<uint8_t>(std::string(200, 'k'), 0, 1)),
              HasSubstr("limit of 200 bytes of metadata"));
}

// A valid file with every kind of field, cut after each byte: refused everywhere but at its end,
// and before the padding after the last tensor.
TEST(Malformed, TruncatedAnywhere) {
  const RawBuilder raw = RawBuilder()
                             .Header(2, 3)
                             .Pair<uint32_t>("general.alignment", 4, 32)
                             .ArrayHead("tokens", 8, 2)
                             .String("a")
                             .String("bc")
                             .ArrayHead("bools", 7, 2)
                             .Put('\0')
                             .Put('\1')
                             .Tensor("a", {16}, 0, 0)
                             .Tensor("b", {32, 2}, 8, 64)
                             .PadTo(32)
                             .Zeros(64 + 68);
  ASSERT_TRUE(File::Parse(raw.span()).ok());
  for (size_t length = 0; length < raw.size(); ++length) {
    const auto file = File::Parse(raw.span().first(length));
    ASSERT_FALSE(file.ok()) << length;
    ASSERT_THAT(file.status().message(), HasSubstr("offset")) << length;
  }
}

// Every u32 and u64 of that file replaced by hard numbers: no crash, and what is accepted keeps
// every tensor inside the file. (Run under sanitizers for the rest of the meaning.)
TEST(Malformed, HardNumbersAnywhere) {
  const std::string good = RawBuilder()
                               .Header(2, 2)
                               .ArrayHead("tokens", 8, 2)
                               .String("a")
                               .String("bc")
                               .ArrayHead("numbers", 4, 2)
                               .Put(1)
                               .Put(2)
                               .Tensor("a", {16}, 0, 0)
                               .Tensor("b", {32, 2}, 8, 64)
                               .PadTo(32)
                               .Zeros(64 + 68)
                               .bytes();
  const uint64_t numbers[] = {0,          1,          0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
                              1ULL << 32, 1ULL << 42, INT64_MAX,  1ULL << 63, UINT64_MAX};
  size_t refused = 0;
  for (size_t at = 0; at + 8 <= good.size(); ++at) {
    for (const uint64_t number : numbers) {
      for (const size_t width : {4, 8}) {
        std::string bad = good;
        std::memcpy(bad.data() + at, &number, width);
        const auto bytes = std::as_bytes(std::span(bad.data(), bad.size()));
        const auto file = File::Parse(bytes);
        if (!file.ok()) {
          ++refused;
          continue;
        }
        for (const Tensor& tensor : (*file)->tensors()) {
          ASSERT_LE(tensor.file_offset, bytes.size());
          ASSERT_LE(tensor.view.bytes.size(), bytes.size() - tensor.file_offset);
        }
      }
    }
  }
  EXPECT_GT(refused, 1000U);
}

}  // namespace
}  // namespace lemma::gguf
