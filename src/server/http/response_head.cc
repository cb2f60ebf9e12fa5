// SPDX-License-Identifier: Apache-2.0
#include "server/http/response_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <iterator>
#include <random>

namespace lemma::server {
namespace {

// Unlike those of other answers, of this process and others.
std::string NewRequestId() {
  static const uint32_t process = std::random_device{}();
  static std::atomic<uint64_t> counter{0};
  return fmt::format("req_{:08x}{:012x}", process, counter.fetch_add(1, std::memory_order_relaxed));
}

// RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string HttpDate() {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

std::string HeaderValue(std::string_view value) {
  std::string out;
  std::copy_if(value.begin(), value.end(), std::back_inserter(out),
               [](char c) { return static_cast<unsigned char>(c) >= ' '; });
  return out;
}

}  // namespace

std::string ResponseHeadText(const ResponseHead& head, const std::vector<Header>& headers,
                             const std::vector<Header>& more_headers) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", head.status,
                                StatusText(head.status), HttpDate());
  const bool body = head.status != 204;
  if (body) out += fmt::format("Content-Type: {}\r\n", head.content_type);
  if (body && head.framing == Framing::kLength) {
    out += fmt::format("Content-Length: {}\r\n", head.length);
  }
  if (head.framing == Framing::kChunked) {
    out += "Transfer-Encoding: chunked\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\n";
  }
  out += "X-Content-Type-Options: nosniff\r\n";
  // Under the names that the clients of OpenAI and of Anthropic look for.
  const std::string id = NewRequestId();
  out += fmt::format("x-request-id: {}\r\nrequest-id: {}\r\n", id, id);
  for (const auto* list : {&headers, &more_headers}) {
    for (const Header& header : *list) {
      out += fmt::format("{}: {}\r\n", header.name, HeaderValue(header.value));
    }
  }
  if (head.connection == ConnectionHeader::kClose) out += "Connection: close\r\n";
  if (head.connection == ConnectionHeader::kKeepAlive) out += "Connection: keep-alive\r\n";
  return out += "\r\n";
}

}  // namespace lemma::server
