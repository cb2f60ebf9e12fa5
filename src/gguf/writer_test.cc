// SPDX-License-Identifier: Apache-2.0
#include "gguf/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "gguf/raw_builder.h"

namespace lemma::gguf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using std::string_view_literals::operator""sv;

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

tensor::Shape ShapeOf(const std::vector<uint64_t>& dims) {
  auto shape = tensor::MakeShape(dims);
  EXPECT_TRUE(shape.ok());
  return *shape;
}

void FillMetadata(Writer& writer) {
  writer.SetUint8("u8", 255);
  writer.SetInt8("i8", -128);
  writer.SetUint16("u16", 65535);
  writer.SetInt16("i16", -32768);
  writer.SetUint32("u32", UINT32_MAX);
  writer.SetInt32("i32", INT32_MIN);
  writer.SetUint64("u64", UINT64_MAX);
  writer.SetInt64("i64", INT64_MIN);
  writer.SetFloat32("f32", 0.25F);
  writer.SetFloat64("f64", -1e-300);
  writer.SetBool("yes", true);
  writer.SetString("text", "a\0b"sv);
  const uint32_t uints[] = {1, 2};
  writer.SetUint32s("u32s", uints);
  const int32_t ints[] = {-1, 2};
  writer.SetInt32s("i32s", ints);
  const float floats[] = {0.5F};
  writer.SetFloat32s("f32s", floats);
  const bool bools[] = {true, false};
  writer.SetBools("bools", bools);
  const std::string_view texts[] = {"", "x", "yz"};
  writer.SetStrings("texts", texts);
}

// Two tensors whose sizes are no multiple of the alignment.
std::string WriteExample(uint64_t chunk) {
  Writer writer;
  FillMetadata(writer);
  EXPECT_TRUE(writer.AddTensor("a", tensor::DType::kF32, ShapeOf({3})).ok());
  EXPECT_TRUE(writer.AddTensor("b", tensor::DType::kQ8_0, ShapeOf({32, 3})).ok());
  std::string out;
  StringSink sink(out);
  EXPECT_TRUE(writer.Begin(sink).ok());
  for (const std::string& data : {std::string(12, 'A'), std::string(102, 'B')}) {
    for (size_t at = 0; at < data.size(); at += chunk) {
      EXPECT_TRUE(writer.AppendData(AsBytes(std::string_view(data).substr(at, chunk))).ok());
    }
  }
  EXPECT_TRUE(writer.Finish().ok());
  EXPECT_EQ(*writer.TotalBytes(), out.size());
  return out;
}

