// SPDX-License-Identifier: Apache-2.0
#include "reasoning/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <charconv>
#include <map>
#include <type_traits>
#include <utility>

namespace lemma::reasoning {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Error = boost::system::error_code;

namespace {

constexpr auto kConnectTime = std::chrono::seconds(20);

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

using Request = http::request<http::string_body>;

// Resolve, connect, shake hands, write, read: each step starts the next. It lives as long as one
// of them is under way.
template <typename Stream>
class Exchange final : public Pending, public std::enable_shared_from_this<Exchange<Stream>> {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  template <typename... More>
  Exchange(asio::io_context& context, Request request, double seconds, HttpClient::Done done,
           More&... more)
      : resolver_(context),
        stream_(context, more...),
        request_(std::move(request)),
        seconds_(seconds),
        done_(std::move(done)) {
    parser_.body_limit(kMostReplyBytes);
  }

  void Start(const BaseUrl& base) {
    host_ = base.host;
    auto self = this->shared_from_this();
    resolver_.async_resolve(base.host, base.port,
                            [self](const Error& error, const tcp::resolver::results_type& found) {
                              if (self->Failed(error, "finding the host")) return;
                              self->Connect(found);
                            });
  }

  void Drop() override {
    done_ = nullptr;
    resolver_.cancel();
    beast::get_lowest_layer(stream_).close();
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
    beast::get_lowest_layer(stream_).close();
    done(std::move(reply));
  }

  void Connect(const tcp::resolver::results_type& found) {
    auto self = this->shared_from_this();
    auto& lowest = beast::get_lowest_layer(stream_);
    lowest.expires_after(kConnectTime);
    lowest.async_connect(found, [self](const Error& error, const tcp::endpoint&) {
      if (self->Failed(error, "connecting")) return;
      beast::get_lowest_layer(self->stream_)
          .expires_after(std::chrono::duration_cast<std::chrono::nanoseconds>(
              std::chrono::duration<double>(self->seconds_)));
      self->Handshake();
    });
  }

  void Handshake() {
    if constexpr (kTls) {
      // Names go with the handshake (RFC 6066), and the certificate must be for this one.
      if (SSL_set_tlsext_host_name(stream_.native_handle(), host_.c_str()) != 1) {
        return End(InternalError("TLS: the host's name cannot be set"));
      }
      stream_.set_verify_callback(asio::ssl::host_name_verification(host_));
      auto self = this->shared_from_this();
      stream_.async_handshake(asio::ssl::stream_base::client, [self](const Error& error) {
        if (!self->Failed(error, "TLS handshake")) self->Write();
      });
    } else {
      Write();
    }
  }

  void Write() {
    auto self = this->shared_from_this();
    http::async_write(stream_, request_, [self](const Error& error, size_t) {
      if (self->Failed(error, "sending")) return;
      http::async_read(self->stream_, self->buffer_, self->parser_,
                       [self](const Error& end, size_t) { self->Read(end); });
    });
  }

  void Read(const Error& error) {
    if (Failed(error, "reading")) return;
    auto& message = parser_.get();
    HttpReply reply;
    reply.status = static_cast<int>(message.result_int());
    reply.retry_after = RetryAfter(std::string_view(message[http::field::retry_after]));
    reply.body = std::move(message.body());
    End(std::move(reply));
  }

  tcp::resolver resolver_;
  Stream stream_;
  Request request_;
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
    Request request(call.body.empty() ? http::verb::get : http::verb::post,
                    base_.path + call.target, 11);
    const bool v6 = base_.host.find(':') != std::string::npos;
    request.set(http::field::host,
                fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), base_.host, base_.port));
    request.set(http::field::user_agent, "lemma");
    request.set(http::field::accept, "application/json");
    request.set(http::field::connection, "close");
    if (!call.bearer.empty()) request.set(http::field::authorization, "Bearer " + call.bearer);
    if (!call.body.empty()) request.set(http::field::content_type, "application/json");
    request.body() = call.body;
    request.prepare_payload();
    Done ended = [this, id, done = std::move(done)](Result<HttpReply> reply) {
      tasks_.erase(id);
      ++ran_;
      done(std::move(reply));
    };
    if (base_.tls) {
      using Tls = beast::ssl_stream<beast::tcp_stream>;
      Begin(id, std::make_shared<Exchange<Tls>>(context_, std::move(request), call.seconds,
                                                std::move(ended), tls_));
    } else {
      Begin(id, std::make_shared<Exchange<beast::tcp_stream>>(context_, std::move(request),
                                                              call.seconds, std::move(ended)));
    }
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
  template <typename T>
  void Begin(uint64_t id, std::shared_ptr<T> exchange) {
    tasks_.emplace(id, exchange);
    exchange->Start(base_);
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
