// SPDX-License-Identifier: Apache-2.0
#include "server/http/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "base/log.h"
#include "server/http/http_exchange.h"
#include "server/http/response_head.h"

namespace lemma::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxReadAhead = 64 << 10;  // of pipelined requests
constexpr uint64_t kLeastBodyRate = 1024;   // bytes a second
constexpr size_t kOverfull = 8;             // times the write bound
constexpr size_t kKeepCapacity = 4 << 10;   // of write buffers between answers

ErrorKind KindForStatus(int status) {
  return status == 413 ? ErrorKind::kTooLarge : ErrorKind::kInvalidRequest;
}

}  // namespace

Connection::Connection(boost::asio::io_context& io, HttpShared& shared, Start start)
    : io_(io),
      shared_(shared),
      transport_(std::move(start.transport)),
      on_closed_(std::move(start.on_closed)),
      peer_(std::move(start.peer)) {
  ++shared_.connections;
}

Connection::~Connection() { --shared_.connections; }

void Connection::SetDeadline(milliseconds wait) { deadline_ = steady_clock::now() + wait; }

void Connection::Begin() {
  SetDeadline(shared_.options.timeouts.header);
  transport_->Handshake([self = shared_from_this()](const Transport::Error& error) {
    if (self->phase_ == Phase::kClosed) return;
    if (error) return self->Close();
    self->phase_ = Phase::kIdle;
    self->SetDeadline(self->shared_.options.timeouts.idle);
    self->Read();
  });
}

void Connection::Read() {
  if (reading_ || phase_ == Phase::kClosed) return;
  reading_ = true;
  transport_->Read(
      [self = shared_from_this()](const Transport::Error& error, std::string_view bytes) {
        self->reading_ = false;
        self->OnRead(error, bytes);
      });
}

void Connection::OnRead(const Transport::Error& error, std::string_view bytes) {
  if (phase_ == Phase::kClosed) return;
  if (error) return OnEndOfInput();
  OnBytes(bytes);
  if (phase_ == Phase::kAnswering && pipelined_.size() > kMaxReadAhead) return;
  Read();
}

void Connection::OnEndOfInput() {
  // A client may close its side once it has sent all, when the answer needs nothing more of it.
  if (phase_ == Phase::kAnswering && complete_) {
    close_after_ = true;
    return;
  }
  Close();
}

void Connection::OnBytes(std::string_view bytes) {
  if (phase_ == Phase::kLinger) return;
  if (phase_ == Phase::kAnswering) {
    pipelined_.append(bytes);
    return;
  }
  if (phase_ == Phase::kIdle) {
    phase_ = Phase::kHeader;
    cors_.clear();
    match_ = {};
    request_start_ = steady_clock::now();
    SetDeadline(shared_.options.timeouts.header);
    reader_ = std::make_unique<RequestReader>(shared_.options.limits);
  }
  const RequestReader::State state = reader_->Feed(bytes);
  if (state == RequestReader::State::kFailed) {
    ApiError error;
    error.kind = KindForStatus(reader_->error_status());
    error.status_override = reader_->error_status();
    error.message = reader_->error();
    return Refuse(error);
  }
  if (state == RequestReader::State::kHeader) return;
  if (phase_ == Phase::kHeader) {
    phase_ = Phase::kBody;
    body_start_ = steady_clock::now();
    if (!Screen()) return;
    if (reader_->expects_continue() && state != RequestReader::State::kDone) {
      Enqueue("HTTP/1.1 100 Continue\r\n\r\n");
    }
  }
  if (state == RequestReader::State::kDone) return Dispatch();
  const HttpTimeouts& timeouts = shared_.options.timeouts;
  const milliseconds earned(reader_->body_received() * 1000 / kLeastBodyRate);
  deadline_ = std::min(steady_clock::now() + timeouts.body_stall,
                       body_start_ + timeouts.body_grace + earned);
}

