// SPDX-License-Identifier: Apache-2.0
// How many prompt tokens may go into a step in which sequences decode, from the times of earlier
// steps: as many as make it kStretch times as long as the same step without them. Decides about
// time only: no token depends on how a prompt is cut. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace lemma::engine {

class PrefillPace {
 public:
  static constexpr double kStretch = 2.2;
  static constexpr size_t kLeast = 8;  // prompts always go on

  // A step took so long in which `decode_rows` tokens were decoded beside `prompt_rows` of
  // prompts; prompt_rows may be 0.
  void Record(size_t decode_rows, size_t prompt_rows, double seconds);
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
  // Prompt tokens a second that a step takes beside its decoding; follows what is measured, upwards
  // in small steps, for what a token costs is no straight line.
  double rate_ = 0;
};

}  // namespace lemma::engine
