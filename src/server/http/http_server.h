// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 over TCP or TLS: a few threads, each with its own event loop and its own connections; no
// thread waits for a client. Every wait has a limit; every buffer has a bound. An idle connection
// costs a few hundred bytes (with TLS about 50 KB).
// Threads: Start, Drain and Stop from one thread; the rest is said at each.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "server/http/guard.h"
#include "server/http/request_reader.h"
#include "server/router.h"

namespace lemma::server {

struct HttpTimeouts {
  std::chrono::milliseconds header{10'000};       // from the first byte of a request; TLS handshake
  std::chrono::milliseconds body_stall{10'000};   // between two pieces of a body
  std::chrono::milliseconds body_grace{30'000};   // then a body must come at 1 KB/s
  std::chrono::milliseconds idle{60'000};         // between requests
  std::chrono::milliseconds write_stall{30'000};  // the client takes nothing
  std::chrono::milliseconds linger{2'000};        // for an error to arrive before the end
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // "localhost": 127.0.0.1 and ::1
  uint16_t port = 7860;            // 0: a free one
  int threads = 2;
  size_t max_connections = 16384;
  RequestLimits limits;
  HttpTimeouts timeouts;
  // Bytes of an answer that wait for the client before Exchange::Write says kFull.
  size_t write_queue_bytes = 256 << 10;
  GuardOptions guard;
  ApiKeys keys;
  std::string tls_certificate;  // PEM files; both or none
  std::string tls_key;
};

// One answered (or failed) request, for the log and the metrics. The views are good during the
// call.
struct AccessRecord {
  std::string_view method;
  std::string_view path;
  std::string_view route;  // the pattern; empty when none matched
  std::string_view client;
  int status = 0;               // 0: the client left before there was one
  bool complete = true;         // false: the client left before the end
  uint64_t request_bytes = 0;   // body
  uint64_t response_bytes = 0;  // with its head
  double seconds = 0;
};

struct HttpCounts {
  size_t connections = 0;  // open
  size_t answering = 0;    // requests being answered
  uint64_t accepted = 0;
  uint64_t refused = 0;  // connections beyond the limit
  uint64_t timeouts = 0;
};

class HttpServer {
 public:
  // The router must outlive the server. `on_access` is called from server threads, or empty.
  HttpServer(HttpServerOptions options, const Router& router,
             std::function<void(const AccessRecord&)> on_access);
  // Stops first.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens and serves. Errors name the address, or the TLS file. A host that is not this machine
  // needs a key.
  Status Start();
  [[nodiscard]] uint16_t port() const;  // after Start
  // "http://127.0.0.1:7860"
  [[nodiscard]] std::string url() const;

  // Accepts no more, closes idle connections, and waits until all answers are complete; false when
  // that took longer than `limit` or `stop_waiting` said so.
  bool Drain(std::chrono::milliseconds limit, const std::function<bool()>& stop_waiting);
  // Closes everything and joins the threads. Callbacks posted later are dropped.
  void Stop();

  [[nodiscard]] HttpCounts Counts() const;  // any thread
  [[nodiscard]] bool draining() const;      // any thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether only this machine reaches that host: "localhost", 127.x.x.x, ::1.
bool IsLoopback(const std::string& host);

}  // namespace lemma::server
