// SPDX-License-Identifier: Apache-2.0
#include "reasoning/eval_items.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>

namespace lemma::reasoning {
namespace {

namespace json = boost::json;

// A string, or a number as text; empty when it is not there.
Result<std::string> Field(const json::object& row, std::string_view name) {
  const json::value* value = row.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string();
  if (value->is_string()) return std::string(value->as_string());
  if (value->is_number()) return json::serialize(*value);
  return DataLoss(fmt::format("{}: expected a text or a number", name));
}

Status FirstOf(const json::object& row, std::initializer_list<std::string_view> names,
               std::string& out) {
  for (const std::string_view name : names) {
    if (!out.empty()) break;
    LEMMA_ASSIGN_OR_RETURN(out, Field(row, name));
  }
  return OkStatus();
}

// GSM8K writes the answer behind its solution, with separators of thousands.
void TakeMarkedAnswer(std::string& gold) {
  const size_t mark = gold.rfind("#### ");
  if (mark == gold.npos) return;
  gold.erase(0, mark + 5);
  std::erase(gold, ',');
}

Status ReadTable(std::istream& in, std::vector<EvalItem>& out) {
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty()) continue;
    const size_t tab = line.rfind('\t');
    if (tab == line.npos) {
      return DataLoss(fmt::format("line {}: expected a question, a tab and an answer", number));
    }
    EvalItem item;
    item.id = fmt::format("line {}", number);
    item.question = line.substr(0, tab);
    item.gold = line.substr(tab + 1);
    out.push_back(std::move(item));
  }
  return OkStatus();
}

}  // namespace

Result<EvalItem> ParseEvalItem(std::string_view line) {
  boost::system::error_code error;
  const json::value parsed = json::parse(line, error);
  if (error || !parsed.is_object()) return DataLoss("expected a JSON object");
  const json::object& row = parsed.as_object();
  EvalItem out;
  LEMMA_RETURN_IF_ERROR(FirstOf(row, {"id", "task_id"}, out.id));
  LEMMA_RETURN_IF_ERROR(FirstOf(row, {"question", "problem", "prompt", "input"}, out.question));
  LEMMA_RETURN_IF_ERROR(FirstOf(row, {"answer", "gold", "golden"}, out.gold));
  LEMMA_RETURN_IF_ERROR(FirstOf(row, {"family"}, out.family));
  LEMMA_RETURN_IF_ERROR(FirstOf(row, {"tests", "test"}, out.tests));
  LEMMA_RETURN_IF_ERROR(FirstOf(row, {"entry_point"}, out.entry_point));
  LEMMA_RETURN_IF_ERROR(FirstOf(row, {"support"}, out.support));
  if (out.question.empty()) return DataLoss("question: is missing (or problem, prompt, input)");
  if (out.gold.empty() && out.tests.empty()) return DataLoss("answer: is missing (or tests)");
  TakeMarkedAnswer(out.gold);
  if (row.contains("task_id") && row.contains("test")) out.tests_known = Switch::kOff;
  // HumanEval's prompt holds the imports and helpers that its tests use.
  if (row.contains("canonical_solution") && out.support.empty()) out.support = out.question;
  return out;
}

Result<std::vector<EvalItem>> ReadEvalItems(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) return NotFound(path.string() + ": no such file, or it cannot be read");
  std::vector<EvalItem> out;
  if (path.extension() == ".tsv") {
    LEMMA_RETURN_IF_ERROR(ReadTable(in, out).WithContext(path.string()));
  } else {
    size_t number = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      if (line.find_first_not_of(" \t\r") == line.npos) continue;
      auto item = ParseEvalItem(line);
      if (!item.ok()) {
        return item.status().WithContext(fmt::format("{}: line {}", path.string(), number));
      }
      if (item->id.empty()) item->id = fmt::format("line {}", number);
      out.push_back(*std::move(item));
    }
  }
  if (out.empty()) return DataLoss(path.string() + ": holds no problem");
  return out;
}

bool IsRight(const EvalItem& item, const check::CheckReport& report) {
  if (!item.tests.empty()) {
    for (const check::Finding& finding : report.findings) {
      if (finding.checker == "python_tests") return finding.verdict == check::Verdict::kVerified;
    }
    return false;
  }
  if (!report.answer) return false;
  const check::Answer gold = check::ParseAnswer(item.gold);
  const check::Answer& given = report.answer->answer;
  if (check::SameAnswer(gold, given)) return true;
  return gold.kind == check::AnswerKind::kNumber && given.kind == check::AnswerKind::kNumber &&
         given.decimals && check::RoundsTo(gold.numbers[0], given.numbers[0], *given.decimals);
}

}  // namespace lemma::reasoning
