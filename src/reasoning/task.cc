// SPDX-License-Identifier: Apache-2.0
#include "reasoning/task.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "check/problem.h"

namespace lemma::reasoning {
namespace {

constexpr std::array<std::string_view, kTasks> kNames = {
    "word",  "equation", "arithmetic", "counting", "probability", "sequence",
    "proof", "code",     "summary",    "document", "structured",  "chat"};

struct Rule {
  Task task;
  std::string_view phrase;  // lower case
};

// The first that is found decides. What is asked of the machine (code, a summary) goes before the
// words of mathematics, special fields before equations, these before plain quantities.
constexpr Rule kRules[] = {
    {Task::kCode, "```"},
    {Task::kCode, "def "},
    {Task::kCode, "python"},
    {Task::kCode, "javascript"},
    {Task::kCode, "c++"},
    {Task::kCode, "write a function"},
    {Task::kCode, "write a program"},
    {Task::kCode, "implement"},
    {Task::kCode, "编写"},
    {Task::kCode, "写一个函数"},
    {Task::kCode, "写个函数"},
    {Task::kCode, "写一段代码"},
    {Task::kCode, "写一个程序"},
    {Task::kCode, "代码"},
    {Task::kCode, "编程"},
    {Task::kSummary, "summar"},
    {Task::kSummary, "tl;dr"},
    {Task::kSummary, "总结"},
    {Task::kSummary, "概括"},
    {Task::kSummary, "摘要"},
    {Task::kSummary, "归纳要点"},
    {Task::kProbability, "probabilit"},
    {Task::kProbability, "how likely"},
    {Task::kProbability, "the chance"},
    {Task::kProbability, "the odds"},
    {Task::kProbability, "概率"},
    {Task::kProbability, "可能性"},
    {Task::kProof, "prove"},
    {Task::kProof, "show that"},
    {Task::kProof, "for every integer"},
    {Task::kProof, "for all integers"},
    {Task::kProof, "always divisible"},
    {Task::kProof, "always even"},
    {Task::kProof, "always odd"},
    {Task::kProof, "证明"},
    {Task::kProof, "求证"},
    {Task::kProof, "总能被"},
    {Task::kProof, "一定是偶数"},
    {Task::kProof, "一定能被"},
    {Task::kProof, "是否总"},
    {Task::kProof, "是否一定"},
    {Task::kCounting, "how many ways"},
    {Task::kCounting, "number of ways"},
    {Task::kCounting, "in how many"},
    {Task::kCounting, "how many different"},
    {Task::kCounting, "多少种"},
    {Task::kCounting, "几种"},
    {Task::kCounting, "不同的选法"},
    {Task::kCounting, "多少个不同"},
    {Task::kSequence, "sequence"},
    {Task::kSequence, "recurrence"},
    {Task::kSequence, "a(n+1)"},
    {Task::kSequence, "a_{n+1}"},
    {Task::kSequence, "a_(n+1)"},
    {Task::kSequence, "数列"},
    {Task::kSequence, "递推"},
    {Task::kEquation, "equation"},
    {Task::kEquation, "solve for"},
    {Task::kEquation, "√"},
    {Task::kEquation, "\\sqrt"},
    {Task::kEquation, "sqrt("},
    {Task::kEquation, "解方程"},
    {Task::kEquation, "方程"},
    {Task::kEquation, "的根"},
};

constexpr std::string_view kQuantityWords[] = {
    "how many", "how much", "how long", "how far", "how old", "how fast", "what is", "find",
    "几",       "多少",     "多大",     "多长",    "多久",    "多高",     "多远",    "求"};

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// "x + 3 = 7": a letter that stands alone, and an equals sign.
bool HasUnknown(std::string_view text) {
  if (text.find('=') == text.npos) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  for (size_t i = 0; i < text.size(); ++i) {
    const bool alone =
        (i == 0 || !letter(text[i - 1])) && (i + 1 == text.size() || !letter(text[i + 1]));
    if (letter(text[i]) && alone && text[i] != 'a' && text[i] != 'A') return true;
  }
  return false;
}

bool HasOperator(std::string_view text) {
  for (const std::string_view op :
       {"+", "*", "×", "÷", "/", " - ", "加上", "减去", "乘以", "除以"}) {
    if (text.find(op) != text.npos) return true;
  }
  const size_t minus = text.find('-');
  return minus != text.npos && minus > 0 && minus + 1 < text.size() && text[minus - 1] >= '0' &&
         text[minus - 1] <= '9' && text[minus + 1] >= '0' && text[minus + 1] <= '9';
}

// Letters of words, against digits and signs: a bare sum has few.
size_t WordBytes(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0xE0;
  }));
}

}  // namespace

std::string_view TaskName(Task task) { return kNames[static_cast<size_t>(task)]; }

Result<Task> TaskNamed(std::string_view name) {
  const auto at = std::find(kNames.begin(), kNames.end(), name);
  if (at != kNames.end()) return static_cast<Task>(at - kNames.begin());
  std::string all;
  for (const std::string_view each : kNames)
    all += fmt::format("{}{}", all.empty() ? "" : ", ", each);
  return InvalidArgument(fmt::format("task: '{}' is not known, expected one of {}", name, all));
}

TaskGuess ClassifyTask(const TaskInput& input) {
  TaskGuess out;
  out.language = service::LanguageOf(input.text);
  if (input.has_tests || input.has_schema || input.has_sources) {
    out.task = input.has_tests    ? Task::kCode
               : input.has_schema ? Task::kStructured
                                  : Task::kDocument;
    return out;
  }
  const std::string text = Lower(input.text);
  for (const Rule& rule : kRules) {
    if (text.find(rule.phrase) != text.npos) return {rule.task, out.language, rule.phrase};
  }
  if (HasUnknown(text)) return {Task::kEquation, out.language, "="};
  const size_t numerals = check::FindNumerals(text.substr(0, 8192)).size();
  constexpr size_t kFewLetters = 24;
  if (numerals >= 2 && HasOperator(text) && WordBytes(text) <= kFewLetters) {
    return {Task::kArithmetic, out.language, "sum"};
  }
  if (numerals >= 2) {
    for (const std::string_view word : kQuantityWords) {
      if (text.find(word) != text.npos) return {Task::kWord, out.language, word};
    }
  }
  return out;
}

}  // namespace lemma::reasoning
