// SPDX-License-Identifier: Apache-2.0
// The server against a client that speaks bytes: who may ask, draining and stopping.
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
using testing::GetRequest;
using ::testing::HasSubstr;
using testing::HttpServerTest;
using testing::RawClient;

TEST_F(HttpServerTest, KeysAreAskedForButNotOnOpenRoutes) {
  ASSERT_TRUE(options_.keys.Add("0123456789abcdef").ok());
  const uint16_t port = Start();
  RawClient client(port);
  client.Send(GetRequest("/hello"));
  const RawClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.status, 401);
  EXPECT_THAT(reply.head, HasSubstr("WWW-Authenticate: Bearer\r\n"));
  client.Send(GetRequest("/nothing"));  // does not tell which paths there are
  EXPECT_EQ(client.ReadReply().status, 401);
  client.Send(GetRequest("/hello", "Authorization: Bearer 0123456789abcdeX\r\n"));
  EXPECT_EQ(client.ReadReply().status, 401);
  client.Send(GetRequest("/hello", "authorization: bearer 0123456789abcdef\r\n"));
  EXPECT_EQ(client.ReadReply().status, 200);
  client.Send(GetRequest("/hello", "x-api-key: 0123456789abcdef\r\n"));
  EXPECT_EQ(client.ReadReply().status, 200);
  client.Send(GetRequest("/open"));
  EXPECT_EQ(client.ReadReply().status, 200);
}

TEST_F(HttpServerTest, ForeignHostsAndOriginsAreRefused) {
  options_.guard.cors_origins = {"https://chat.example.org"};
  const uint16_t port = Start();
  RawClient client(port);
  client.Send("GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(client.ReadReply().status, 403);
  client.Send("GET /hello HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.ReadReply().status, 403);
  client.Send(GetRequest("/hello", "Origin: https://evil.example\r\n"));
  EXPECT_EQ(client.ReadReply().status, 403);
  client.Send(GetRequest("/hello", "Origin: https://chat.example.org\r\n"));
  RawClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.head, HasSubstr("Access-Control-Allow-Origin: https://chat.example.org\r\n"));
  EXPECT_THAT(reply.head, HasSubstr("Access-Control-Expose-Headers: x-request-id, request-id"));
  EXPECT_THAT(reply.head, HasSubstr("\r\nx-request-id: req_"));
  EXPECT_THAT(reply.head, HasSubstr("\r\nrequest-id: req_"));
  client.Send(
      "OPTIONS /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: https://chat.example.org\r\n"
      "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: "
      "content-type\r\n\r\n");
  reply = client.ReadReply();
  EXPECT_EQ(reply.status, 204);
  EXPECT_THAT(reply.head, HasSubstr("Access-Control-Allow-Headers: content-type\r\n"));
}

TEST_F(HttpServerTest, OtherMachinesNeedAKey) {
  options_.host = "0.0.0.0";
  HttpServer open(options_, router_, {});
  EXPECT_EQ(open.Start().code(), StatusCode::kInvalidArgument);
}

TEST_F(HttpServerTest, AnAddressInUseIsSaid) {
  options_.port = Start();
  HttpServer second(options_, router_, {});
  const Status status = second.Start();
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_THAT(status.message(), HasSubstr("cannot listen on 127.0.0.1 port"));
}

TEST_F(HttpServerTest, DrainFinishesStreamsAndRefusesTheRest) {
  const uint16_t port = Start();
  RawClient idle(port);
  RawClient busy(port);
  busy.Send(GetRequest("/stream"));
  busy.ReadUntil("\r\n\r\n");
  EXPECT_EQ(busy.ReadChunk(), "data: first\n\n");
  EXPECT_FALSE(server_->Drain(milliseconds(30), {}));
  EXPECT_TRUE(idle.AtEnd());
  last_.lock()->Post([exchange = last_.lock()] {
    exchange->Write("data: last\n\n");
    exchange->End();
  });
  EXPECT_EQ(busy.ReadChunk(), "data: last\n\n");
  EXPECT_EQ(busy.ReadChunk(), "");
  EXPECT_TRUE(server_->Drain(milliseconds(testing::kPatienceMs), {}));
  EXPECT_TRUE(busy.AtEnd());
}

TEST_F(HttpServerTest, StopEndsStreams) {
  RawClient client(Start());
  client.Send(GetRequest("/stream"));
  client.ReadUntil("first");
  server_->Stop();
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(client.AtEnd());
}

}  // namespace
}  // namespace lemma::server
