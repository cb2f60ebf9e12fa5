// SPDX-License-Identifier: Apache-2.0
#include "reasoning/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <map>
#include <utility>

#include "reasoning/http_wire.h"

namespace lemma::reasoning {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Error = boost::system::error_code;

namespace {

constexpr auto kConnectTime = std::chrono::seconds(20);
constexpr size_t kReadBytes = 16 << 10;

// What went wrong, in words for a person.
Status ErrorFor(const Error& error, std::string_view doing, double seconds) {
  if (error == beast::error::timeout) {
    return {StatusCode::kDeadlineExceeded,
            doing == "connecting" ? "connecting: nobody answered in time"
                                  : fmt::format("{}: not done after {:.0f} s", doing, seconds)};
  }
  if (error == asio::error::connection_refused) {
    return IoError("connection refused: no server listens there");
  }
  if (error == http::error::partial_message || error == http::error::end_of_stream ||
      error == asio::error::connection_reset || error == asio::error::eof ||
      error == asio::ssl::error::stream_truncated) {
    return DataLoss(fmt::format("{}: the connection ended before the reply did", doing));
  }
  if (error == http::error::body_limit) {
    return ResourceExhausted(fmt::format("the reply is longer than {} MiB", kMostReplyBytes >> 20));
  }
  if (error.category() == make_error_code(http::error::bad_version).category()) {
    return DataLoss(fmt::format("the reply is no HTTP: {}", error.message()));
  }
  return IoError(fmt::format("{}: {}", doing, error.message()));
}

std::optional<double> RetryAfter(std::string_view text) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return seconds;
}

// A call or a timer.
class Pending {
 public:
  Pending() = default;
  virtual ~Pending() = default;
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  virtual void Drop() = 0;  // its function does not run any more
};

// Resolve, connect, shake hands, write, read: each step starts the next. It lives as long as one
// of them is under way.
class Exchange final : public Pending, public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(asio::io_context& context, std::unique_ptr<HttpWire> wire, std::string request,
           double seconds, HttpClient::Done done)
      : resolver_(context),
        wire_(std::move(wire)),
        request_(std::move(request)),
        seconds_(seconds),
        done_(std::move(done)) {
    parser_.body_limit(kMostReplyBytes);
    parser_.eager(true);
  }

  void Start(const BaseUrl& base) {
    host_ = base.host;
    resolver_.async_resolve(
        base.host, base.port,
        [self = shared_from_this()](const Error& error, const tcp::resolver::results_type& found) {
          if (!self->Failed(error, "finding the host")) self->Connect(found);
        });
  }

  void Drop() override {
    done_ = nullptr;
    resolver_.cancel();
    wire_->Close();
  }

 private:
  bool Failed(const Error& error, std::string_view doing) {
    if (!done_) return true;
    if (!error) return false;
    End(ErrorFor(error, doing, seconds_));
    return true;
  }
  void End(Result<HttpReply> reply) {
    const HttpClient::Done done = std::exchange(done_, nullptr);
    wire_->Close();
    done(std::move(reply));
  }

  void Connect(const tcp::resolver::results_type& found) {
    wire_->ExpireAfter(kConnectTime);
    wire_->Connect(found, [self = shared_from_this()](const Error& error) {
      if (self->Failed(error, "connecting")) return;
      self->wire_->ExpireAfter(std::chrono::duration_cast<std::chrono::nanoseconds>(
          std::chrono::duration<double>(self->seconds_)));
      self->Handshake();
    });
  }

  void Handshake() {
    wire_->Handshake(host_, [self = shared_from_this()](const Error& error) {
      if (!self->Failed(error, "TLS handshake")) self->Write();
    });
  }

  void Write() {
    wire_->Write(asio::buffer(request_), [self = shared_from_this()](const Error& error) {
      if (!self->Failed(error, "sending")) self->ReadMore();
    });
  }

  void ReadMore() {
    wire_->ReadSome(buffer_.prepare(kReadBytes),
                    [self = shared_from_this()](const Error& error, size_t bytes) {
                      if (self->done_) self->Read(error, bytes);
                    });
  }

  void Read(Error error, size_t bytes) {
    buffer_.commit(bytes);
    if (error == asio::error::eof) {
      // A reply without a length ends with the connection; any other is cut off.
      error = parser_.got_some() ? Error() : make_error_code(http::error::end_of_stream);
      if (!error) parser_.put_eof(error);
    } else if (!error) {
      buffer_.consume(parser_.put(buffer_.data(), error));
      if (error == http::error::need_more) error = {};
    }
    if (Failed(error, "reading")) return;
    if (!parser_.is_done()) return ReadMore();
    auto& message = parser_.get();
    HttpReply reply;
    reply.status = static_cast<int>(message.result_int());
    reply.retry_after = RetryAfter(std::string_view(message[http::field::retry_after]));
    reply.body = std::move(message.body());
    End(std::move(reply));
  }

  tcp::resolver resolver_;
  std::unique_ptr<HttpWire> wire_;
  std::string request_;
  double seconds_;
  HttpClient::Done done_;
  std::string host_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
};

