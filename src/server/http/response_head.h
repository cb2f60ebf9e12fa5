// SPDX-License-Identifier: Apache-2.0
// The bytes of an answer's head (RFC 9112, 4 and 5): status line, headers of the server and of the
// handler, and an id of the answer's own. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/http_types.h"

namespace lemma::server {

enum class Framing : uint8_t {
  kLength,      // Content-Length
  kChunked,     // chunks of a stream, which proxies are asked not to hold back
  kUntilClose,  // HTTP/1.0: the end of the connection ends the answer
};
enum class ConnectionHeader : uint8_t { kNone, kClose, kKeepAlive };

struct ResponseHead {
  int status = 200;
  std::string_view content_type;
  Framing framing = Framing::kLength;
  size_t length = 0;  // of kLength
  ConnectionHeader connection = ConnectionHeader::kNone;
};

// Ends with the empty line. Control characters in values of headers are left out: with them a value
// could write headers of its own.
std::string ResponseHeadText(const ResponseHead& head, const std::vector<Header>& headers,
                             const std::vector<Header>& more_headers);

}  // namespace lemma::server
