// SPDX-License-Identifier: Apache-2.0
// Bytes of a connection to one HTTP/1.1 request (RFC 9110, RFC 9112), within limits. Refuses what
// smuggling lives from: both Content-Length and chunked coding, bad lengths, several Host fields,
// targets that are no path. Does no input or output; how the bytes are cut changes nothing but how
// soon a bad request is refused. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/http_types.h"

namespace lemma::server {

struct RequestLimits {
  size_t target_bytes = 8192;
  size_t header_bytes = 24576;  // request line and all fields
  size_t header_fields = 100;
  uint64_t body_bytes = 4ULL << 20;  // chunked bodies too
};

class RequestReader {
 public:
  explicit RequestReader(const RequestLimits& limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  enum class State : uint8_t { kHeader, kBody, kDone, kFailed };
  // Takes all bytes; what follows the request is kept for TakeRest.
  State Feed(std::string_view bytes);
  [[nodiscard]] State state() const { return state_; }
  // After kDone: the bytes behind the request.
  std::string TakeRest();

  // From kBody on.
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  [[nodiscard]] bool http_1_0() const { return http_1_0_; }
  // The client waits for "100 Continue" before it sends the body.
  [[nodiscard]] bool expects_continue() const { return expects_continue_; }
  [[nodiscard]] size_t body_received() const { return request_.body.size(); }
  // From kBody on, without the body before kDone; peer, client and parameter are left empty.
  [[nodiscard]] Request& request() { return request_; }

  // Fills in the request's path as far as the first line has come; for answers to requests that
  // were never read whole. Keeps a path that is known.
  void GuessPath();
  // After kFailed: the status to answer with, and why.
  [[nodiscard]] int error_status() const { return error_status_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  struct Parser;
  State Fail(int status, std::string error);
  State FailTooLarge();
  State ReadHead();
  State CheckHead();
  State ReadBody();

  const RequestLimits limits_;
  std::unique_ptr<Parser> parser_;
  std::string pending_;  // not taken yet
  Request request_;
  State state_ = State::kHeader;
  bool keep_alive_ = false;
  bool http_1_0_ = false;
  bool expects_continue_ = false;
  int error_status_ = 0;
  std::string error_;
};

}  // namespace lemma::server