class Timer final : public Pending, public std::enable_shared_from_this<Timer> {
 public:
  Timer(asio::io_context& context, std::function<void()> then)
      : timer_(context), then_(std::move(then)) {}
  void Start(double seconds) {
    timer_.expires_after(std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(seconds)));
    timer_.async_wait([self = shared_from_this()](const Error& error) {
      if (const auto then = std::exchange(self->then_, nullptr); then && !error) then();
    });
  }
  void Drop() override {
    then_ = nullptr;
    timer_.cancel();
  }

 private:
  asio::steady_timer timer_;
  std::function<void()> then_;
};

}  // namespace

Result<BaseUrl> ParseBaseUrl(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return InvalidArgument(fmt::format("URL '{}': {}", text, why));
  };
  BaseUrl out;
  while (text.ends_with('/')) text.remove_suffix(1);
  out.text = text;
  std::string_view rest = text;
  const size_t scheme = rest.find("://");
  const std::string_view name = rest.substr(0, scheme);
  if (scheme == rest.npos || (name != "http" && name != "https")) {
    return wrong("expected http://HOST:PORT/v1 or https://...");
  }
  out.tls = name == "https";
  rest.remove_prefix(scheme + 3);
  if (rest.find_first_of("?#@ \t\r\n") != rest.npos) {
    return wrong("expected a host and a path alone, without user, query or blanks");
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  out.path = rest.substr(slash);
  std::string_view host = rest.substr(0, slash);
  std::string_view port;
  const size_t bracket = host.starts_with('[') ? host.find(']') : 0;
  if (bracket == host.npos) return wrong("the bracket of the address is not closed");
  if (const size_t colon = host.find(':', bracket); colon != host.npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
    int number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number < 1 || number > 65535) {
      return wrong("the port is no number from 1 to 65535");
    }
  }
  if (bracket > 0) host = host.substr(1, bracket - 1);
  if (host.empty()) return wrong("the host is missing");
  out.host = host;
  out.port = !port.empty() ? port : std::string_view(out.tls ? "443" : "80");
  return out;
}

class HttpClient::Impl {
 public:
  explicit Impl(BaseUrl base) : base_(std::move(base)) {
    if (!base_.tls) return;
    Error ignored;  // without certificates every handshake fails and says so
    tls_.set_default_verify_paths(ignored);
    tls_.set_verify_mode(asio::ssl::verify_peer, ignored);
  }
  ~Impl() {
    for (auto& [id, task] : tasks_) task->Drop();
    tasks_.clear();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  uint64_t Send(const HttpCall& call, Done done) {
    const uint64_t id = next_++;
    Done ended = [this, id, done = std::move(done)](Result<HttpReply> reply) {
      tasks_.erase(id);
      ++ran_;
      done(std::move(reply));
    };
    auto exchange = std::make_shared<Exchange>(
        context_, base_.tls ? MakeTlsWire(context_, tls_) : MakeHttpWire(context_),
        RequestText(call), call.seconds, std::move(ended));
    tasks_.emplace(id, exchange);
    exchange->Start(base_);
    return id;
  }

  uint64_t After(double seconds, std::function<void()> then) {
    const uint64_t id = next_++;
    auto timer = std::make_shared<Timer>(context_, [this, id, then = std::move(then)] {
      tasks_.erase(id);
      ++ran_;
      then();
    });
    tasks_.emplace(id, timer);
    timer->Start(seconds);
    return id;
  }

  void Cancel(uint64_t id) {
    const auto at = tasks_.find(id);
    if (at == tasks_.end()) return;
    at->second->Drop();
    tasks_.erase(at);
  }

  void RunFor(std::chrono::nanoseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    const uint64_t before = ran_;
    context_.restart();
    while (ran_ == before && context_.run_one_until(end) > 0) {
    }
  }

  [[nodiscard]] const BaseUrl& base() const { return base_; }

 private:
  // RFC 9112. Bodies are JSON.
  [[nodiscard]] std::string RequestText(const HttpCall& call) const {
    const bool v6 = base_.host.find(':') != std::string::npos;
    std::string out = fmt::format(
        "{} {}{} HTTP/1.1\r\nHost: {}{}{}:{}\r\nUser-Agent: lemma\r\nAccept: application/json\r\n"
        "Connection: close\r\n",
        call.body.empty() ? "GET" : "POST", base_.path, call.target, v6 ? "[" : "", base_.host,
        v6 ? "]" : "", base_.port);
    if (!call.bearer.empty()) out += "Authorization: Bearer " + call.bearer + "\r\n";
    if (!call.body.empty()) {
      out +=
          fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", call.body.size());
    }
    return out + "\r\n" + call.body;
  }

  BaseUrl base_;
  asio::io_context context_{1};
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  std::map<uint64_t, std::shared_ptr<Pending>> tasks_;
  uint64_t next_ = 1;
  uint64_t ran_ = 0;
};

HttpClient::HttpClient(BaseUrl base) : impl_(std::make_unique<Impl>(std::move(base))) {}
HttpClient::~HttpClient() = default;
uint64_t HttpClient::Send(const HttpCall& call, Done done) {
  return impl_->Send(call, std::move(done));
}
uint64_t HttpClient::After(double seconds, std::function<void()> then) {
  return impl_->After(seconds, std::move(then));
}
void HttpClient::Cancel(uint64_t id) { impl_->Cancel(id); }
void HttpClient::RunFor(std::chrono::nanoseconds timeout) { impl_->RunFor(timeout); }
const BaseUrl& HttpClient::base() const { return impl_->base(); }

}  // namespace lemma::reasoning
