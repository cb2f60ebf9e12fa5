// SPDX-License-Identifier: Apache-2.0
#include "service/stop_matcher.h"

#include <algorithm>
#include <utility>

namespace lemma::service {
namespace {

// Length of the longest end of `text` that begins `stop` without being all of it.
size_t PendingLength(std::string_view text, std::string_view stop) {
  for (size_t n = std::min(text.size(), stop.size() - 1); n > 0; --n) {
    if (text.ends_with(stop.substr(0, n))) return n;
  }
  return 0;
}

}  // namespace

StopMatcher::StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase(stops_, std::string());
}

std::string StopMatcher::Feed(std::string_view text) {
  if (matched_) return {};
  held_ += text;
  size_t first = std::string::npos;
  for (const std::string& stop : stops_) {
    const size_t at = held_.find(stop);
    if (at < first) {
      first = at;
      matched_ = stop;
    }
  }
  if (matched_) {
    std::string out = held_.substr(0, first);
    held_.clear();
    return out;
  }
  size_t pending = 0;
  for (const std::string& stop : stops_) pending = std::max(pending, PendingLength(held_, stop));
  std::string out = held_.substr(0, held_.size() - pending);
  held_.erase(0, out.size());
  return out;
}

std::string StopMatcher::Flush() { return matched_ ? std::string() : std::exchange(held_, {}); }

}  // namespace lemma::service