bool Connection::Screen() {
  Request& request = reader_->request();
  request.peer = peer_;
  request.client = peer_;
  const HttpServerOptions& options = shared_.options;
  if (const auto error = CheckSource(options.guard, request)) return Refuse(*error), false;
  if (CheckOrigin(options.guard, request) == OriginVerdict::kListed) cors_ = CorsHeaders(request);
  if (IsPreflight(options.guard, request)) return true;
  match_ = shared_.router.Find(request.method, request.path);
  const bool open = match_.route != nullptr && match_.route->access == Access::kOpen;
  if (!open) {
    if (const auto error = CheckKey(options.keys, request)) return Refuse(*error), false;
  }
  ApiError error;
  if (shared_.draining && !open) {
    error.kind = ErrorKind::kStopping;
    error.message = "the server is shutting down";
    error.retry_after_seconds = 5;
    return Refuse(error), false;
  }
  if (match_.route != nullptr) return true;
  const bool known = !match_.allowed.empty();
  error.kind = known ? ErrorKind::kMethodNotAllowed : ErrorKind::kNotFound;
  error.message = fmt::format("{} {}: {}", MethodName(request.method), request.path,
                              known ? "the path does not take this method" : "no such path");
  return Refuse(error), false;
}

void Connection::BeginAnswer() {
  const bool whole = reader_->state() == RequestReader::State::kDone;
  phase_ = Phase::kAnswering;
  deadline_ = SteadyTime::max();
  complete_ = false;
  status_ = 0;
  response_bytes_ = 0;
  close_after_ = !whole || !reader_->keep_alive();
  chunked_ = !reader_->http_1_0();
  if (whole) pipelined_ = reader_->TakeRest();
  Request request = std::move(reader_->request());
  request.parameter = match_.parameter;
  head_only_ = request.method == Method::kHead;
  request_ = std::make_shared<const Request>(std::move(request));
  ++shared_.answering;
}

void Connection::Dispatch() {
  BeginAnswer();
  if (match_.route == nullptr) {  // a preflight
    Response response;
    response.status = 204;
    return SendWhole(response);
  }
  const auto exchange = std::make_shared<HttpExchange>(shared_from_this(), request_);
  exchange_ = exchange;
  try {
    match_.route->handler(exchange);
  } catch (const std::exception& error) {
    Log(LogLevel::kError, fmt::format("{}: {}", match_.route->pattern, error.what()));
    ApiError failure;
    failure.message = "the request failed inside the server";
    exchange->Send(shared_.router.FormatError(request_->path, failure));
  }
}

void Connection::Refuse(const ApiError& error) {
  BeginAnswer();
  Response response = shared_.router.FormatError(request_->path, error);
  if (error.kind == ErrorKind::kMethodNotAllowed) {
    std::string allowed;
    for (const Method method : match_.allowed) {
      allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", MethodName(method));
    }
    response.headers.push_back({"Allow", allowed});
  }
  if (error.kind == ErrorKind::kUnauthorized) {
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
  }
  SendWhole(response);
}

std::string Connection::HeadText(int status, std::string_view content_type,
                                 const std::vector<Header>& headers, std::optional<size_t> length) {
  status_ = status;
  ResponseHead head;
  head.status = status;
  head.content_type = content_type;
  head.length = length.value_or(0);
  if (!length) head.framing = chunked_ ? Framing::kChunked : Framing::kUntilClose;
  if (shared_.draining || head.framing == Framing::kUntilClose) close_after_ = true;
  if (close_after_) {
    head.connection = ConnectionHeader::kClose;
  } else if (!chunked_) {  // HTTP/1.0
    head.connection = ConnectionHeader::kKeepAlive;
  }
  return ResponseHeadText(head, headers, cors_);
}

void Connection::SendWhole(const Response& response) {
  std::string text =
      HeadText(response.status, response.content_type, response.headers, response.body.size());
  if (!head_only_) text += response.body;
  complete_ = true;
  Enqueue(text);
}

void Connection::SendHead(const StreamHead& head) {
  Enqueue(HeadText(head.status, head.content_type, head.headers, std::nullopt));
}

WriteState Connection::WriteChunk(std::string_view bytes) {
  if (phase_ != Phase::kAnswering) return WriteState::kGone;
  if (bytes.empty() || head_only_) return WriteState::kReady;
  if (chunked_) Enqueue(fmt::format("{:x}\r\n", bytes.size()));
  Enqueue(bytes);
  if (chunked_) Enqueue("\r\n");
  const size_t bound = shared_.options.write_queue_bytes;
  if (queued() > kOverfull * bound) {
    boost::asio::post(io_, [self = shared_from_this()] { self->Close(); });
  }
  return queued() > bound ? WriteState::kFull : WriteState::kReady;
}

void Connection::EndChunks() {
  complete_ = true;
  if (chunked_ && !head_only_) {
    Enqueue("0\r\n\r\n");
  } else if (!writing_) {
    boost::asio::post(io_, [self = shared_from_this()] { self->FinishAnswer(); });
  }
}

