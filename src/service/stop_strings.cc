// SPDX-License-Identifier: Apache-2.0
#include "service/stop_strings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lemma::service {

Status StopMatcher::Validate(const std::vector<std::string>& stops) {
  if (stops.size() > kMaxStopStrings) {
    return InvalidArgument(
        fmt::format("stop: {} strings, at most {} are allowed", stops.size(), kMaxStopStrings));
  }
  for (size_t i = 0; i < stops.size(); ++i) {
    if (stops[i].empty()) return InvalidArgument(fmt::format("stop[{}]: an empty string", i));
    if (stops[i].size() > kMaxStopStringBytes) {
      return InvalidArgument(fmt::format("stop[{}]: {} bytes, at most {} are allowed", i,
                                         stops[i].size(), kMaxStopStringBytes));
    }
  }
  return OkStatus();
}

StopMatcher::StopMatcher(const std::vector<std::string>& stops) {
  for (const std::string& text : stops) {
    Pattern pattern;
    pattern.text = text;
    pattern.failure.assign(text.size(), 0);
    for (size_t i = 1, border = 0; i < text.size(); ++i) {
      while (border > 0 && text[i] != text[border]) border = pattern.failure[border - 1];
      if (text[i] == text[border]) ++border;
      pattern.failure[i] = border;
    }
    patterns_.push_back(std::move(pattern));
  }
}

void StopMatcher::Advance(Pattern& pattern, char c) {
  while (pattern.state > 0 && pattern.text[pattern.state] != c) {
    pattern.state = pattern.failure[pattern.state - 1];
  }
  if (pattern.text[pattern.state] == c) ++pattern.state;
}

std::string StopMatcher::Push(std::string_view text) {
  if (matched_) return {};
  if (patterns_.empty()) return std::string(text);
  for (const char c : text) {
    held_ += c;
    const Pattern* complete = nullptr;
    for (Pattern& pattern : patterns_) {
      Advance(pattern, c);
      if (pattern.state < pattern.text.size()) continue;
      if (complete == nullptr || pattern.text.size() > complete->text.size()) complete = &pattern;
    }
    if (complete != nullptr) {
      matched_ = complete->text;
      held_.resize(held_.size() - complete->text.size());
      return std::exchange(held_, {});
    }
  }
  size_t keep = 0;
  for (const Pattern& pattern : patterns_) keep = std::max(keep, pattern.state);
  std::string certain = held_.substr(0, held_.size() - keep);
  held_.erase(0, certain.size());
  return certain;
}

std::string StopMatcher::Flush() {
  for (Pattern& pattern : patterns_) pattern.state = 0;
  return std::exchange(held_, {});
}

}  // namespace lemma::service
