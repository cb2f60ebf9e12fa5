// SPDX-License-Identifier: Apache-2.0
// Framing of streamed answers: server-sent events (WHATWG HTML, "Server-sent events") and NDJSON.
// `json` must be one line, as Boost.JSON writes it. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace lemma::server {

inline std::string SseData(std::string_view json) {
  std::string out = "data: ";
  out.append(json);
  return out += "\n\n";
}

inline std::string SseEvent(std::string_view event, std::string_view json) {
  std::string out = "event: ";
  out.append(event);
  out += '\n';
  return out += SseData(json);
}

// A comment, which clients pass over.
inline constexpr std::string_view kSseKeepAlive = ": keep-alive\n\n";

inline std::string NdjsonLine(std::string_view json) {
  std::string out(json);
  return out += '\n';
}

}  // namespace lemma::server
