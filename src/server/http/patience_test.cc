// SPDX-License-Identifier: Apache-2.0
// The server against clients that are slow, silent, too many, or gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/http/http_server_testing.h"

namespace lemma::server {
namespace {

using std::chrono::milliseconds;
using testing::Eventually;
using testing::GetRequest;
using ::testing::HasSubstr;
using testing::HttpServerTest;
using testing::kSoon;
using testing::RawClient;

TEST_F(HttpServerTest, SlowHeadersAreClosed) {
  options_.timeouts.header = kSoon;
  RawClient client(Start());
  client.Send("GET /hello HTTP/1.1\r\nHost:");
  EXPECT_EQ(client.ReadReply().status, 408);
  EXPECT_TRUE(client.AtEnd());
}

TEST_F(HttpServerTest, StalledBodiesAreClosed) {
  options_.timeouts.body_stall = kSoon;
  RawClient client(Start());
  client.Send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab");
  EXPECT_EQ(client.ReadReply().status, 408);
  EXPECT_TRUE(client.AtEnd());
}

TEST_F(HttpServerTest, DrippingBodiesAreClosed) {
  options_.timeouts.body_grace = kSoon;
  RawClient client(Start());
  client.Send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n");
  // One byte now and then never reaches 1 KB/s.
  std::atomic<bool> done{false};
  std::thread drip([&] {
    for (int i = 0; i < 899 && !done; ++i) {
      client.Send("x");
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  EXPECT_EQ(client.ReadReply().status, 408);
  done = true;
  drip.join();
}

TEST_F(HttpServerTest, IdleConnectionsAreClosed) {
  options_.timeouts.idle = milliseconds(1000);  // time to use one before
  const uint16_t port = Start();
  RawClient used(port);
  used.Send(GetRequest("/hello"));
  EXPECT_EQ(used.ReadReply().status, 200);
  RawClient silent(port);
  EXPECT_TRUE(silent.AtEnd());
  EXPECT_TRUE(used.AtEnd());
}

TEST_F(HttpServerTest, AClientThatLeavesAStreamIsNoticed) {
  const uint16_t port = Start();
  for (const bool reset : {false, true}) {
    const int before = gone_;
    RawClient client(port);
    client.Send(GetRequest("/stream"));
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("chunked"));
    EXPECT_EQ(client.ReadChunk(), "data: first\n\n");
    reset ? client.Reset() : client.Close();
    EXPECT_TRUE(Eventually([&] { return gone_ == before + 1; }));
  }
  EXPECT_TRUE(Eventually([&] { return last_.expired() && server_->Counts().connections == 0; }));
  EXPECT_EQ(server_->Counts().answering, 0U);
  const std::lock_guard<std::mutex> lock(seen_.mutex);
  EXPECT_THAT(seen_.complete, ::testing::Each(false));
}

TEST_F(HttpServerTest, SlowReadersHoldBackTheWriter) {
  options_.write_queue_bytes = 100'000;
  RawClient client(Start());
  client.Send(GetRequest("/flood"));
  client.ReadUntil("\r\n\r\n");
  // The kernel takes a few megabytes; the rest waits.
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_LT(flooded_, 1000);
  size_t bytes = 0;
  for (std::string chunk = client.ReadChunk(); !chunk.empty(); chunk = client.ReadChunk()) {
    bytes += chunk.size();
  }
  EXPECT_EQ(bytes, 10'000'000U);
}

TEST_F(HttpServerTest, ReadersThatStopAreClosed) {
  options_.timeouts.write_stall = kSoon;
  RawClient client(Start());
  client.Send(GetRequest("/flood"));
  EXPECT_TRUE(Eventually([&] { return gone_ == 1; }));
  EXPECT_EQ(server_->Counts().timeouts, 1U);
}

TEST_F(HttpServerTest, TooManyConnections) {
  options_.max_connections = 2;
  const uint16_t port = Start();
  RawClient first(port);
  RawClient second(port);
  first.Send(GetRequest("/hello"));
  second.Send(GetRequest("/hello"));
  EXPECT_EQ(first.ReadReply().status, 200);
  EXPECT_EQ(second.ReadReply().status, 200);
  RawClient third(port);
  EXPECT_TRUE(third.AtEnd());
  EXPECT_EQ(server_->Counts().refused, 1U);
}

}  // namespace
}  // namespace lemma::server
