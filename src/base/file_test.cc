// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace lemma {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() { std::filesystem::create_directories(dir_); }
  ~FileTest() override { std::filesystem::remove_all(dir_); }
  FileTest(const FileTest&) = delete;
  FileTest& operator=(const FileTest&) = delete;

  [[nodiscard]] size_t FilesInDir() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir_)) ++count;
    return count;
  }

  const std::filesystem::path dir_ =
      std::filesystem::path(::testing::TempDir()) /
      ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(FileTest, WriteAppearsOnlyOnCommit) {
  const auto path = dir_ / "out.txt";
  {
    auto writer = AtomicFileWriter::Create(path);
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    ASSERT_TRUE(writer->Append("lost").ok());
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  EXPECT_EQ(FilesInDir(), 0u) << "an abandoned write left something behind";
  auto writer = AtomicFileWriter::Create(path);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->Append("kept").ok());
  ASSERT_TRUE(writer->Commit().ok());
  EXPECT_FALSE(writer->Commit().ok());
  EXPECT_EQ(*ReadFile(path), "kept");
  EXPECT_EQ(FilesInDir(), 1u);
}

TEST_F(FileTest, MapsAndReads) {
  const auto path = dir_ / "in.bin";
  auto writer = AtomicFileWriter::Create(path);
  ASSERT_TRUE(writer.ok() && writer->Append(std::string(10000, 'x')).ok() && writer->Commit().ok());
  auto map = MappedFile::Open(path);
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(map->bytes().size(), 10000u);
  MappedFile moved = std::move(*map);
  EXPECT_EQ(moved.bytes()[9999], std::byte{'x'});
  EXPECT_EQ(ReadFile(path, 100).status().code(), StatusCode::kResourceExhausted);
}

TEST_F(FileTest, NamesTheFileInErrors) {
  const auto missing = MappedFile::Open(dir_ / "nothing.gguf");
  EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
  EXPECT_NE(missing.status().message().find("nothing.gguf"), std::string::npos);
  EXPECT_EQ(MappedFile::Open(dir_).status().code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(AtomicFileWriter::Create("/dev/null").ok()) << "a device must not be replaced";
  EXPECT_FALSE(AtomicFileWriter::Create(dir_ / "no" / "such" / "folder").ok());
}

}  // namespace
}  // namespace lemma
