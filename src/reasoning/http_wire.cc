// SPDX-License-Identifier: Apache-2.0
#include "reasoning/http_wire.h"

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <utility>

namespace lemma::reasoning {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

class PlainWire final : public HttpWire {
 public:
  explicit PlainWire(asio::io_context& context) : stream_(context) {}
  void ExpireAfter(std::chrono::nanoseconds time) override { stream_.expires_after(time); }
  void Connect(const Endpoints& found, Done done) override {
    stream_.async_connect(
        found, [done = std::move(done)](const Error& error, const tcp::endpoint&) { done(error); });
  }
  void Handshake(const std::string& /*host*/, Done done) override { done(Error()); }
  void Write(asio::const_buffer all, Done done) override {
    asio::async_write(stream_, all,
                      Moved([done = std::move(done)](const Error& e, size_t) { done(e); }));
  }
  void ReadSome(asio::mutable_buffer into, Moved done) override {
    stream_.async_read_some(into, std::move(done));
  }
  void Close() override { stream_.close(); }

 private:
  beast::tcp_stream stream_;
};

class TlsWire final : public HttpWire {
 public:
  TlsWire(asio::io_context& context, asio::ssl::context& tls) : stream_(context, tls) {}
  void ExpireAfter(std::chrono::nanoseconds time) override {
    stream_.next_layer().expires_after(time);
  }
  void Connect(const Endpoints& found, Done done) override {
    stream_.next_layer().async_connect(
        found, [done = std::move(done)](const Error& error, const tcp::endpoint&) { done(error); });
  }
  void Handshake(const std::string& host, Done done) override {
    if (SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str()) != 1) {
      return done(asio::error::invalid_argument);
    }
    stream_.set_verify_callback(asio::ssl::host_name_verification(host));
    stream_.async_handshake(asio::ssl::stream_base::client, std::move(done));
  }
  void Write(asio::const_buffer all, Done done) override {
    asio::async_write(stream_, all,
                      Moved([done = std::move(done)](const Error& e, size_t) { done(e); }));
  }
  void ReadSome(asio::mutable_buffer into, Moved done) override {
    stream_.async_read_some(into, std::move(done));
  }
  void Close() override { stream_.next_layer().close(); }

 private:
  asio::ssl::stream<beast::tcp_stream> stream_;
};

}  // namespace

std::unique_ptr<HttpWire> MakeHttpWire(asio::io_context& context) {
  return std::make_unique<PlainWire>(context);
}
std::unique_ptr<HttpWire> MakeTlsWire(asio::io_context& context, asio::ssl::context& tls) {
  return std::make_unique<TlsWire>(context, tls);
}

}  // namespace lemma::reasoning
