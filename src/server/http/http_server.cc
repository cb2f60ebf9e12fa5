// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "server/http/connection.h"
#include "server/http/transport.h"

namespace lemma::server {
namespace {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using NetError = boost::system::error_code;

milliseconds SweepInterval(const HttpTimeouts& timeouts) {
  const milliseconds least = std::min({timeouts.header, timeouts.body_stall, timeouts.body_grace,
                                       timeouts.idle, timeouts.write_stall, timeouts.linger});
  return std::clamp(least / 4, milliseconds(5), milliseconds(250));
}

// One event loop and the connections that live on it.
class Loop {
 public:
  explicit Loop(HttpShared& shared) : shared_(shared), io_(1), guard_(io_.get_executor()) {}

  boost::asio::io_context& io() { return io_; }

  void Start() {
    boost::asio::post(io_, [this] { ScheduleSweep(); });
    thread_ = std::thread([this] { Run(); });
  }

  // On this loop's thread.
  void Adopt(std::unique_ptr<Transport> transport, std::string peer) {
    Connection::Start start;
    start.transport = std::move(transport);
    start.peer = std::move(peer);
    start.on_closed = [this](Connection* gone) { connections_.erase(gone); };
    const auto connection = std::make_shared<Connection>(io_, shared_, std::move(start));
    connections_.emplace(connection.get(), connection);
    connection->Begin();
  }

  // Any thread.
  void Drain() {
    boost::asio::post(io_, [this] { ForEach([](Connection& each) { each.Drain(); }); });
  }
  void Stop() {
    boost::asio::post(io_, [this] {
      sweep_.cancel();
      ForEach([](Connection& each) { each.Close(); });
      // What the connections still have to say (aborted reads, clients gone) comes first.
      boost::asio::post(io_, [this] { boost::asio::post(io_, [this] { io_.stop(); }); });
    });
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (const std::exception& error) {  // no memory, mostly: one request is lost
        Log(LogLevel::kError, fmt::format("server thread: {}", error.what()));
      }
    }
  }

  template <typename Action>
  void ForEach(Action action) {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(connections_.size());
    for (const auto& [key, weak] : connections_) {
      if (auto connection = weak.lock()) all.push_back(std::move(connection));
    }
    for (const auto& connection : all) action(*connection);
  }

  void ScheduleSweep() {
    sweep_.expires_after(SweepInterval(shared_.options.timeouts));
    sweep_.async_wait([this](const NetError& error) {
      if (error) return;
      const SteadyTime now = steady_clock::now();
      ForEach([now](Connection& each) { each.Sweep(now); });
      ScheduleSweep();
    });
  }

  HttpShared& shared_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  boost::asio::steady_timer sweep_{io_};
  std::unordered_map<Connection*, std::weak_ptr<Connection>> connections_;
  std::thread thread_;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, const Router& router,
       std::function<void(const AccessRecord&)> on_access)
      : shared_{std::move(options), router, std::move(on_access)} {
    shared_.options.guard.loopback = IsLoopback(shared_.options.host);
    shared_.options.guard.bound_host = shared_.options.host;
  }

