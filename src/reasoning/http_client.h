// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 requests to one server, many at a time, on the caller's thread: nothing happens outside
// of RunFor. A connection a request, no redirects, certificates checked against the system's. On
// Boost.Beast, which the server of this project stands on, too. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace lemma::reasoning {

// "https://host:8080/v1".
struct BaseUrl {
  bool tls = false;
  std::string host;  // without the brackets of an IPv6 address
  std::string port;
  std::string path;  // "/v1"; without a slash at its end
  std::string text;  // as it was given, without that slash
};
// InvalidArgument says what was expected.
Result<BaseUrl> ParseBaseUrl(std::string_view text);

struct HttpCall {
  std::string target;     // behind the path of the base: "/chat/completions"
  std::string body;       // JSON, sent by POST; empty: GET
  std::string bearer;     // for Authorization; empty: none
  double seconds = 3600;  // until the whole reply is there
};

struct HttpReply {
  int status = 0;
  std::string body;
  std::optional<double> retry_after;  // seconds; of that header where it is a number
};
inline constexpr size_t kMostReplyBytes = 16 << 20;

class HttpClient {
 public:
  explicit HttpClient(BaseUrl base);
  ~HttpClient();  // drops what still runs
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `done` runs once, inside RunFor. Errors: kIo (no connection), kDeadlineExceeded, kDataLoss (the
  // reply was cut off, or is no HTTP), kResourceExhausted (too long).
  using Done = std::function<void(Result<HttpReply>)>;
  uint64_t Send(const HttpCall& call, Done done);
  uint64_t After(double seconds, std::function<void()> then);
  // Of either: its function does not run any more. An id that has ended is let pass.
  void Cancel(uint64_t id);
  // Until one of these functions has run, at most this long.
  void RunFor(std::chrono::nanoseconds timeout);

  [[nodiscard]] const BaseUrl& base() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lemma::reasoning
