// SPDX-License-Identifier: Apache-2.0
#include "server/http/chunked_body.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace lemma::server {

ChunkedBody::State ChunkedBody::Feed(std::string_view& bytes, std::string& body) {
  while (!bytes.empty()) {
    if (part_ == Part::kData) {
      const size_t count = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
      body.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      left_ -= count;
      if (left_ == 0) part_ = Part::kDataEnd;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    const bool after_return = !line_.empty() && line_.back() == '\r';
    if ((c == '\n') != after_return) return State::kBad;  // a bare LF, or a bare CR
    line_ += c;
    const size_t most = part_ == Part::kTrailer ? kMaxTrailers : kMaxLine;
    if (line_.size() > most) return State::kBad;
    if (c != '\n') continue;
    const State state = TakeLine(body);
    line_.clear();
    if (state != State::kMore) return state;
  }
  return State::kMore;
}

// A whole line, CRLF included.
ChunkedBody::State ChunkedBody::TakeLine(std::string& body) {
  if (part_ == Part::kDataEnd) {
    part_ = Part::kSize;
    return line_.size() == 2 ? State::kMore : State::kBad;
  }
  if (part_ == Part::kTrailer) {
    trailers_ += line_.size();
    if (trailers_ > kMaxTrailers) return State::kBad;
    return line_.size() == 2 ? State::kDone : State::kMore;
  }
  const size_t end = std::min(line_.find_first_of(";\r"), line_.size());
  const std::string_view digits = std::string_view(line_).substr(0, end);
  constexpr int kHexadecimal = 16;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), left_, kHexadecimal);
  if (error == std::errc::result_out_of_range) return State::kTooLarge;
  if (error != std::errc() || stop != digits.data() + digits.size()) return State::kBad;
  if (left_ > max_bytes_ || body.size() > max_bytes_ - left_) return State::kTooLarge;
  part_ = left_ == 0 ? Part::kTrailer : Part::kData;
  return State::kMore;
}

}  // namespace lemma::server
