// SPDX-License-Identifier: Apache-2.0
// One client connection: a small state machine over reads, writes and deadlines. Requests of one
// connection are answered one after the other; what a client sends ahead waits, within a bound.
//   handshake -> idle -> header -> body -> answering -> idle ...; or, after a refusal, lingering
//   until the client has read it.
// Threads: the one of its io_context.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/http_server.h"
#include "server/http/request_reader.h"
#include "server/http/transport.h"
#include "server/http_types.h"
#include "server/router.h"

namespace lemma::server {

using SteadyTime = std::chrono::steady_clock::time_point;

// What all connections of a server share.
struct HttpShared {
  HttpServerOptions options;
  const Router& router;
  std::function<void(const AccessRecord&)> on_access;
  std::atomic<size_t> connections{0};
  std::atomic<size_t> answering{0};
  std::atomic<uint64_t> accepted{0};
  std::atomic<uint64_t> refused{0};
  std::atomic<uint64_t> timeouts{0};
  std::atomic<bool> draining{false};
  std::atomic<bool> stopped{false};
};

class HttpExchange;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  struct Start {
    std::unique_ptr<Transport> transport;
    std::string peer;
    std::function<void(Connection*)> on_closed;
  };
  Connection(boost::asio::io_context& io, HttpShared& shared, Start start);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Begin();
  // Ends what has waited too long.
  void Sweep(SteadyTime now);
  // Closes if nothing is under way; else after the answer.
  void Drain();
  void Close();

  boost::asio::io_context& io() { return io_; }
  HttpShared& shared() { return shared_; }

 private:
  friend class HttpExchange;
  enum class Phase : uint8_t { kHandshake, kIdle, kHeader, kBody, kAnswering, kLinger, kClosed };

  void Read();
  void OnRead(const Transport::Error& error, std::string_view bytes);
  void OnBytes(std::string_view bytes);
  void OnEndOfInput();
  // The head has come: Host, Origin, route and key. False when it was refused.
  bool Screen();
  void Dispatch();
  // Answers without a handler; closes afterwards unless the whole request was read.
  void Refuse(const ApiError& error);
  void SendWhole(const Response& response);

  // For the exchange.
  void SendHead(const StreamHead& head);
  WriteState WriteChunk(std::string_view bytes);
  void EndChunks();
  void DroppedUnanswered();

  void BeginAnswer();
  [[nodiscard]] std::string HeadText(int status, std::string_view content_type,
                                     const std::vector<Header>& headers,
                                     std::optional<size_t> length);
  [[nodiscard]] size_t queued() const { return out_.size() + sending_.size() - sent_; }
  void Enqueue(std::string_view bytes);
  void WriteSome();
  void OnWritten(const Transport::Error& error, size_t written);
  void FinishAnswer();
  void Report(bool complete);
  void SetDeadline(std::chrono::milliseconds wait);

  boost::asio::io_context& io_;
  HttpShared& shared_;
  std::unique_ptr<Transport> transport_;
  std::function<void(Connection*)> on_closed_;
  const std::string peer_;
  Phase phase_ = Phase::kHandshake;
  bool reading_ = false;
  bool writing_ = false;      // a write is under way, or about to be
  bool complete_ = false;     // the answer is queued to its end
  bool close_after_ = false;  // the answer
  bool chunked_ = false;
  bool head_only_ = false;
  SteadyTime deadline_ = SteadyTime::max();        // of reading
  SteadyTime write_deadline_ = SteadyTime::max();  // of the write under way
  SteadyTime body_start_;
  SteadyTime request_start_;
  std::unique_ptr<RequestReader> reader_;
  std::shared_ptr<const Request> request_;  // being answered, or the last one
  std::weak_ptr<HttpExchange> exchange_;
  std::vector<Header> cors_;
  Router::Match match_;
  std::string pipelined_;  // read ahead of the present answer
  std::string out_;
  std::string sending_;
  size_t sent_ = 0;  // of sending_
  int status_ = 0;
  uint64_t response_bytes_ = 0;
};

}  // namespace lemma::server
