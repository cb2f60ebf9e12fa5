// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl.hpp>
#include <memory>
#include <utility>

#include "server/http/transport.h"

namespace lemma::server {
namespace {

constexpr size_t kReadBytes = 16 << 10;

class TlsTransport : public Transport {
 public:
  TlsTransport(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& context)
      : stream_(std::move(socket), context), buffer_(std::make_unique<char[]>(kReadBytes)) {
    Error ignored;
    stream_.next_layer().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  }

  void Handshake(std::function<void(const Error&)> done) override {
    stream_.async_handshake(boost::asio::ssl::stream_base::server, std::move(done));
  }

  void Read(ReadCallback done) override {
    stream_.async_read_some(boost::asio::buffer(buffer_.get(), kReadBytes),
                            [this, done = std::move(done)](const Error& error, size_t count) {
                              done(error, {buffer_.get(), count});
                            });
  }

  void Write(std::string_view bytes, WriteCallback done) override {
    stream_.async_write_some(boost::asio::buffer(bytes.data(), bytes.size()), std::move(done));
  }

  // Without the closing alert: every answer says itself where it ends.
  void ShutdownSend() override {
    Error ignored;
    stream_.next_layer().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  }

  void Close() override {
    Error ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace

std::unique_ptr<Transport> MakeTlsTransport(boost::asio::ip::tcp::socket socket,
                                            boost::asio::ssl::context& context) {
  return std::make_unique<TlsTransport>(std::move(socket), context);
}

Result<std::shared_ptr<boost::asio::ssl::context>> MakeTlsContext(const std::string& certificate,
                                                                  const std::string& key) {
  namespace ssl = boost::asio::ssl;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  Transport::Error error;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                           ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                           ssl::context::no_tlsv1_1 | ssl::context::single_dh_use,
                       error);
  if (error) return IoError("TLS: " + error.message());
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  context->use_certificate_chain_file(certificate, error);
  if (error) {
    return InvalidArgument(fmt::format("TLS certificate '{}': {}", certificate, error.message()));
  }
  context->use_private_key_file(key, ssl::context::pem, error);
  if (error) return InvalidArgument(fmt::format("TLS key '{}': {}", key, error.message()));
  return context;
}

}  // namespace lemma::server
