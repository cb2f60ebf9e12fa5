// SPDX-License-Identifier: Apache-2.0
// The server's Exchange: hands the answer to its connection while there is one.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "server/http/connection.h"
#include "server/http_types.h"

namespace lemma::server {

class HttpExchange final : public Exchange {
 public:
  HttpExchange(std::shared_ptr<Connection> connection, std::shared_ptr<const Request> request);
  // On any thread.
  ~HttpExchange() override;  // NOLINT(bugprone-exception-escape): want of memory ends the process
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  [[nodiscard]] const Request& request() const override { return *request_; }
  void Send(Response response) override;
  void Begin(StreamHead head) override;
  WriteState Write(std::string_view bytes) override;
  void End() override;
  void Abort() override;
  [[nodiscard]] bool gone() const override { return gone_; }
  [[nodiscard]] bool writable() const override;
  [[nodiscard]] uint64_t writes() const override { return writes_; }
  void OnDrain(Callback callback) override;
  void OnGone(Callback callback) override;
  [[nodiscard]] Poster poster() const override;
  void After(std::chrono::milliseconds delay, Callback task) override;

  // From the connection.
  void MarkGone();
  void MarkRoom();

 private:
  enum class Stage : uint8_t { kOpen, kStreaming, kDone };
  void Finish();

  std::shared_ptr<Connection> connection_;
  const std::shared_ptr<const Request> request_;
  Stage stage_ = Stage::kOpen;
  uint64_t writes_ = 0;
  bool gone_ = false;
  bool full_ = false;
  Callback on_drain_;
  Callback on_gone_;
};

}  // namespace lemma::server