void Connection::DroppedUnanswered() {
  if (phase_ != Phase::kAnswering || complete_) return;
  ApiError error;
  error.message = "the request was dropped without an answer";
  SendWhole(shared_.router.FormatError(request_->path, error));
}

void Connection::Enqueue(std::string_view bytes) {
  if (phase_ == Phase::kClosed) return;
  out_.append(bytes);
  if (writing_) return;
  writing_ = true;
  // Written after this call, so that what belongs together goes out together.
  boost::asio::post(io_, [self = shared_from_this()] {
    if (self->phase_ == Phase::kClosed) return;
    self->sending_.swap(self->out_);
    self->WriteSome();
  });
}

void Connection::WriteSome() {
  write_deadline_ = steady_clock::now() + shared_.options.timeouts.write_stall;
  transport_->Write(std::string_view(sending_).substr(sent_),
                    [self = shared_from_this()](const Transport::Error& error, size_t written) {
                      self->OnWritten(error, written);
                    });
}

void Connection::OnWritten(const Transport::Error& error, size_t written) {
  if (phase_ == Phase::kClosed) return;
  if (error) return Close();
  sent_ += written;
  response_bytes_ += written;
  if (sent_ == sending_.size()) {
    sending_.clear();
    sent_ = 0;
  }
  if (queued() < shared_.options.write_queue_bytes / 4) {
    if (const auto exchange = exchange_.lock()) exchange->MarkRoom();
    if (phase_ == Phase::kClosed) return;
  }
  if (sending_.empty()) sending_.swap(out_);
  if (!sending_.empty()) return WriteSome();
  writing_ = false;
  write_deadline_ = SteadyTime::max();
  if (phase_ == Phase::kAnswering && complete_) FinishAnswer();
}

void Connection::FinishAnswer() {
  if (phase_ != Phase::kAnswering) return;
  Report(/*complete=*/true);
  phase_ = Phase::kIdle;
  exchange_.reset();
  if (close_after_) {
    const bool unread = reader_->state() != RequestReader::State::kDone;
    if (!unread) return Close();
    // A close with unread input would reset the connection before the client has read the answer.
    transport_->ShutdownSend();
    phase_ = Phase::kLinger;
    SetDeadline(shared_.options.timeouts.linger);
    return Read();
  }
  reader_.reset();
  if (sending_.capacity() > kKeepCapacity) std::string().swap(sending_);
  if (out_.capacity() > kKeepCapacity) std::string().swap(out_);
  SetDeadline(shared_.options.timeouts.idle);
  if (shared_.draining) return Close();
  const std::string rest = std::exchange(pipelined_, {});
  if (!rest.empty()) OnBytes(rest);
  Read();
}

void Connection::Report(bool complete) {
  --shared_.answering;
  if (!shared_.on_access) return;
  const Request& request = *request_;
  AccessRecord record;
  record.method = MethodName(request.method);
  record.path = request.path;
  if (match_.route != nullptr) record.route = match_.route->pattern;
  record.client = request.client;
  record.status = status_;
  record.complete = complete;
  record.request_bytes = request.body.size();
  record.response_bytes = response_bytes_;
  record.seconds = std::chrono::duration<double>(steady_clock::now() - request_start_).count();
  shared_.on_access(record);
}

void Connection::Sweep(SteadyTime now) {
  if (now < deadline_ && now < write_deadline_) return;
  ++shared_.timeouts;
  const bool asked = phase_ == Phase::kHeader || phase_ == Phase::kBody;
  if (!asked || now >= write_deadline_) return Close();
  reader_->GuessPath();
  ApiError error;
  error.kind = ErrorKind::kInvalidRequest;
  error.status_override = 408;
  error.message = "the request did not arrive in time";
  Refuse(error);
}

void Connection::Drain() {
  if (phase_ == Phase::kIdle) return Close();
  close_after_ = true;
}

void Connection::Close() {
  if (phase_ == Phase::kClosed) return;
  const bool answering = phase_ == Phase::kAnswering;
  phase_ = Phase::kClosed;
  if (answering) Report(/*complete=*/false);
  if (const auto exchange = exchange_.lock()) exchange->MarkGone();
  transport_->Close();
  if (on_closed_) on_closed_(this);
}

}  // namespace lemma::server
