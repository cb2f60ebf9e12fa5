// SPDX-License-Identifier: Apache-2.0
#include "reasoning/evidence_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>

#include "reasoning/script_source.h"
#include "reasoning/solve_plan.h"

namespace lemma::reasoning {
namespace {

using ::testing::HasSubstr;
using testing::ScriptedChain;
using testing::ScriptedSource;
using ::testing::StartsWith;

constexpr const char* kDocument = "合同W303于2015年8月签订。";
constexpr const char* kSchema = R"({"type":"object","required":["name"]})";

SolveRequest Asking(std::string question) {
  SolveRequest out;
  out.question = std::move(question);
  out.options.profile = "bundled";
  out.options.retries = 0;
  return out;
}

// What the model was sent, message by message.
std::vector<std::string> Sent(const SolveRequest& request) {
  ScriptedSource source(std::vector<ScriptedChain>(8, {"\\boxed{8}"}));
  const auto result = Solve(source, Scaffolds(), request, {});
  EXPECT_TRUE(result.ok()) << result.status().ToString();
  std::vector<std::string> out;
  if (source.requests.empty()) return out;
  for (const auto& each : source.requests[0].conversation.messages) out.push_back(each.content);
  return out;
}

TEST(EvidenceTextTest, DocumentsStandInFrontOfTheQuestion) {
  SolveRequest request = Asking("合同W303是哪一年签订的？");
  request.evidence.check.sources = {{"a.txt", std::string(kDocument) + "\n"},
                                    {"b.txt", "型号Z612的容量为713。"}};
  EXPECT_EQ(Sent(request).back(),
            "[webpage 1 begin]合同W303于2015年8月签订。[webpage 1 end]\n"
            "[webpage 2 begin]型号Z612的容量为713。[webpage 2 end]\n"
            "合同W303是哪一年签订的？\n\n"
            "只依据给出的资料回答。引用原句并在句末注明[citation:序号]；资料中没有答案时，回答“资料"
            "中未找到”。");
  request = Asking("Who signed the contract?");
  request.evidence.check.sources = {{"", "Nora Li signed it."}};
  EXPECT_THAT(Sent(request).back(),
              StartsWith("[webpage 1 begin]Nora Li signed it.[webpage 1 end]\n"
                         "Who signed the contract?\n\nAnswer from the given documents alone."));
}

TEST(EvidenceTextTest, TheSchemaStandsBehindTheQuestion) {
  SolveRequest request = Asking("给出一个人名。");
  request.evidence.check.schema = std::string(kSchema) + "\n";
  EXPECT_EQ(Sent(request).back(),
            "给出一个人名。\n\n请用符合以下 JSON Schema 的 JSON 回答：\n" + std::string(kSchema));
  request.question = "Give the name of a person.";
  EXPECT_EQ(Sent(request).back(),
            "Give the name of a person.\n\nAnswer with JSON that fits this schema:\n" +
                std::string(kSchema));
  request.question = "Give a name as JSON Schema says: " + std::string(kSchema);
  EXPECT_EQ(Sent(request).back(), request.question);
}

// The numbers are the checker's: a document that is known already keeps its own.
TEST(EvidenceTextTest, WhatTheModelReadsAnywayIsNotWrittenAgain) {
  SolveRequest request = Asking("资料：合同W303于2015年8月\n签订。\n哪一年签订的？");
  request.evidence.check.sources = {
      {"", "合同W303于2015年8月 签订。"}, {"", " \n"}, {"", "第三篇。"}};
  EXPECT_THAT(Sent(request).back(),
              StartsWith("[webpage 3 begin]第三篇。[webpage 3 end]\n" + request.question));
  chat::Message before;
  before.role = chat::Role::kUser;
  before.content = "请读：第三篇。";
  request.before = {before};
  const auto sent = Sent(request);
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0], before.content);
  EXPECT_THAT(sent[1], StartsWith(request.question));
}

// A quote with the number that the model was shown is found by the checker.
TEST(EvidenceTextTest, NumbersAreThoseOfTheCitations) {
  SolveRequest request = Asking("根据资料：合同W303是哪一年签订的？");
  request.evidence.check.sources = {{"", "型号Z612的容量为713。"}, {"", kDocument}};
  const std::string prompt = Sent(request).back();
  for (const auto& [number, good] : {std::pair("2", true), std::pair("1", false)}) {
    EXPECT_EQ(prompt.find("[webpage " + std::string(number) + " begin]" + kDocument) != prompt.npos,
              good);
    ScriptedSource source(std::vector<ScriptedChain>(
        8, {"“" + std::string(kDocument) + "”[citation:" + number + "]。\\boxed{2015}"}));
    const auto result = Solve(source, Scaffolds(), request, {});
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->status, good ? SolveStatus::kChecked : SolveStatus::kRefuted);
  }
}

// Items of the evaluation set carry their documents in the problem's text: with and without them
// as sources the prompt is the same to the byte.
TEST(EvidenceTextTest, ItemsThatCarryTheirDocumentsStayAsTheyAre) {
  std::ifstream in(LEMMA_SOURCE_DIR "/models/eval_v2.jsonl");
  size_t seen = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.find("\"F10\"") == line.npos) continue;
    const auto row = boost::json::parse(line);
    SolveRequest request = Asking(std::string(row.at("problem").as_string()));
    for (const auto& source : row.at("sources").as_array()) {
      request.evidence.check.sources.push_back({"", std::string(source.at("text").as_string())});
    }
    EXPECT_FALSE(request.evidence.check.sources.empty());
    EXPECT_EQ(WithEvidence(request, service::TextLanguage::kChinese), request.question);
    ++seen;
    if (seen > 1) continue;
    const auto with = Sent(request);
    request.options.task = GuessTask(request).task;
    request.evidence.check.sources.clear();
    EXPECT_EQ(with, Sent(request));
  }
  EXPECT_EQ(seen, 130U);
}

TEST(EvidenceTextTest, LongTextsThatAlmostRepeatAreSearchedInLinearTime) {
  SolveRequest request = Asking(std::string(1 << 20, 'a'));
  request.evidence.check.sources = {{"", std::string(1 << 19, 'a') + "b"}};
  const std::string out = WithEvidence(request, service::TextLanguage::kEnglish);
  EXPECT_THAT(out.substr(0, 32), StartsWith("[webpage 1 begin]aaa"));
}

}  // namespace
}  // namespace lemma::reasoning