  // NOLINTNEXTLINE(bugprone-exception-escape): without memory for a task the program ends
  ~Impl() { Stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status Start() {
    const HttpServerOptions& options = shared_.options;
    if (!shared_.options.guard.loopback && options.keys.empty()) {
      return InvalidArgument(fmt::format(
          "--host {}: other machines could use this server; set a key with --api-key-file FILE "
          "or --api-key KEY",
          options.host));
    }
    if (options.tls_certificate.empty() != options.tls_key.empty()) {
      return InvalidArgument("TLS needs both a certificate and a key");
    }
    if (!options.tls_certificate.empty()) {
      LEMMA_ASSIGN_OR_RETURN(tls_, MakeTlsContext(options.tls_certificate, options.tls_key));
    }
    for (int i = 0; i < std::max(options.threads, 1); ++i) {
      loops_.push_back(std::make_unique<Loop>(shared_));
    }
    LEMMA_RETURN_IF_ERROR(Listen());
    for (const auto& loop : loops_) loop->Start();
    return OkStatus();
  }

  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const {
    const std::string& host = shared_.options.host;
    const bool v6 = host.find(':') != std::string::npos;
    return fmt::format("{}://{}{}{}:{}", tls_ ? "https" : "http", v6 ? "[" : "", host,
                       v6 ? "]" : "", port_);
  }

  bool Drain(milliseconds limit, const std::function<bool()>& stop_waiting) {
    const auto end = steady_clock::now() + limit;
    shared_.draining = true;
    CloseAcceptors();
    for (const auto& loop : loops_) loop->Drain();
    constexpr milliseconds kPoll{20};
    while (shared_.answering > 0) {
      if (steady_clock::now() >= end || (stop_waiting && stop_waiting())) return false;
      std::this_thread::sleep_for(kPoll);
    }
    return true;
  }

  void Stop() {
    if (shared_.stopped) return;
    shared_.draining = true;
    CloseAcceptors();
    for (const auto& loop : loops_) loop->Stop();
    shared_.stopped = true;
  }

  [[nodiscard]] HttpCounts Counts() const {
    return {shared_.connections, shared_.answering, shared_.accepted, shared_.refused,
            shared_.timeouts};
  }
  [[nodiscard]] bool draining() const { return shared_.draining; }

 private:
  struct Listener {
    tcp::acceptor acceptor;
    boost::asio::steady_timer pause;
  };

  Status Listen() {
    const HttpServerOptions& options = shared_.options;
    const bool both = options.host == "localhost";
    LEMMA_RETURN_IF_ERROR(ListenOn(both ? "127.0.0.1" : options.host));
    // A machine without IPv6 has no ::1.
    if (both) static_cast<void>(ListenOn("::1").ok());
    return OkStatus();
  }

  Status ListenOn(const std::string& host) {
    boost::asio::io_context& io = loops_.front()->io();
    const auto failed = [&](const NetError& error) {
      return IoError(fmt::format("cannot listen on {} port {}: {}", host, shared_.options.port,
                                 error.message()));
    };
    NetError error;
    tcp::resolver resolver(io);
    const auto found =
        resolver.resolve(host, "", tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (error || found.empty()) return failed(error);
    tcp::endpoint endpoint = found.begin()->endpoint();
    endpoint.port(port_ != 0 ? port_ : shared_.options.port);
    tcp::acceptor acceptor(io);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.protocol() == tcp::v6()) {
      acceptor.set_option(boost::asio::ip::v6_only(true), error);
    }
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(kBacklog, error);
    if (error) return failed(error);
    port_ = acceptor.local_endpoint(error).port();
    listeners_.push_back(
        std::make_unique<Listener>(Listener{std::move(acceptor), boost::asio::steady_timer(io)}));
    Accept(*listeners_.back());
    return OkStatus();
  }

  void Accept(Listener& listener) {
    Loop& loop = *loops_[next_loop_++ % loops_.size()];
    listener.acceptor.async_accept(
        loop.io(), [this, &listener, &loop](const NetError& error, tcp::socket socket) {
          if (error == boost::asio::error::operation_aborted || !listener.acceptor.is_open()) {
            return;
          }
          if (error) {  // no descriptors left, or a client that has already gone
            listener.pause.expires_after(kAcceptPause);
            listener.pause.async_wait([this, &listener](const NetError& stopped) {
              if (!stopped) Accept(listener);
            });
            return;
          }
          Take(loop, std::move(socket));
          Accept(listener);
        });
  }

  void Take(Loop& loop, tcp::socket socket) {
    if (shared_.connections >= shared_.options.max_connections) {
      ++shared_.refused;
      return;  // closed
    }
    ++shared_.accepted;
    NetError ignored;
    std::string peer = socket.remote_endpoint(ignored).address().to_string();
    auto transport =
        tls_ ? MakeTlsTransport(std::move(socket), *tls_) : MakeTcpTransport(std::move(socket));
    boost::asio::post(
        loop.io(),
        [&loop, shared = std::make_shared<std::unique_ptr<Transport>>(std::move(transport)),
         peer = std::move(peer)]() mutable { loop.Adopt(std::move(*shared), std::move(peer)); });
  }

  void CloseAcceptors() {
    if (loops_.empty() || accept_closed_.exchange(true)) return;
    boost::asio::post(loops_.front()->io(), [this] {
      for (const auto& listener : listeners_) {
        NetError ignored;
        listener->acceptor.close(ignored);
        listener->pause.cancel();
      }
    });
  }

  static constexpr int kBacklog = 4096;
  static constexpr milliseconds kAcceptPause{100};

  HttpShared shared_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::atomic<bool> accept_closed_{false};
  size_t next_loop_ = 0;
  uint16_t port_ = 0;
};

HttpServer::HttpServer(HttpServerOptions options, const Router& router,
                       std::function<void(const AccessRecord&)> on_access)
    : impl_(std::make_unique<Impl>(std::move(options), router, std::move(on_access))) {}
HttpServer::~HttpServer() = default;
Status HttpServer::Start() { return impl_->Start(); }
uint16_t HttpServer::port() const { return impl_->port(); }
std::string HttpServer::url() const { return impl_->url(); }
bool HttpServer::Drain(milliseconds limit, const std::function<bool()>& stop_waiting) {
  return impl_->Drain(limit, stop_waiting);
}
void HttpServer::Stop() { impl_->Stop(); }
HttpCounts HttpServer::Counts() const { return impl_->Counts(); }
bool HttpServer::draining() const { return impl_->draining(); }

bool IsLoopback(const std::string& host) {
  if (host == "localhost") return true;
  NetError error;
  const auto address = boost::asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

}  // namespace lemma::server
