// SPDX-License-Identifier: Apache-2.0
// For tests: a client that writes and reads bytes on a socket, and a server whose loops run until
// the end of the test. Test code only.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace lemma::server::testing {

inline constexpr int kPatienceMs = 20'000;  // a bound on hanging, not a measurement

class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    EXPECT_TRUE(connected_);
  }
  ~RawClient() { Close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  // Ends with a reset instead of an orderly end.
  void Reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    Close();
  }
  void CloseSending() { ::shutdown(fd_, SHUT_WR); }

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the server has closed: the test reads why
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  // Reads until `mark` has come (and what came with it); all until the end when it never does.
  std::string ReadUntil(std::string_view mark) {
    while (buffer_.find(mark) == std::string::npos && Fill()) {
    }
    const size_t at = buffer_.find(mark);
    const size_t end = at == std::string::npos ? buffer_.size() : at + mark.size();
    std::string out = buffer_.substr(0, end);
    buffer_.erase(0, end);
    return out;
  }
  std::string ReadAll() {
    while (Fill()) {
    }
    return std::exchange(buffer_, {});
  }
  // True when the server has closed; reads what comes until then.
  bool AtEnd() {
    while (Fill()) {
    }
    return ended_;
  }

  struct Reply {
    int status = 0;
    std::string head;
    std::string body;
  };
  // One answer with a Content-Length, or chunked (decoded).
  Reply ReadReply() {
    Reply reply;
    reply.head = ReadUntil("\r\n\r\n");
    if (reply.head.size() > 12) reply.status = std::stoi(reply.head.substr(9, 3));
    if (reply.head.find("chunked") != std::string::npos) {
      while (const size_t size = NextChunkSize()) {
        reply.body += ReadBytes(size);
        ReadBytes(2);
      }
      ReadBytes(2);
      return reply;
    }
    const size_t at = reply.head.find("Content-Length: ");
    if (at != std::string::npos) reply.body = ReadBytes(std::stoul(reply.head.substr(at + 16)));
    return reply;
  }
  // The next chunk of a chunked answer; empty for the last.
  std::string ReadChunk() {
    const size_t size = NextChunkSize();
    std::string chunk = size == 0 ? "" : ReadBytes(size);
    ReadBytes(2);
    return chunk;
  }
  std::string ReadBytes(size_t count) {
    while (buffer_.size() < count && Fill()) {
    }
    std::string out = buffer_.substr(0, count);
    buffer_.erase(0, out.size());
    return out;
  }

 private:
  size_t NextChunkSize() {
    const std::string line = ReadUntil("\r\n");
    return line.size() < 3 ? 0 : std::stoul(line, nullptr, 16);
  }
  bool Fill() {
    pollfd poll{fd_, POLLIN, 0};
    if (fd_ < 0 || ended_ || ::poll(&poll, 1, kPatienceMs) <= 0) return false;
    char bytes[4096];
    const ssize_t count = ::recv(fd_, bytes, sizeof(bytes), 0);
    if (count <= 0) {
      ended_ = true;
      return false;
    }
    buffer_.append(bytes, static_cast<size_t>(count));
    return true;
  }

  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string buffer_;
};

inline std::string GetRequest(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) +
         "\r\n";
}
inline std::string PostRequest(std::string_view path, std::string_view body,
                               std::string_view more = "") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more) + "\r\n" + std::string(body);
}

// Waits for a state that another thread brings about; false when it never comes.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace lemma::server::testing
