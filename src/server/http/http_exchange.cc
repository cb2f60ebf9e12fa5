// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_exchange.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lemma::server {

HttpExchange::HttpExchange(std::shared_ptr<Connection> connection,
                           std::shared_ptr<const Request> request)
    : connection_(std::move(connection)), request_(std::move(request)) {}

// NOLINTNEXTLINE(bugprone-exception-escape): want of memory ends the process
HttpExchange::~HttpExchange() {
  HttpShared& shared = connection_->shared();
  if (shared.stopped) return;
  boost::asio::io_context& io = connection_->io();
  if (stage_ == Stage::kDone || gone_) {
    // The connection's last reference is given up on its own thread.
    boost::asio::post(io, [connection = std::move(connection_)] {});
    return;
  }
  boost::asio::post(io, [connection = std::move(connection_), stage = stage_] {
    if (stage == Stage::kOpen) {
      connection->DroppedUnanswered();
    } else {
      connection->Close();
    }
  });
}

void HttpExchange::Send(Response response) {
  if (gone_ || stage_ != Stage::kOpen) return;
  stage_ = Stage::kDone;
  connection_->SendWhole(response);
  Finish();
}

void HttpExchange::Begin(StreamHead head) {
  if (gone_ || stage_ != Stage::kOpen) return;
  stage_ = Stage::kStreaming;
  connection_->SendHead(head);
}

WriteState HttpExchange::Write(std::string_view bytes) {
  if (gone_ || stage_ != Stage::kStreaming) return WriteState::kGone;
  ++writes_;
  const WriteState state = connection_->WriteChunk(bytes);
  full_ = state == WriteState::kFull;
  return state;
}

void HttpExchange::End() {
  if (gone_ || stage_ != Stage::kStreaming) return;
  stage_ = Stage::kDone;
  connection_->EndChunks();
  Finish();
}

void HttpExchange::Abort() {
  if (gone_ || stage_ == Stage::kDone) return;
  connection_->Close();  // marks this exchange as gone
}

bool HttpExchange::writable() const { return !gone_ && stage_ != Stage::kDone && !full_; }

void HttpExchange::OnDrain(Callback callback) { on_drain_ = std::move(callback); }

void HttpExchange::OnGone(Callback callback) {
  if (stage_ == Stage::kDone) return;
  on_gone_ = std::move(callback);
  if (gone_ && on_gone_) boost::asio::post(connection_->io(), std::exchange(on_gone_, {}));
}

Exchange::Poster HttpExchange::poster() const {
  return [io = &connection_->io(), shared = &connection_->shared()](Callback task) {
    if (!shared->stopped) boost::asio::post(*io, std::move(task));
  };
}

void HttpExchange::After(std::chrono::milliseconds delay, Callback task) {
  auto timer = std::make_shared<boost::asio::steady_timer>(connection_->io(), delay);
  timer->async_wait([timer, task = std::move(task)](const boost::system::error_code& error) {
    if (!error) task();
  });
}

void HttpExchange::MarkGone() {
  if (gone_) return;
  gone_ = true;
  on_drain_ = nullptr;
  if (on_gone_) boost::asio::post(connection_->io(), std::exchange(on_gone_, {}));
}

void HttpExchange::MarkRoom() {
  if (!full_) return;
  full_ = false;
  if (const Callback callback = on_drain_) callback();
}

// The callbacks may hold this exchange: they go, but not while one of them runs.
void HttpExchange::Finish() {
  boost::asio::post(connection_->io(),
                    [drain = std::exchange(on_drain_, {}), gone = std::exchange(on_gone_, {})] {});
}

}  // namespace lemma::server
