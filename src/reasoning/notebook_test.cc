// SPDX-License-Identifier: Apache-2.0
#include "reasoning/notebook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "reasoning/calibration.h"
#include "reasoning/script_source.h"

namespace lemma::reasoning {
namespace {

using ::testing::HasSubstr;

std::filesystem::path TempFile(const std::string& name) {
  return std::filesystem::path(::testing::TempDir()) / (std::to_string(getpid()) + name);
}

Note MakeNote(std::string question, std::string rule) {
  Note out;
  out.task = "word";
  out.language = "zh";
  out.question = std::move(question);
  out.rule = std::move(rule);
  out.source = "user";
  return out;
}

constexpr TaskGuess kWordZh{Task::kWord, service::TextLanguage::kChinese, {}};

TEST(NotebookTest, LearnsFromARefutedAnswerThatWasMended) {
  testing::ScriptedSource source({{"\\boxed{鸡24,兔11}"}, {"\\boxed{鸡23,兔12}", 20}});
  SolveRequest request;
  request.question = "鸡兔同笼，共有35个头，94只脚，鸡兔各几只？";
  request.options.profile = "r1";
  request.options.chains = 2;
  const auto result = Solve(source, Scaffolds(), request, {});
  ASSERT_TRUE(result.ok());
  const auto note = Notebook::Learn(request, *result);
  ASSERT_TRUE(note.has_value());
  EXPECT_THAT(note->rule, HasSubstr("代回"));
  EXPECT_EQ(note->wrong, "鸡24,兔11");
  EXPECT_EQ(note->rule.find("23"), note->rule.npos);

  testing::ScriptedSource right({{"\\boxed{鸡23,兔12}"}, {"\\boxed{鸡23,兔12}"}});
  const auto clean = Solve(right, Scaffolds(), request, {});
  ASSERT_TRUE(clean.ok());
  EXPECT_FALSE(Notebook::Learn(request, *clean).has_value());
}

TEST(NotebookTest, FindsWhatIsLikeTheQuestion) {
  Notebook book = *Notebook::Open(TempFile("none"));
  ASSERT_TRUE(book.Add(MakeNote("鸡兔同笼，共有35个头，94只脚。", "代回每一个条件。")).ok());
  ASSERT_TRUE(book.Add(MakeNote("小明买苹果，每斤3元，共付12元。", "先写单价。")).ok());
  Note english = MakeNote("Chickens and rabbits: 35 heads", "Check both lines.");
  english.language = "en";
  ASSERT_TRUE(book.Add(english).ok());
  const auto found = book.Find(kWordZh, "笼子里有鸡和兔，共有20个头，56只脚，各几只？", 2);
  ASSERT_GE(found.size(), 1U);
  EXPECT_EQ(found[0]->rule, "代回每一个条件。");
  EXPECT_TRUE(book.Find(kWordZh, "天气", 2).empty());
  EXPECT_TRUE(
      book.Find({Task::kEquation, service::TextLanguage::kChinese, {}}, "鸡兔同笼", 2).empty());
}

TEST(NotebookTest, IsKeptInAFileThatAUserMayEdit) {
  const auto path = TempFile("notes.jsonl");
  Notebook book = *Notebook::Open(path);
  const std::string id = *book.Add(MakeNote("问题", "规则"));
  EXPECT_EQ(*book.Add(MakeNote("问题", "规则")), id);  // not twice
  book.Count(id, false, true);
  book.Count(id, true, false);
  ASSERT_TRUE(book.Save().ok());
  Notebook back = *Notebook::Open(path);
  ASSERT_EQ(back.notes().size(), 1U);
  EXPECT_EQ(back.notes()[0].wins, 1U);
  EXPECT_EQ(back.notes()[0].held, 1U);
  ASSERT_TRUE(back.Edit(id, "新的规则").ok());
  EXPECT_EQ(back.notes()[0].uses, 0U);
  EXPECT_EQ(back.Edit("nobody", "x").code(), StatusCode::kNotFound);
  EXPECT_EQ(back.Add(MakeNote("q", std::string(300, 'x'))).status().code(),
            StatusCode::kInvalidArgument);
  ASSERT_TRUE(back.Remove(id).ok());
  EXPECT_TRUE(back.notes().empty());
  std::ofstream(path, std::ios::app) << "{\"id\": 7}\n";
  EXPECT_THAT(Notebook::Open(path).status().message(), HasSubstr("line 2: id: expected a text"));
  std::filesystem::remove(path);
}

TEST(NotebookTest, ARuleThatDoesNotHelpIsSwitchedOff) {
  Note note = MakeNote("q", "r");
  EXPECT_NEAR(ChanceOfUplift(note), 0.5, 1e-3);
  note.uses = 40;
  note.wins = 12;
  note.held = 20;
  note.held_wins = 14;
  EXPECT_LT(ChanceOfUplift(note), 0.02);
  EXPECT_FALSE(note.enabled());
  note.wins = 36;
  EXPECT_GT(ChanceOfUplift(note), 0.95);
  EXPECT_TRUE(note.enabled());
}

TEST(NotebookTest, OneQuestionInTenIsHeldBack) {
  SolveRequest request;
  size_t held = 0;
  for (int i = 0; i < 5000; ++i) {
    request.question = "question " + std::to_string(i);
    held += HeldBack(request) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(held) / 5000, 0.1, 0.02);
}

TEST(CalibrationTest, CountsByAgreementAndIsReadBack) {
  std::vector<EvalRecord> records(60);
  for (size_t i = 0; i < records.size(); ++i) {
    records[i].status = SolveStatus::kConsistent;
    records[i].voters = 4;
    records[i].agreeing = i < 40 ? 4 : 3;
    records[i].right = i % 4 != 0 || i < 20;
  }
  records[59].status = SolveStatus::kVerified;  // not by vote
  const Calibration table("model", "r1", records);
  const auto back = Calibration::Parse(table.ToJson());
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(back->id(), table.id());
  const auto confidence = back->Of(4, 4);
  ASSERT_TRUE(confidence.has_value());
  EXPECT_EQ(confidence->total, 40U);
  EXPECT_NEAR(confidence->p, 35.0 / 40, 1e-9);
  EXPECT_LT(confidence->interval.low, confidence->p);
  EXPECT_FALSE(back->Of(3, 4).has_value());  // 19 are too few
  EXPECT_FALSE(back->Of(8, 8).has_value());
  EXPECT_THAT(Calibration::Parse("{}").status().message(), HasSubstr("lemma_calibration"));
}

}  // namespace
}  // namespace lemma::reasoning
