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
  Worth worth;
  EXPECT_NEAR(ChanceOfUplift(worth), 0.5, 1e-3);
  worth.uses = 40;
  worth.wins = 12;
  worth.held = 20;
  worth.held_wins = 14;
  EXPECT_LT(ChanceOfUplift(worth), 0.02);
  EXPECT_FALSE(worth.enabled());
  worth.wins = 36;
  EXPECT_GT(ChanceOfUplift(worth), 0.95);
  EXPECT_TRUE(worth.enabled());
}

// A rule is learned again with each question: its copies are worth what came of all of them.
TEST(NotebookTest, CopiesOfARuleShareWhatItIsWorth) {
  const auto path = TempFile("copies.jsonl");
  Notebook book = *Notebook::Open(path);
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    const std::string question = "笼子里有鸡和兔，共有头和脚，第" + std::to_string(i) + "题";
    ids.push_back(*book.Add(MakeNote(question, "代回每一个条件。")));
  }
  const std::string own = *book.Add(MakeNote("笼子里有鸡和兔，共有头和脚。", "先列表。"));
  Note english = MakeNote("chickens and rabbits in a cage", "代回每一个条件。");
  english.language = "en";
  ASSERT_TRUE(book.Add(english).ok());
  for (int i = 0; i < 20; ++i) book.Count(ids[static_cast<size_t>(i) % 5], false, false);
  for (int i = 0; i < 5; ++i) book.Count(ids[static_cast<size_t>(i)], true, true);
  ASSERT_TRUE(book.Save().ok());
  const Notebook back = *Notebook::Open(path);
  EXPECT_EQ(back.notes()[0].uses, 4U);  // each keeps its own counts in the file
  EXPECT_EQ(back.WorthOf(back.notes()[0]).uses, 20U);
  EXPECT_EQ(back.WorthOf(back.notes()[0]).held_wins, 5U);
  EXPECT_FALSE(back.Enabled(back.notes()[4]));
  EXPECT_THAT(back.Json(back.notes()[0]), HasSubstr(R"("enabled":false)"));
  const auto found = back.Find(kWordZh, "笼子里有鸡和兔，共有头和脚", 2);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]->id, own);
  EXPECT_EQ(back.WorthOf(back.notes()[5]).uses, 0U);  // a rule of one's own, another language
  EXPECT_TRUE(back.Enabled(back.notes()[6]));
  std::filesystem::remove(path);
}

TEST(NotebookTest, WhatIsAddedWithoutATimeIsFromNow) {
  Notebook book = *Notebook::Open(TempFile("times"));
  ASSERT_TRUE(book.Add(MakeNote("问题", "规则")).ok());
  EXPECT_GT(book.notes()[0].created, 1.7e9);
  Note old = MakeNote("问题", "别的规则");
  old.created = 5;
  ASSERT_TRUE(book.Add(old).ok());
  EXPECT_EQ(book.notes()[1].created, 5);
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
