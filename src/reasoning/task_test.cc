// SPDX-License-Identifier: Apache-2.0
// The rules of task.cc against questions that people labelled (tests/data/reasoning/tasks.tsv). One
// half was looked at when the rules were mended; the other half was written down and put aside
// before, and gives the figure in docs/reasoning.md.
#include "reasoning/task.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "reasoning/eval_items.h"
#include "reasoning/statistics.h"

namespace lemma::reasoning {
namespace {

struct Labelled {
  bool held_out = false;
  Task task = Task::kChat;
  std::string text;
  TaskInput input;  // but for the text
};

std::vector<Labelled> ReadSet() {
  std::ifstream in(LEMMA_SOURCE_DIR "/tests/data/reasoning/tasks.tsv");
  std::vector<Labelled> out;
  for (std::string line; std::getline(in, line);) {
    std::array<std::string, 4> parts;
    size_t at = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      const size_t end = i + 1 < parts.size() ? line.find('\t', at) : line.size();
      parts[i] = line.substr(at, end - at);
      at = end + 1;
    }
    Labelled row;
    row.held_out = parts[0] == "held";
    const auto task = TaskNamed(parts[1]);
    EXPECT_TRUE(task.ok()) << line;
    if (task.ok()) row.task = *task;
    row.input.has_sources = parts[2] == "sources";
    row.input.has_schema = parts[2] == "schema";
    row.text = parts[3];
    out.push_back(std::move(row));
  }
  return out;
}

struct Confusion {
  std::array<std::array<size_t, kTasks>, kTasks> counts{};  // [label][guess]
  size_t right = 0;
  size_t total = 0;
  std::string errors;

  void Add(const Labelled& row) {
    TaskInput input = row.input;
    input.text = row.text;
    const TaskGuess guess = ClassifyTask(input);
    ++counts[static_cast<size_t>(row.task)][static_cast<size_t>(guess.task)];
    ++total;
    if (guess.task == row.task) {
      ++right;
    } else {
      errors += fmt::format("  {} as {} ({}): {}\n", TaskName(row.task), TaskName(guess.task),
                            guess.rule, row.text);
    }
  }

  [[nodiscard]] std::string Text() const {
    const Interval interval = WilsonInterval(right, total);
    std::string out = fmt::format("{} of {}: {:.1f} % ({:.1f}-{:.1f})\n{:12}", right, total,
                                  100.0 * static_cast<double>(right) / static_cast<double>(total),
                                  100 * interval.low, 100 * interval.high, "");
    for (size_t i = 0; i < kTasks; ++i) {
      out += fmt::format("{:>6.5}", TaskName(static_cast<Task>(i)));
    }
    for (size_t i = 0; i < kTasks; ++i) {
      out += fmt::format("\n{:12}", TaskName(static_cast<Task>(i)));
      for (const size_t count : counts[i])
        out += count == 0 ? "     ." : fmt::format("{:6}", count);
    }
    return out + "\n";
  }
};

TEST(TaskTest, LabelledQuestionsInBothLanguages) {
  Confusion seen;
  Confusion held;
  for (const Labelled& row : ReadSet()) (row.held_out ? held : seen).Add(row);
  fmt::print("looked at: {}{}\nheld out: {}\n", seen.Text(), seen.errors, held.Text());
  ASSERT_GE(seen.total, 140U);
  ASSERT_GE(held.total, 140U);
  EXPECT_GE(100 * seen.right, 97 * seen.total);
  EXPECT_GE(100 * held.right, 95 * held.total);
}

TEST(TaskTest, WordProblemsOfPublicSetsAreWordProblems) {
  size_t right = 0;
  size_t total = 0;
  for (const char* name :
       {"gsm8k_sample.jsonl", "cmath_sample.jsonl", "mgsm_en_sample.tsv", "mgsm_zh_sample.tsv"}) {
    const auto items = ReadEvalItems(std::string(LEMMA_SOURCE_DIR "/tests/data/problems/") + name);
    ASSERT_TRUE(items.ok()) << items.status().ToString();
    for (const EvalItem& item : *items) {
      const Task task = ClassifyTask({item.question}).task;
      ++total;
      if (task == Task::kWord || task == Task::kArithmetic) {
        ++right;
      } else {
        fmt::print("{}: {}\n", TaskName(task), item.question);
      }
    }
  }
  fmt::print("word problems: {} of {}\n", right, total);
  EXPECT_GE(total, 250U);
  EXPECT_GE(100 * right, 97 * total);
}

TEST(TaskTest, WhatIsGivenBesideTheTextDecides) {
  EXPECT_EQ(ClassifyTask({"How many?", true, false, false}).task, Task::kStructured);
  EXPECT_EQ(ClassifyTask({"How many?", false, true, false}).task, Task::kDocument);
  EXPECT_EQ(ClassifyTask({"How many?", true, true, true}).task, Task::kCode);
  EXPECT_EQ(ClassifyTask({""}).task, Task::kChat);
}

TEST(TaskTest, NamesAreReadBack) {
  for (size_t i = 0; i < kTasks; ++i) {
    const auto task = static_cast<Task>(i);
    EXPECT_EQ(*TaskNamed(TaskName(task)), task);
  }
  EXPECT_THAT(TaskNamed("poem").status().message(), ::testing::HasSubstr("expected one of word"));
}

}  // namespace
}  // namespace lemma::reasoning
