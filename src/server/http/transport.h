// SPDX-License-Identifier: Apache-2.0
// Bytes to and from one client, plain or through TLS. At most one read and one write are under way
// at a time. Callbacks come on the thread of the socket's io_context, never from within the call;
// after Close they come with an error, or not at all.
// Threads: that one only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace boost::asio::ssl {
class context;
}

namespace lemma::server {

class Transport {
 public:
  using Error = boost::system::error_code;
  using ReadCallback = std::function<void(const Error&, std::string_view bytes)>;
  using WriteCallback = std::function<void(const Error&, size_t written)>;

  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  virtual void Handshake(std::function<void(const Error&)> done) = 0;
  // Some bytes; the view is good during the callback.
  virtual void Read(ReadCallback done) = 0;
  // Some of the bytes, which must stay where they are meanwhile.
  virtual void Write(std::string_view bytes, WriteCallback done) = 0;
  // No more is sent; what is on its way still arrives.
  virtual void ShutdownSend() = 0;
  virtual void Close() = 0;
};

std::unique_ptr<Transport> MakeTcpTransport(boost::asio::ip::tcp::socket socket);
std::unique_ptr<Transport> MakeTlsTransport(boost::asio::ip::tcp::socket socket,
                                            boost::asio::ssl::context& context);

// TLS 1.2 and up; both files are PEM. Errors name the file.
Result<std::shared_ptr<boost::asio::ssl::context>> MakeTlsContext(const std::string& certificate,
                                                                  const std::string& key);

}  // namespace lemma::server
