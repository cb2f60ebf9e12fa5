// SPDX-License-Identifier: Apache-2.0
#include "reasoning/notebook_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "reasoning/script_source.h"

namespace lemma::reasoning {
namespace {

class NotebookFileTest : public ::testing::Test {
 protected:
  NotebookFileTest()
      : path_(std::filesystem::path(::testing::TempDir()) /
              ("notebook_" + std::to_string(getpid())) / "notes.jsonl") {}
  ~NotebookFileTest() override { std::filesystem::remove_all(path_.parent_path()); }
  NotebookFileTest(const NotebookFileTest&) = delete;
  NotebookFileTest& operator=(const NotebookFileTest&) = delete;

  Status Add(const std::string& rule) const {
    return ChangeNotebook(path_, [&](Notebook& book) {
      Note note;
      note.task = "word";
      note.language = "en";
      note.question = "Chickens and rabbits";
      note.rule = rule;
      return book.Add(note).status();
    });
  }
  [[nodiscard]] size_t Count() const { return Notebook::Open(path_)->notes().size(); }

  std::filesystem::path path_;
};

TEST_F(NotebookFileTest, ChangesOfThreadsAndProgramsAreAllKept) {
  constexpr int kEach = 25;
  std::vector<pid_t> children;
  for (int c = 0; c < 2; ++c) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool good = true;
      for (int i = 0; i < kEach; ++i) {
        good = Add("program " + std::to_string(c) + " " + std::to_string(i)).ok() && good;
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(Add("thread " + std::to_string(t) + " " + std::to_string(i)).ok());
      }
    });
  }
  for (std::thread& each : threads) each.join();
  for (const pid_t child : children) {
    int status = 1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(Count(), 5U * kEach);
}

TEST_F(NotebookFileTest, AChangeThatFailsChangesNothing) {
  ASSERT_TRUE(Add("one").ok());
  const Status status = ChangeNotebook(path_, [](Notebook& book) {
    EXPECT_TRUE(book.Remove(book.notes().front().id).ok());
    return InvalidArgument("no");
  });
  EXPECT_EQ(status.message(), "no");
  EXPECT_EQ(Count(), 1U);
  EXPECT_EQ(ChangeNotebook("/proc/none/notes.jsonl", [](Notebook&) { return OkStatus(); }).code(),
            IoError("").code());
}

TEST_F(NotebookFileTest, ATurnShowsRulesCountsThemAndLearns) {
  SolveRequest request;
  request.question = "鸡兔同笼，共有35个头，94只脚，鸡兔各几只？";
  request.options.profile = "r1";
  request.options.chains = 2;
  while (HeldBack(request)) ++request.options.seed;
  auto turn = NotebookTurn::Begin(path_, request);
  ASSERT_TRUE(turn.ok());
  EXPECT_TRUE(request.notes.empty());
  testing::ScriptedSource source({{"\\boxed{鸡24,兔11}"}, {"\\boxed{鸡23,兔12}", 20}});
  const auto result = Solve(source, Scaffolds(), request, {});
  ASSERT_TRUE(result.ok());
  ASSERT_TRUE(turn->End(request, *result).ok());
  ASSERT_EQ(Count(), 1U);
  EXPECT_FALSE(turn->learned().empty());

  // The next question of the kind is told; what came of it is counted.
  SolveRequest next = request;
  auto second = NotebookTurn::Begin(path_, next);
  ASSERT_TRUE(second.ok());
  EXPECT_THAT(second->rules(), ::testing::ElementsAre(turn->learned()));
  ASSERT_EQ(next.notes.size(), 1U);
  EXPECT_NE(next.notes[0].find("代回"), std::string::npos);
  ASSERT_TRUE(second->End(next, *result).ok());
  const Notebook book = *Notebook::Open(path_);
  EXPECT_EQ(book.notes()[0].uses, 1U);
  EXPECT_EQ(book.notes()[0].wins, 1U);

  while (!HeldBack(request)) ++request.options.seed;
  auto held = NotebookTurn::Begin(path_, request);
  ASSERT_TRUE(held.ok());
  EXPECT_TRUE(held->held_back());
  EXPECT_TRUE(request.notes.empty());
  ASSERT_TRUE(held->End(request, *result).ok());
  EXPECT_EQ(Notebook::Open(path_)->notes()[0].held, 1U);
}

}  // namespace
}  // namespace lemma::reasoning
