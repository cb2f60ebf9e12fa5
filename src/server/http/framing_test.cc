// SPDX-License-Identifier: Apache-2.0
// The server against a client that speaks bytes: what is a request, and what is none.
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

using testing::GetRequest;
using ::testing::HasSubstr;
using testing::HttpServerTest;
using ::testing::Not;
using testing::PostRequest;
using testing::RawClient;

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
  RawClient client(Start());
  for (int i = 0; i < 3; ++i) {
    client.Send(GetRequest("/hello"));
    const RawClient::Reply reply = client.ReadReply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "hello");
    EXPECT_THAT(reply.head, HasSubstr("Content-Type: text/plain\r\n"));
    EXPECT_THAT(reply.head, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(reply.head, Not(HasSubstr("Connection: close")));
  }
  EXPECT_EQ(server_->Counts().accepted, 1U);
  const std::lock_guard<std::mutex> lock(seen_.mutex);
  EXPECT_THAT(seen_.paths, ::testing::Each("/hello"));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  RawClient client(Start());
  client.Send(GetRequest("/name/a") + PostRequest("/echo", "b") + GetRequest("/name/c%20d"));
  EXPECT_EQ(client.ReadReply().body, "a");
  EXPECT_EQ(client.ReadReply().body, "b");
  EXPECT_EQ(client.ReadReply().body, "c d");
}

TEST_F(HttpServerTest, RequestsCutAtEveryByte) {
  RawClient client(Start());
  const std::string request = PostRequest("/echo", "body");
  for (const char c : request) {
    client.Send(std::string_view(&c, 1));
  }
  EXPECT_EQ(client.ReadReply().body, "body");
}

TEST_F(HttpServerTest, ChunkedBodies) {
  RawClient client(Start());
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;note=1\r\nde\r\n0\r\n\r\n" +
      GetRequest("/hello"));
  EXPECT_EQ(client.ReadReply().body, "abcde");
  EXPECT_EQ(client.ReadReply().body, "hello");
}

TEST_F(HttpServerTest, ExpectContinue) {
  RawClient client(Start());
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: "
      "100-continue\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("100 Continue"));
  client.Send("ok");
  EXPECT_EQ(client.ReadReply().body, "ok");
}

TEST_F(HttpServerTest, HeadAndHttp10) {
  RawClient client(Start());
  client.Send("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("Content-Length: 5\r\n"));
  client.Send("GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client.ReadAll(), HasSubstr("Connection: close\r\n\r\nhello"));
  EXPECT_TRUE(client.AtEnd());
}

TEST_F(HttpServerTest, StreamsOnHttp10EndWithTheConnection) {
  RawClient client(Start());
  client.Send("GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n");
  const std::string head = client.ReadUntil("\r\n\r\n");
  EXPECT_THAT(head, Not(HasSubstr("chunked")));
  EXPECT_EQ(client.ReadUntil("\n\n"), "data: first\n\n");
  last_.lock()->Post([exchange = last_.lock()] { exchange->End(); });
  EXPECT_TRUE(client.AtEnd());
}

struct BadRequest {
  const char* text;
  int status;
};

class BadRequests : public HttpServerTest, public ::testing::WithParamInterface<BadRequest> {};

TEST_P(BadRequests, AreRefusedAndTheConnectionEnds) {
  const std::string reply = Ask(GetParam().text);
  EXPECT_THAT(reply, ::testing::StartsWith("HTTP/1.1 " + std::to_string(GetParam().status)));
  EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadRequests,
    ::testing::Values(
        BadRequest{"nonsense\r\n\r\n", 400}, BadRequest{"GET /hello HTTP/2.0\r\n\r\n", 505},
        BadRequest{"GET http://localhost/hello HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        BadRequest{"GET /a%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        BadRequest{"GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400},
        BadRequest{"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n",
                   400},
        BadRequest{"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400},
        BadRequest{"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                   "Content-Length: 2\r\n\r\n",
                   400},
        BadRequest{"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                   "99999999999999999999\r\n\r\n",
                   400},
        BadRequest{"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n", 413},
        BadRequest{"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "fffffff\r\n",
                   413},
        BadRequest{"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n"
                   "Content-Length: 2\r\n\r\nab",
                   400},
        BadRequest{"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
                   "Content-Length: 2\r\n\r\nab",
                   415},
        BadRequest{"POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\n"
                   "Content-Length: 2\r\n\r\nab",
                   417}));

TEST_F(HttpServerTest, LargeHeadsAreRefused) {
  const uint16_t port = Start();
  {
    RawClient client(port);
    client.Send(GetRequest("/" + std::string(9000, 'a')));
    EXPECT_EQ(client.ReadReply().status, 414);
  }
  {
    RawClient client(port);
    client.Send(GetRequest("/hello", "X: " + std::string(30'000, 'a') + "\r\n"));
    EXPECT_EQ(client.ReadReply().status, 431);
  }
  {
    RawClient client(port);
    std::string many;
    for (int i = 0; i < 101; ++i) many += "x-" + std::to_string(i) + ": 1\r\n";
    client.Send(GetRequest("/hello", many));
    EXPECT_EQ(client.ReadReply().status, 431);
  }
}

TEST_F(HttpServerTest, UnknownPathsAndMethodsKeepTheConnection) {
  RawClient client(Start());
  client.Send(GetRequest("/nothing"));
  RawClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body, "error: GET /nothing: no such path");
  client.Send(PostRequest("/hello", "x"));
  reply = client.ReadReply();
  EXPECT_EQ(reply.status, 405);
  EXPECT_THAT(reply.head, HasSubstr("Allow: GET\r\n"));
  client.Send(GetRequest("/hello"));
  EXPECT_EQ(client.ReadReply().status, 200);
}

TEST_F(HttpServerTest, ADroppedRequestAndAnExceptionAreAnswered) {
  RawClient client(Start());
  client.Send(GetRequest("/drop"));
  EXPECT_EQ(client.ReadReply().status, 500);
  client.Send(GetRequest("/throw"));
  EXPECT_EQ(client.ReadReply().status, 500);
  client.Send(GetRequest("/hello"));
  EXPECT_EQ(client.ReadReply().status, 200);
}

}  // namespace
}  // namespace lemma::server
