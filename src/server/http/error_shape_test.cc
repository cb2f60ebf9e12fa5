// SPDX-License-Identifier: Apache-2.0
// Whatever goes wrong with a request, and however early: the answer has the shape of its path.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "server/http/http_server.h"
#include "server/http/http_testing.h"

namespace lemma::server {
namespace {

using testing::GetRequest;
using testing::PostRequest;
using testing::RawClient;

ErrorFormatter Shape(const std::string& name) {
  return [name](const ApiError& error) {
    Response response = ErrorHead(error);
    response.body = name + ": " + std::string(ErrorCode(error.kind));
    return response;
  };
}

struct Early {
  const char* name;
  std::string request;
  int status;
};

std::string Key() { return "x-api-key: a-key-of-the-test\r\n"; }

std::string Fields(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "x-" + std::to_string(i) + ": 1\r\n";
  return out;
}

std::string Post(const std::string& fields, const std::string& body = "") {
  return "POST /two/echo HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n" + body;
}

class ErrorServer : public ::testing::Test {
 protected:
  ErrorServer() {
    options_.port = 0;
    options_.limits.body_bytes = 1000;
    options_.timeouts.header = std::chrono::milliseconds(500);
    options_.timeouts.body_stall = std::chrono::milliseconds(500);
    EXPECT_TRUE(options_.keys.Add("a-key-of-the-test").ok());
    router_.SetErrorFormat("", Shape("one"));
    router_.SetErrorFormat("/two/", Shape("two"));
    for (const char* path : {"/two/echo", "/one/echo"}) {
      router_.Add(Method::kPost, path, [](const ExchangePtr& exchange) { exchange->Send({}); });
    }
    server_ = std::make_unique<HttpServer>(options_, router_, nullptr);
    const Status status = server_->Start();
    EXPECT_TRUE(status.ok()) << status.ToString();
  }

  HttpServerOptions options_;
  Router router_;
  std::unique_ptr<HttpServer> server_;
};

class ErrorShape : public ErrorServer, public ::testing::WithParamInterface<Early> {};

TEST_P(ErrorShape, IsThatOfThePath) {
  RawClient client(server_->port());
  client.Send(GetParam().request);
  RawClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.status, GetParam().status);
  EXPECT_THAT(reply.body, ::testing::StartsWith("two: "));
}

INSTANTIATE_TEST_SUITE_P(
    All, ErrorShape,
    ::testing::Values(
        Early{"BodyByLength", Post(Key() + "Content-Length: 1001\r\n"), 413},
        Early{"BodyInChunks", Post(Key() + "Transfer-Encoding: chunked\r\n", "fffff\r\n"), 413},
        Early{"BadChunks", Post(Key() + "Transfer-Encoding: chunked\r\n", "nonsense\r\n"), 400},
        Early{"BothLengths", Post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400},
        Early{"BadLength", Post("Content-Length: x\r\n"), 400},
        Early{"BadField", Post("no colon here\r\n"), 400},
        Early{"Coding", Post("Content-Encoding: gzip\r\nContent-Length: 1\r\n"), 415},
        Early{"Expect", Post("Expect: tea\r\nContent-Length: 1\r\n"), 417},
        Early{"LongField", Post("x: " + std::string(30'000, 'a') + "\r\n"), 431},
        Early{"ManyFields", Post(Fields(101)), 431},
        Early{"LongTarget", GetRequest("/two/" + std::string(9000, 'a')), 414},
        Early{"BadEscape", GetRequest("/two/a%00"), 400},
        Early{"Version", "GET /two/echo HTTP/3.0\r\n\r\n", 505},
        Early{"NoHost", "GET /two/echo HTTP/1.1\r\n\r\n", 403},
        Early{"WrongHost", "GET /two/echo HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403},
        Early{"Origin", Post("Origin: https://evil.example\r\nContent-Length: 0\r\n"), 403},
        Early{"NoKey", PostRequest("/two/echo", "{}"), 401},
        Early{"NoPath", GetRequest("/two/nothing", Key()), 404},
        Early{"WrongMethod", GetRequest("/two/echo", Key()), 405},
        Early{"SlowHead", "POST /two/echo HTTP/1.1\r\nHos", 408},
        Early{"SlowBody", Post(Key() + "Content-Length: 10\r\n", "ab"), 408}),
    [](const auto& early) { return early.param.name; });

// What the request before had does not show in the answer to the next one.
TEST_F(ErrorServer, AConnectionForgetsTheRequestBefore) {
  RawClient client(server_->port());
  client.Send(PostRequest("/two/echo", "{}", Key()));
  EXPECT_EQ(client.ReadReply().status, 200);
  client.Send(PostRequest("/one/echo", std::string(1001, 'x'), Key()));
  const RawClient::Reply reply = client.ReadReply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.body, "one: request_too_large");
}

}  // namespace
}  // namespace lemma::server
