// SPDX-License-Identifier: Apache-2.0
#include "gguf/split_name.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "gguf/raw_builder.h"
#include "gguf/reader.h"

namespace lemma::gguf {
namespace {

using ::testing::HasSubstr;

TEST(SplitName, Parses) {
  const auto name = ParseSplitName("/tmp/a-b-00002-of-00010.gguf");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->prefix, "/tmp/a-b");
  EXPECT_EQ(name->number, 2U);
  EXPECT_EQ(name->count, 10U);
  EXPECT_EQ(name->PartPath(1), "/tmp/a-b-00001-of-00010.gguf");
}

TEST(SplitName, RejectsOtherNames) {
  for (const char* path : {"a.gguf", "a-00001-of-00002", "a-0001-of-00002.gguf",
                           "a-00003-of-00002.gguf", "a-00000-of-00002.gguf",
                           "a-00001-of-000-2.gguf", "a-00001of-00002.gguf", "-of-.gguf", ""}) {
    EXPECT_FALSE(ParseSplitName(path).has_value()) << path;
  }
}

class SplitSet : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::path(::testing::TempDir()) /
           fmt::format("lemma-split-{}-{}", ::getpid(),
                       ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  [[nodiscard]] std::filesystem::path PartPath(int part) const {
    return dir_ / fmt::format("m-{:05}-of-00003.gguf", part);
  }
  static void Write(const std::filesystem::path& path, const RawBuilder& raw) {
    std::ofstream out(path, std::ios::binary);
    out.write(raw.bytes().data(), static_cast<std::streamsize>(raw.size()));
  }
  // Part `part` (from 1) of 3, with one tensor of one float of the part's number.
  static RawBuilder Part(int part, const std::string& tensor) {
    return RawBuilder()
        .Header(1, 4)
        .StringPair("name", fmt::format("part {}", part))
        .Pair<uint16_t>("split.no", 2, static_cast<uint16_t>(part - 1))
        .Pair<uint16_t>("split.count", 2, 3)
        .Pair<int32_t>("split.tensors.count", 5, 3)
        .Tensor(tensor, {1}, 0, 0)
        .PadTo(32)
        .Put<float>(static_cast<float>(part));
  }
  void WriteAll() const {
    for (int part = 1; part <= 3; ++part)
      Write(PartPath(part), Part(part, fmt::format("t{}", part)));
  }
  [[nodiscard]] std::string Error(int part) const {
    const auto file = File::Open(PartPath(part));
    EXPECT_FALSE(file.ok());
    return file.status().message();
  }

  std::filesystem::path dir_;
};

TEST_F(SplitSet, OpensAllParts) {
  WriteAll();
  const auto file = File::Open(PartPath(1));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ((*file)->num_files(), 3U);
  EXPECT_EQ(*(*file)->Find("name")->AsString(), "part 1");
  EXPECT_EQ((*file)->total_bytes(), Part(1, "t1").size() * 3);
  ASSERT_EQ((*file)->tensors().size(), 3U);
  for (uint32_t part = 1; part <= 3; ++part) {
    const Tensor* tensor = (*file)->FindTensor(fmt::format("t{}", part));
    ASSERT_NE(tensor, nullptr);
    EXPECT_EQ(tensor->file_index, part - 1);
    (*file)->DropTensor(*tensor);
    float value = 0;
    std::memcpy(&value, tensor->view.bytes.data(), sizeof(value));
    EXPECT_EQ(value, static_cast<float>(part));
  }
}

TEST_F(SplitSet, OtherPartSaysWhichToOpen) {
  WriteAll();
  const std::string error = Error(2);
  EXPECT_THAT(error, HasSubstr("part 2 of 3"));
  EXPECT_THAT(error, HasSubstr("open m-00001-of-00003.gguf"));
}

TEST_F(SplitSet, MissingPart) {
  WriteAll();
  std::filesystem::remove(PartPath(3));
  const auto file = File::Open(PartPath(1));
  EXPECT_EQ(file.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(file.status().message(), HasSubstr("part 3 of 3"));
  EXPECT_THAT(file.status().message(), HasSubstr("m-00003-of-00003.gguf"));
}

TEST_F(SplitSet, RenamedPart) {
  Write(dir_ / "model.gguf", Part(1, "t1"));
  const auto file = File::Open(dir_ / "model.gguf");
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(file.status().message(), HasSubstr("NAME-00001-of-00003.gguf"));
}

TEST_F(SplitSet, PartsInTheWrongPlace) {
  WriteAll();
  Write(PartPath(2), Part(3, "t2"));
  EXPECT_THAT(Error(1), HasSubstr("'split.no': expected 1 as its name says, found 2"));
}

TEST_F(SplitSet, DuplicateTensorOverParts) {
  WriteAll();
  Write(PartPath(2), Part(2, "t1"));
  EXPECT_THAT(Error(1), HasSubstr("tensor 't1' is in part 1 and in part 2"));
}

TEST_F(SplitSet, WrongTensorCount) {
  WriteAll();
  Write(PartPath(3), RawBuilder()
                         .Header(0, 2)
                         .Pair<uint16_t>("split.no", 2, 2)
                         .Pair<uint16_t>("split.count", 2, 3));
  EXPECT_THAT(Error(1), HasSubstr("'split.tensors.count': expected 3 tensors, the 3 parts hold 2"));
}

TEST_F(SplitSet, DamagedPart) {
  WriteAll();
  std::filesystem::resize_file(PartPath(2), Part(2, "t2").size() - 1);
  EXPECT_THAT(Error(1), HasSubstr("part 2 of 3 ('m-00002-of-00003.gguf')"));
}

TEST_F(SplitSet, HugeCount) {
  Write(dir_ / "m-00001-of-60000.gguf",
        RawBuilder().Header(0, 1).Pair<uint16_t>("split.count", 2, 60000));
  const auto file = File::Open(dir_ / "m-00001-of-60000.gguf");
  EXPECT_EQ(file.status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(file.status().message(), HasSubstr("60000 parts are over the limit of 512"));
}

TEST_F(SplitSet, CountOfZeroOrOneIsASingleFile) {
  for (const uint16_t count : {uint16_t{0}, uint16_t{1}}) {
    Write(dir_ / "x.gguf", RawBuilder().Header(0, 1).Pair<uint16_t>("split.count", 2, count));
    EXPECT_TRUE(File::Open(dir_ / "x.gguf").ok());
  }
}

TEST_F(SplitSet, OpenErrorsNameThePath) {
  EXPECT_EQ(File::Open(dir_ / "absent.gguf").status().code(), StatusCode::kNotFound);
  EXPECT_FALSE(File::Open(dir_).ok());
  Write(dir_ / "bad.gguf", RawBuilder().Text("<html>"));
  const auto file = File::Open(dir_ / "bad.gguf");
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(file.status().message(), HasSubstr("bad.gguf"));
  EXPECT_THAT(file.status().message(), HasSubstr("HTML"));
}

}  // namespace
}  // namespace lemma::gguf
