// SPDX-License-Identifier: Apache-2.0
#include "reasoning/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "base/file.h"

namespace lemma::reasoning {
namespace {

namespace json = boost::json;

std::string IdOf(std::string_view text) {
  uint32_t hash = 0x811C9DC5U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193U;
  return fmt::format("{:08x}", hash);
}

Result<size_t> Number(const json::object& row, std::string_view name) {
  const json::value* value = row.if_contains(name);
  if (value == nullptr || !value->is_int64() || value->as_int64() < 0) {
    return DataLoss(fmt::format("{}: expected a number of at least 0", name));
  }
  return static_cast<size_t>(value->as_int64());
}

Result<std::string> Text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) {
    return DataLoss(fmt::format("{}: expected a text", name));
  }
  return std::string(value->as_string());
}

}  // namespace

Calibration::Calibration(std::string model, std::string profile,
                         const std::vector<EvalRecord>& records)
    : model_(std::move(model)), profile_(std::move(profile)) {
  std::map<std::pair<size_t, size_t>, Row> rows;
  for (const EvalRecord& r : records) {
    const bool by_vote = r.status == SolveStatus::kConsistent || r.status == SolveStatus::kSelfOk ||
                         r.status == SolveStatus::kUnverified;
    if (!by_vote || r.voters == 0) continue;
    Row& row = rows[{r.voters, r.agreeing}];
    row.voters = r.voters;
    row.agreeing = r.agreeing;
    ++row.total;
    if (r.right) ++row.right;
  }
  for (const auto& [key, row] : rows) rows_.push_back(row);
  id_ = IdOf(ToJson());
}

std::string Calibration::ToJson() const {
  json::array rows;
  for (const Row& r : rows_) {
    rows.push_back(
        json::object{{"n", r.voters}, {"k", r.agreeing}, {"right", r.right}, {"total", r.total}});
  }
  return json::serialize(json::object{{"lemma_calibration", 1},
                                      {"id", id_},
                                      {"model", model_},
                                      {"profile", profile_},
                                      {"rows", std::move(rows)}});
}

Result<Calibration> Calibration::Parse(std::string_view text) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  if (error || !parsed.is_object()) return DataLoss("expected a JSON object");
  const json::object& object = parsed.as_object();
  if (!object.contains("lemma_calibration")) {
    return DataLoss("lemma_calibration: is missing: no table of calibration");
  }
  Calibration out;
  LEMMA_ASSIGN_OR_RETURN(out.id_, Text(object, "id"));
  LEMMA_ASSIGN_OR_RETURN(out.model_, Text(object, "model"));
  LEMMA_ASSIGN_OR_RETURN(out.profile_, Text(object, "profile"));
  const json::value* rows = object.if_contains("rows");
  if (rows == nullptr || !rows->is_array()) return DataLoss("rows: expected a list");
  for (const json::value& each : rows->as_array()) {
    if (!each.is_object()) return DataLoss("rows: expected objects");
    Row row;
    LEMMA_ASSIGN_OR_RETURN(row.voters, Number(each.as_object(), "n"));
    LEMMA_ASSIGN_OR_RETURN(row.agreeing, Number(each.as_object(), "k"));
    LEMMA_ASSIGN_OR_RETURN(row.right, Number(each.as_object(), "right"));
    LEMMA_ASSIGN_OR_RETURN(row.total, Number(each.as_object(), "total"));
    if (row.right > row.total || row.agreeing > row.voters) {
      return DataLoss("rows: a part is larger than its whole");
    }
    out.rows_.push_back(row);
  }
  return out;
}

Result<Calibration> Calibration::Load(const std::filesystem::path& path) {
  constexpr size_t kMostBytes = 1 << 20;
  LEMMA_ASSIGN_OR_RETURN(const std::string text, ReadFile(path.string(), kMostBytes));
  auto out = Parse(text);
  if (!out.ok()) return out.status().WithContext(path.string());
  return out;
}

void Calibration::Apply(std::string_view model, SolveResult& result) const {
  const bool by_vote = result.status == SolveStatus::kConsistent ||
                       result.status == SolveStatus::kSelfOk ||
                       result.status == SolveStatus::kUnverified;
  if (!by_vote || model != model_ || result.policy.profile != profile_) return;
  result.confidence = Of(result.agreeing, result.votes.voters());
  if (result.confidence) result.calibration_id = id_;
}

std::optional<Confidence> Calibration::Of(size_t agreeing, size_t voters) const {
  for (const Row& row : rows_) {
    if (row.voters != voters || row.agreeing != agreeing) continue;
    if (row.total < kLeastCounted) return std::nullopt;
    Confidence out;
    out.p =
        std::min(static_cast<double>(row.right) / static_cast<double>(row.total), kMostConfidence);
    out.interval = WilsonInterval(row.right, row.total);
    out.total = row.total;
    return out;
  }
  return std::nullopt;
}

}  // namespace lemma::reasoning
