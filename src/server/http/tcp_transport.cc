// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <boost/asio/buffer.hpp>
#include <utility>

#include "server/http/transport.h"

namespace lemma::server {
namespace {

// An idle connection holds no buffer: it waits until there is something to read, and then reads
// into memory that the thread's connections share.
constexpr size_t kScratchBytes = 32 << 10;
thread_local std::array<char, kScratchBytes> scratch;

class TcpTransport : public Transport {
 public:
  explicit TcpTransport(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
    Error ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  }

  void Handshake(std::function<void(const Error&)> done) override {
    socket_.async_wait(boost::asio::ip::tcp::socket::wait_write, std::move(done));  // at once
  }

  void Read(ReadCallback done) override {
    socket_.async_wait(boost::asio::ip::tcp::socket::wait_read, [this, done = std::move(done)](
                                                                    Error error) mutable {
      if (error) return done(error, {});
      const size_t count = socket_.read_some(boost::asio::buffer(scratch), error);
      if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) {
        return Read(std::move(done));
      }
      done(error, {scratch.data(), count});
    });
  }

  void Write(std::string_view bytes, WriteCallback done) override {
    socket_.async_write_some(boost::asio::buffer(bytes.data(), bytes.size()), std::move(done));
  }

  void ShutdownSend() override {
    Error ignored;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  }

  void Close() override {
    Error ignored;
    socket_.close(ignored);
  }

 private:
  boost::asio::ip::tcp::socket socket_;
};

}  // namespace

std::unique_ptr<Transport> MakeTcpTransport(boost::asio::ip::tcp::socket socket) {
  return std::make_unique<TcpTransport>(std::move(socket));
}

}  // namespace lemma::server
