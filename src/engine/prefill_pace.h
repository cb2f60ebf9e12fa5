// SPDX-License-Identifier: Apache-2.0
// How many prompt tokens may be computed together while sequences decode. A pass of prompts stops
// after each few layers for a step of the others; so one layer of it may take so long that the step
// becomes kStretch times as long as without. From the times of earlier steps; decides about time
// only: no token depends on how a prompt is cut. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace lemma::engine {

class PrefillPace {
 public:
  static constexpr double kStretch = 2.2;
  static constexpr size_t kLeast = 16;  // prompts always go on

  // A step that decoded `rows` tokens, and nothing else, took so long.
  void RecordDecode(size_t rows, double seconds);
  // A layer of `prompt_rows` tokens took so long, beside a step that decoded `decode_rows`.
  void RecordPrompt(size_t decode_rows, size_t prompt_rows, double seconds);
  // REQUIRES: decode_rows > 0.
  [[nodiscard]] size_t Limit(size_t decode_rows) const;

 private:
  static constexpr size_t kKept = 7;
  static constexpr size_t kClasses = 10;  // by powers of two
  class Times {
   public:
    void Add(double seconds);
    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] double Median() const;

   private:
    std::array<double, kKept> latest_{};
    uint64_t count_ = 0;
  };
  // A step of decode_rows and nothing else, by measurement of the nearest kind; 0: none known.
  [[nodiscard]] double Quiet(size_t decode_rows) const;

  std::array<Times, kClasses> quiet_;
  // Prompt tokens a second that a layer takes; follows what is measured, upwards
  // in small steps, for what a token costs is no straight line.
  double rate_ = 0;
};

}  // namespace lemma::engine