TEST(Writer, RoundTrip) {
  const std::string bytes = WriteExample(1000);
  const auto parsed = File::Parse(AsBytes(bytes));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  const File& file = **parsed;
  EXPECT_EQ(file.version(), 3U);
  EXPECT_EQ(file.pairs().size(), 17U);
  EXPECT_EQ(*file.Find("u8")->AsUint(), 255U);
  EXPECT_EQ(*file.Find("i8")->AsInt(), -128);
  EXPECT_EQ(*file.Find("u16")->AsUint(), 65535U);
  EXPECT_EQ(*file.Find("i16")->AsInt(), -32768);
  EXPECT_EQ(*file.Find("u32")->AsUint(), UINT32_MAX);
  EXPECT_EQ(*file.Find("i32")->AsInt(), INT32_MIN);
  EXPECT_EQ(*file.Find("u64")->AsUint(), UINT64_MAX);
  EXPECT_EQ(*file.Find("i64")->AsInt(), INT64_MIN);
  EXPECT_EQ(*file.Find("f32")->AsDouble(), 0.25);
  EXPECT_EQ(*file.Find("f64")->AsDouble(), -1e-300);
  EXPECT_TRUE(*file.Find("yes")->AsBool());
  EXPECT_EQ(*file.Find("text")->AsString(), "a\0b"sv);
  EXPECT_THAT(*file.Find("u32s")->AsInts(), ElementsAre(1, 2));
  EXPECT_THAT(*file.Find("i32s")->AsInts(), ElementsAre(-1, 2));
  EXPECT_THAT(*file.Find("f32s")->AsDoubles(), ElementsAre(0.5));
  EXPECT_THAT(*file.Find("bools")->AsBools(), ElementsAre(true, false));
  EXPECT_THAT(*file.Find("texts")->AsStrings(), ElementsAre("", "x", "yz"));
  const Tensor* b = file.FindTensor("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->file_offset % 32, 0U);
  EXPECT_EQ(b->view.shape, ShapeOf({32, 3}));
  EXPECT_EQ(b->view.bytes.size(), 102U);
  EXPECT_EQ(b->view.bytes[101], std::byte{'B'});
  EXPECT_EQ(bytes.size() % 32, 0U);
}

TEST(Writer, SameBytesWhateverTheChunks) {
  const std::string whole = WriteExample(1000);
  EXPECT_EQ(whole, WriteExample(1000));
  EXPECT_EQ(whole, WriteExample(1));
  EXPECT_EQ(whole, WriteExample(7));
}

TEST(Writer, CopiesPairsVerbatim) {
  const std::string bytes = WriteExample(1000);
  const auto file = File::Parse(AsBytes(bytes));
  ASSERT_TRUE(file.ok());
  Writer writer;
  for (const Pair& pair : (*file)->pairs()) writer.Copy(pair);
  std::string copy;
  StringSink sink(copy);
  ASSERT_TRUE(writer.Begin(sink).ok());
  ASSERT_TRUE(writer.Finish().ok());
  const size_t header = 24;
  ASSERT_GT(copy.size(), header);
  EXPECT_EQ(copy.substr(header), bytes.substr(header, copy.size() - header));
}

TEST(Writer, ReplacesAndRemovesKeys) {
  Writer writer;
  writer.SetUint32("a", 1);
  writer.SetUint32("b", 2);
  writer.SetString("a", "new");
  writer.Remove("b");
  EXPECT_TRUE(writer.Has("a"));
  EXPECT_FALSE(writer.Has("b"));
  std::string bytes;
  StringSink sink(bytes);
  ASSERT_TRUE(writer.Begin(sink).ok());
  const auto file = File::Parse(AsBytes(bytes));
  ASSERT_TRUE(file.ok());
  ASSERT_EQ((*file)->pairs().size(), 1U);
  EXPECT_EQ(*(*file)->Find("a")->AsString(), "new");
}

TEST(Writer, OwnAlignment) {
  Writer writer;
  writer.SetUint32("general.alignment", 4096);
  ASSERT_TRUE(writer.AddTensor("a", tensor::DType::kF32, ShapeOf({1})).ok());
  ASSERT_TRUE(writer.AddTensor("b", tensor::DType::kF32, ShapeOf({1})).ok());
  std::string bytes;
  StringSink sink(bytes);
  ASSERT_TRUE(writer.Begin(sink).ok());
  ASSERT_TRUE(writer.AppendData(AsBytes("1234")).ok());
  ASSERT_TRUE(writer.AppendData(AsBytes("5678")).ok());
  ASSERT_TRUE(writer.Finish().ok());
  EXPECT_EQ(bytes.size(), 3U * 4096);
  const auto file = File::Parse(AsBytes(bytes));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ((*file)->FindTensor("b")->file_offset, 2U * 4096);
}

TEST(Writer, RefusesMisuse) {
  std::string out;
  StringSink sink(out);
  {
    Writer writer;
    writer.SetUint32("", 1);
    EXPECT_THAT(writer.Begin(sink).message(), HasSubstr("not a valid key"));
  }
  {
    Writer writer;
    writer.SetUint32("general.alignment", 24);
    EXPECT_THAT(writer.Begin(sink).message(), HasSubstr("general.alignment"));
  }
  {
    Writer writer;
    ASSERT_TRUE(writer.AddTensor("a", tensor::DType::kF32, ShapeOf({1})).ok());
    EXPECT_THAT(writer.AddTensor("a", tensor::DType::kF32, ShapeOf({1})).message(),
                HasSubstr("added twice"));
    EXPECT_FALSE(writer.Begin(sink).ok()) << "the first error sticks";
  }
  {
    Writer writer;
    EXPECT_THAT(writer.AddTensor("a", tensor::DType::kQ8_0, ShapeOf({31})).message(),
                HasSubstr("'a'"));
  }
  {
    Writer writer;
    ASSERT_TRUE(writer.AddTensor("a", tensor::DType::kF32, ShapeOf({1})).ok());
    EXPECT_FALSE(writer.AppendData(AsBytes("1234")).ok()) << "before Begin";
  }
  {
    Writer writer;
    ASSERT_TRUE(writer.AddTensor("a", tensor::DType::kF32, ShapeOf({2})).ok());
    ASSERT_TRUE(writer.Begin(sink).ok());
    ASSERT_TRUE(writer.AppendData(AsBytes("1234")).ok());
    EXPECT_THAT(writer.Finish().message(), HasSubstr("only 4 of 8 bytes"));
  }
  {
    Writer writer;
    ASSERT_TRUE(writer.AddTensor("a", tensor::DType::kF32, ShapeOf({1})).ok());
    ASSERT_TRUE(writer.Begin(sink).ok());
    EXPECT_THAT(writer.AppendData(AsBytes("12345")).message(),
                HasSubstr("got 5 bytes, 4 were missing"));
  }
  {
    Writer writer;
    ASSERT_TRUE(writer.Begin(sink).ok());
    EXPECT_FALSE(writer.AddTensor("a", tensor::DType::kF32, ShapeOf({1})).ok());
  }
}

TEST(Writer, ThroughAFileAndItsMap) {
  const auto path = std::filesystem::path(::testing::TempDir()) /
                    ("lemma-writer-" + std::to_string(::getpid()) + ".gguf");
  {
    auto output = AtomicFileWriter::Create(path);
    ASSERT_TRUE(output.ok());
    FileSink sink(*output);
    Writer writer;
    writer.SetString("general.name", "test");
    ASSERT_TRUE(writer.AddTensor("a", tensor::DType::kF32, ShapeOf({1})).ok());
    ASSERT_TRUE(writer.Begin(sink).ok());
    ASSERT_TRUE(writer.AppendData(AsBytes("1234")).ok());
    ASSERT_TRUE(writer.Finish().ok());
    EXPECT_FALSE(std::filesystem::exists(path));
    ASSERT_TRUE(output->Commit().ok());
  }
  const auto file = File::Open(path);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ((*file)->path(), path);
  EXPECT_EQ((*file)->tensors().size(), 1U);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lemma::gguf
