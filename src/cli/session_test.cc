// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"

namespace lemma::cli {
namespace {

class SessionTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(dir_); }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  [[nodiscard]] std::string LoadError(const std::string& text) const {
    auto writer = AtomicFileWriter::Create(dir_ / "bad.json");
    EXPECT_TRUE(writer->Append(text).ok() && writer->Commit().ok());
    return LoadSession(dir_ / "bad.json").status().message();
  }

  const std::filesystem::path dir_ = std::filesystem::path(::testing::TempDir()) / "session_test";
};

TEST_F(SessionTest, RoundTrips) {
  Session session;
  session.system = "简短回答";
  session.messages.push_back({chat::Role::kUser, "37 + 58?\n\"quoted\"", {}, {}, {}, {}});
  session.messages.push_back({chat::Role::kAssistant, "95", "7 + 8 = 15 ...", {}, {}, {}});
  const Status saved = SaveSession(session, dir_ / "b.json");
  ASSERT_TRUE(saved.ok()) << saved.ToString();
  const auto loaded = LoadSession(dir_ / "b.json");
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  EXPECT_EQ(loaded->system, session.system);
  EXPECT_EQ(loaded->messages, session.messages);
}

TEST_F(SessionTest, ErrorsNameTheField) {
  EXPECT_NE(LoadError("{").find("is no saved conversation"), std::string::npos);
  EXPECT_NE(LoadError("{}").find("lemma_session"), std::string::npos);
  EXPECT_NE(LoadError(R"({"lemma_session":1,"messages":7})").find("\"messages\""),
            std::string::npos);
  EXPECT_NE(
      LoadError(R"({"lemma_session":1,"messages":[{"role":"user","content":"x"},{"role":"me"}]})")
          .find("messages[1]: role 'me'"),
      std::string::npos);
  EXPECT_EQ(LoadSession(dir_ / "none.json").status().code(), StatusCode::kNotFound);
}

TEST_F(SessionTest, OnlyConversationsAreReplacedAndOnlyTheOwnerReadsThem) {
  namespace fs = std::filesystem;
  Session session;
  session.system = "first";
  EXPECT_TRUE(SaveSession(session, dir_ / "s.json").ok());
  session.system = "second";
  EXPECT_TRUE(SaveSession(session, dir_ / "s.json").ok());
  EXPECT_EQ(LoadSession(dir_ / "s.json")->system, "second");
  EXPECT_EQ(fs::status(dir_ / "s.json").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_NE(LoadError("precious").find("no saved conversation"), std::string::npos);
  fs::create_symlink(dir_ / "bad.json", dir_ / "link");
  fs::create_directory(dir_ / "folder");
  for (const char* name : {"bad.json", "link", "folder"}) {
    EXPECT_EQ(SaveSession(session, dir_ / name).code(), StatusCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(*ReadFile(dir_ / "bad.json"), "precious");
  EXPECT_EQ(SaveSession(session, dir_ / "none" / "s.json").code(), StatusCode::kNotFound);
  EXPECT_FALSE(fs::exists(dir_ / "none"));
}

TEST_F(SessionTest, BareNamesGoToTheDataFolder) {
  ::setenv("XDG_DATA_HOME", dir_.c_str(), 1);
  EXPECT_EQ(SessionPath("algebra"), dir_ / "lemma" / "sessions" / "algebra.json");
  EXPECT_EQ(SessionPath("./x.json"), "./x.json");
}

}  // namespace
}  // namespace lemma::cli
