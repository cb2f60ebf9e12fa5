// SPDX-License-Identifier: Apache-2.0
// Finds stop strings in text that streams in. Text that may be the beginning of one is held back;
// of the strings, the one that is complete first counts (the longest, if several end together),
// so the result does not depend on how the text was cut. Knuth-Morris-Pratt, one state a string:
// linear in the text times the number of strings. One thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace lemma::service {

inline constexpr size_t kMaxStopStrings = 64;
inline constexpr size_t kMaxStopStringBytes = 1024;

class StopMatcher {
 public:
  // The error names the index: empty strings, too long or too many of them are refused.
  static Status Validate(const std::vector<std::string>& stops);

  // REQUIRES: Validate passed.
  explicit StopMatcher(const std::vector<std::string>& stops);

  // The text that is now certain to be before any stop string. After a match nothing more comes.
  std::string Push(std::string_view text);
  // The end of the text: what was held back.
  std::string Flush();
  // The string that ended the text.
  [[nodiscard]] const std::optional<std::string>& matched() const { return matched_; }
  [[nodiscard]] size_t held_bytes() const { return held_.size(); }

 private:
  struct Pattern {
    std::string text;
    std::vector<size_t> failure;  // length of the longest border of each prefix
    size_t state = 0;             // bytes of the pattern that end the text so far
  };
  static void Advance(Pattern& pattern, char c);

  std::vector<Pattern> patterns_;
  std::string held_;
  std::optional<std::string> matched_;
};

}  // namespace lemma::service
