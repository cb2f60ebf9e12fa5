// SPDX-License-Identifier: Apache-2.0
// How often answers were right by how many chains agreed, counted on problems with known answers
// (`lemma eval --calibration`), for one model file and policy. Without such a table there is no
// percentage, only k of n. Immutable once made; JSON:
//   {"lemma_calibration":1,"id":...,"model":...,"profile":...,"rows":[{"n","k","right","total"}]}
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "reasoning/eval_run.h"
#include "reasoning/statistics.h"

namespace lemma::reasoning {

class Calibration {
 public:
  Calibration() = default;
  Calibration(std::string model, std::string profile, const std::vector<EvalRecord>& records);
  static Result<Calibration> Parse(std::string_view text);
  static Result<Calibration> Load(const std::filesystem::path& path);
  [[nodiscard]] std::string ToJson() const;

  // Fills in what the table says about a result that a vote decided; one of another model or
  // profile says nothing.
  void Apply(std::string_view model, SolveResult& result) const;
  // Of an answer that `agreeing` of `voters` chains give and that no check decided; nullopt where
  // fewer than kLeastCounted such answers were seen.
  [[nodiscard]] std::optional<Confidence> Of(size_t agreeing, size_t voters) const;
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& model() const { return model_; }
  [[nodiscard]] const std::string& profile() const { return profile_; }

  static constexpr size_t kLeastCounted = 20;

 private:
  struct Row {
    size_t voters = 0;
    size_t agreeing = 0;
    size_t right = 0;
    size_t total = 0;
  };
  std::string id_;  // 8 hexadecimal digits of the rest
  std::string model_;
  std::string profile_;
  std::vector<Row> rows_;
};

}  // namespace lemma::reasoning
