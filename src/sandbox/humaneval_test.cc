// SPDX-License-Identifier: Apache-2.0
// HumanEval (Chen et al. 2021, arXiv 2107.03374): every canonical solution passes its tests in the
// sandbox, and no changed one whose results are wrong does. A sample of 12 problems;
// LEMMA_HUMANEVAL=HumanEval.jsonl runs that file instead.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "base/file.h"
#include "sandbox/python.h"
#include "sandbox/python_tests.h"

namespace lemma::sandbox {
namespace {

namespace json = boost::json;

struct Problem {
  std::string id;
  std::string prompt;
  std::string solution;
  std::string tests;
  std::string entry_point;
};

std::vector<Problem> ReadProblems() {
  const char* path = std::getenv("LEMMA_HUMANEVAL");
  std::ifstream in(
      path != nullptr ? path : LEMMA_SOURCE_DIR "/tests/data/problems/humaneval_sample.jsonl");
  std::vector<Problem> problems;
  for (std::string line; std::getline(in, line);) {
    const json::value parsed = json::parse(line);
    const json::object& row = parsed.as_object();
    const auto text = [&row](const char* name) { return std::string(row.at(name).as_string()); };
    problems.push_back({text("task_id"), text("prompt"), text("canonical_solution"), text("test"),
                        text("entry_point")});
  }
  return problems;
}

Result<PythonTestResult> Judge(const Problem& problem, const std::string& code) {
  PythonTestTask task;
  task.code = code;
  task.tests = problem.tests;
  task.entry_point = problem.entry_point;
  task.support = problem.prompt;
  task.limits.wall_seconds = 120;
  return RunPythonTests(task);
}

struct Mutant {
  std::string kind;
  std::string code;
};

std::vector<Mutant> Mutants(const Problem& problem) {
  const Result<std::string> source = ReadFile(LEMMA_SOURCE_DIR "/tests/sandbox/mutate.py");
  EXPECT_TRUE(source.ok());
  PythonProgram program;
  program.source = *source;
  program.input = json::serialize(json::object{{"code", problem.prompt + problem.solution},
                                               {"entry_point", problem.entry_point}});
  program.limits.wall_seconds = 120;
  const Result<JailResult> result = RunPython(program);
  EXPECT_TRUE(result.ok() && result->succeeded()) << problem.id;
  std::vector<Mutant> mutants;
  if (!result.ok() || !result->succeeded()) return mutants;
  const json::value parsed = json::parse(result->out);
  for (const json::value& pair : parsed.as_array()) {
    const json::array& parts = pair.as_array();
    mutants.push_back({std::string(parts[0].as_string()), std::string(parts[1].as_string())});
  }
  return mutants;
}

TEST(HumanEval, CanonicalSolutionsPass) {
  const std::vector<Problem> problems = ReadProblems();
  ASSERT_GE(problems.size(), 12U);
  size_t passed = 0;
  for (const Problem& problem : problems) {
    const Result<PythonTestResult> result = Judge(problem, problem.prompt + problem.solution);
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    EXPECT_EQ(result->outcome, TestOutcome::kPassed)
        << problem.id << ": " << result->message << "\n"
        << result->source << "\n"
        << result->call;
    if (result->outcome == TestOutcome::kPassed) ++passed;
  }
  std::cout << fmt::format("canonical solutions passed: {}/{}\n", passed, problems.size());
}

TEST(HumanEval, ChangedSolutionsFail) {
  size_t wrong_results = 0;
  size_t wrong_results_caught = 0;
  size_t steps = 0;
  size_t steps_caught = 0;
  for (const Problem& problem : ReadProblems()) {
    for (const Mutant& mutant : Mutants(problem)) {
      const Result<PythonTestResult> result = Judge(problem, mutant.code);
      ASSERT_TRUE(result.ok()) << result.status().ToString();
      const bool caught = result->outcome != TestOutcome::kPassed;
      if (mutant.kind == "result") {
        EXPECT_TRUE(caught) << problem.id;
        ++wrong_results;
        wrong_results_caught += caught ? 1 : 0;
      } else {
        ++steps;
        steps_caught += caught ? 1 : 0;
      }
    }
  }
  std::cout << fmt::format("wrong results caught: {}/{}; changed steps caught: {}/{}\n",
                           wrong_results_caught, wrong_results, steps_caught, steps);
  EXPECT_GT(wrong_results, 0U);
  // A changed step may leave the function as it was, or its tests may not look there.
  EXPECT_GE(steps_caught * 10, steps * 7);
}

}  // namespace
}  // namespace lemma::sandbox
