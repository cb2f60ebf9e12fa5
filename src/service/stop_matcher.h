// SPDX-License-Identifier: Apache-2.0
// Finds stop strings in text that comes in pieces. Text that may be the beginning of a stop string
// is held back until it is decided. One stream, one thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lemma::service {

class StopMatcher {
 public:
  // Empty strings are ignored.
  explicit StopMatcher(std::vector<std::string> stops);

  // The text that may be shown now. After a match: empty.
  std::string Feed(std::string_view text);
  // The end of the stream: what was held back.
  std::string Flush();
  // The stop string that was found first.
  [[nodiscard]] const std::optional<std::string>& matched() const { return matched_; }

 private:
  std::vector<std::string> stops_;
  std::string held_;
  std::optional<std::string> matched_;
};

}  // namespace lemma::service
