// SPDX-License-Identifier: Apache-2.0
// One connection of a client, in the clear or under TLS, behind functions that are no templates:
// what is built on it is compiled once. One thread; a function runs inside the context's loop.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace lemma::reasoning {

class HttpWire {
 public:
  using Error = boost::system::error_code;
  using Done = std::function<void(const Error&)>;
  using Moved = std::function<void(const Error&, size_t bytes)>;
  using Endpoints = boost::asio::ip::tcp::resolver::results_type;

  HttpWire() = default;
  virtual ~HttpWire() = default;
  HttpWire(const HttpWire&) = delete;
  HttpWire& operator=(const HttpWire&) = delete;

  // What follows must be done in that time, else it ends with beast::error::timeout.
  virtual void ExpireAfter(std::chrono::nanoseconds time) = 0;
  // The first endpoint that answers.
  virtual void Connect(const Endpoints& found, Done done) = 0;
  // TLS: sends `host` along (RFC 6066), and takes a certificate for that name alone. In the clear
  // there is nothing to do, and `done` is called before this returns.
  virtual void Handshake(const std::string& host, Done done) = 0;
  virtual void Write(boost::asio::const_buffer all, Done done) = 0;
  virtual void ReadSome(boost::asio::mutable_buffer into, Moved done) = 0;
  virtual void Close() = 0;
};

std::unique_ptr<HttpWire> MakeHttpWire(boost::asio::io_context& context);
std::unique_ptr<HttpWire> MakeTlsWire(boost::asio::io_context& context,
                                      boost::asio::ssl::context& tls);

}  // namespace lemma::reasoning
