// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>

#include "reasoning/eval_run.h"

namespace lemma::reasoning {
namespace {

namespace json = boost::json;

template <typename T>
Status Take(const json::object& row, std::string_view name, T& out) {
  const json::value* value = row.if_contains(name);
  if (value == nullptr) return DataLoss(fmt::format("{}: is missing", name));
  boost::system::error_code error;
  if constexpr (std::is_same_v<T, std::string>) {
    if (!value->is_string()) return DataLoss(fmt::format("{}: expected a text", name));
    out = std::string(value->as_string());
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!value->is_bool()) return DataLoss(fmt::format("{}: expected true or false", name));
    out = value->as_bool();
  } else {
    out = value->to_number<T>(error);
    if (error) return DataLoss(fmt::format("{}: expected a number", name));
  }
  return OkStatus();
}

Result<SolveStatus> StatusNamed(std::string_view name) {
  for (int i = 0; i < 6; ++i) {
    const auto status = static_cast<SolveStatus>(i);
    if (SolveStatusName(status) == name) return status;
  }
  return DataLoss(fmt::format("status: '{}' is not known", name));
}

}  // namespace

std::string EvalRecordJson(const EvalRecord& r) {
  json::object out{{"id", r.id},
                   {"family", r.family},
                   {"seed", r.seed},
                   {"right", r.right},
                   {"status", SolveStatusName(r.status)},
                   {"answer", r.answer},
                   {"gold", r.gold},
                   {"agreeing", r.agreeing},
                   {"voters", r.voters},
                   {"samples", r.samples},
                   {"tokens", r.tokens},
                   {"seconds", r.seconds},
                   {"content", r.content}};
  if (!r.tests.empty()) out["tests"] = r.tests;
  return json::serialize(out);
}

Result<EvalRecord> ParseEvalRecord(std::string_view line) {
  boost::system::error_code error;
  const json::value parsed = json::parse(line, error);
  if (error || !parsed.is_object()) return DataLoss("expected a JSON object");
  const json::object& row = parsed.as_object();
  EvalRecord out;
  std::string status;
  LEMMA_RETURN_IF_ERROR(Take(row, "id", out.id));
  LEMMA_RETURN_IF_ERROR(Take(row, "family", out.family));
  LEMMA_RETURN_IF_ERROR(Take(row, "seed", out.seed));
  LEMMA_RETURN_IF_ERROR(Take(row, "right", out.right));
  LEMMA_RETURN_IF_ERROR(Take(row, "status", status));
  LEMMA_ASSIGN_OR_RETURN(out.status, StatusNamed(status));
  LEMMA_RETURN_IF_ERROR(Take(row, "answer", out.answer));
  LEMMA_RETURN_IF_ERROR(Take(row, "gold", out.gold));
  LEMMA_RETURN_IF_ERROR(Take(row, "agreeing", out.agreeing));
  LEMMA_RETURN_IF_ERROR(Take(row, "voters", out.voters));
  LEMMA_RETURN_IF_ERROR(Take(row, "samples", out.samples));
  LEMMA_RETURN_IF_ERROR(Take(row, "tokens", out.tokens));
  LEMMA_RETURN_IF_ERROR(Take(row, "seconds", out.seconds));
  LEMMA_RETURN_IF_ERROR(Take(row, "content", out.content));
  if (row.contains("tests")) LEMMA_RETURN_IF_ERROR(Take(row, "tests", out.tests));
  return out;
}

Result<std::vector<EvalRecord>> ReadEvalRecords(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "results.jsonl";
  std::vector<EvalRecord> out;
  std::ifstream in(path);
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    auto record = ParseEvalRecord(line);
    if (record.ok()) {
      out.push_back(*std::move(record));
      continue;
    }
    if (in.peek() == std::ifstream::traits_type::eof()) break;  // the power went
    return record.status().WithContext(fmt::format("{}: line {}", path.string(), number));
  }
  return out;
}

}  // namespace lemma::reasoning
