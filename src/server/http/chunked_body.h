// SPDX-License-Identifier: Apache-2.0
// The chunked transfer coding (RFC 9112, 7.1), decoded as it comes in:
//   1*HEX [;extension] CRLF, that many bytes, CRLF, ...; 0 [;extension] CRLF, *(trailer CRLF), CRLF
// Strict: a line ends in CRLF only. Extensions and trailers are dropped. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lemma::server {

class ChunkedBody {
 public:
  explicit ChunkedBody(uint64_t max_bytes) : max_bytes_(max_bytes) {}

  enum class State : uint8_t { kMore, kDone, kBad, kTooLarge };
  // Takes bytes from the front of `bytes` and appends what they carry to `body`. After kDone the
  // rest belongs to the next request.
  State Feed(std::string_view& bytes, std::string& body);

 private:
  enum class Part : uint8_t { kSize, kData, kDataEnd, kTrailer };
  State TakeLine(std::string& body);

  static constexpr size_t kMaxLine = 256;
  static constexpr size_t kMaxTrailers = 8192;

  const uint64_t max_bytes_;
  Part part_ = Part::kSize;
  std::string line_;     // of the size, the end of data, or a trailer, so far
  uint64_t left_ = 0;    // of the chunk's data
  size_t trailers_ = 0;  // bytes
};

}  // namespace lemma::server
