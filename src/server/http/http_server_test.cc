// SPDX-License-Identifier: Apache-2.0
// The server against a client that speaks bytes: framing, limits, timeouts, streams, leaving.
#include "server/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "server/http/http_testing.h"

namespace lemma::server {
namespace {

using std::chrono::milliseconds;
using testing::Eventually;
using testing::GetRequest;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PostRequest;
using testing::RawClient;

constexpr milliseconds kNever{3'600'000};
constexpr milliseconds kSoon{60};

struct Seen {
  std::mutex mutex;
  std::vector<int> statuses;
  std::vector<bool> complete;
  std::vector<std::string> paths;
};

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    options_.port = 0;
    options_.threads = 2;
    options_.timeouts = {kNever, kNever, kNever, kNever, kNever, kSoon};
    options_.limits.body_bytes = 1000;
    router_.SetErrorFormat("", [](const ApiError& error) {
      Response response = ErrorHead(error);
      response.body = "error: " + error.message;
      return response;
    });
    router_.Add(Method::kGet, "/hello", [](const ExchangePtr& exchange) {
      Response response;
      response.content_type = "text/plain";
      response.body = "hello";
      exchange->Send(std::move(response));
    });
    router_.Add(Method::kPost, "/echo", [](const ExchangePtr& exchange) {
      Response response;
      response.body = exchange->request().body;
      exchange->Send(std::move(response));
    });
    router_.Add(Method::kGet, "/drop", [](const ExchangePtr&) {});
    router_.Add(Method::kGet, "/throw", [](const ExchangePtr&) { throw std::bad_alloc(); });
    router_.Add(Method::kGet, "/name/*", [](const ExchangePtr& exchange) {
      Response response;
      response.body = exchange->request().parameter;
      exchange->Send(std::move(response));
    });
    router_.Add(
        Method::kGet, "/open", [](const ExchangePtr& exchange) { exchange->Send({}); },
        Access::kOpen);
    // Kept open until the client leaves, or the test ends it.
    router_.Add(Method::kGet, "/stream", [this](const ExchangePtr& exchange) {
      exchange->Begin({});
      exchange->Write("data: first\n\n");
      exchange->OnGone([this, exchange] { ++gone_; });
      last_ = exchange;
    });
    // Ten chunks of a megabyte, as fast as the client takes them.
    router_.Add(Method::kGet, "/flood", [this](const ExchangePtr& exchange) {
      exchange->Begin({});
      exchange->OnDrain([this, exchange] { Flood(exchange); });
      exchange->OnGone([this, exchange] { ++gone_; });
      Flood(exchange);
    });
  }

  void Flood(const ExchangePtr& exchange) {
    const std::string chunk(10'000, 'x');
    while (flooded_ < 1000) {
      ++flooded_;
      if (exchange->Write(chunk) != WriteState::kReady) return;
    }
    exchange->End();
  }

  uint16_t Start() {
    server_ = std::make_unique<HttpServer>(options_, router_, [this](const AccessRecord& record) {
      const std::lock_guard<std::mutex> lock(seen_.mutex);
      seen_.statuses.push_back(record.status);
      seen_.complete.push_back(record.complete);
      seen_.paths.emplace_back(record.path);
    });
    const Status status = server_->Start();
    EXPECT_TRUE(status.ok()) << status.ToString();
    return server_->port();
  }

  std::string Ask(const std::string& request) {
    RawClient client(Start());
    client.Send(request);
    client.CloseSending();
    return client.ReadAll();
  }

  HttpServerOptions options_;
  Router router_;
  Seen seen_;
  std::atomic<int> gone_{0};
  std::atomic<int> flooded_{0};
  std::weak_ptr<Exchange> last_;
  std::unique_ptr<HttpServer> server_;
};

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
  options_.timeouts.idle = kSoon;
  const uint16_t port = Start();
  RawClient silent(port);
  RawClient used(port);
  used.Send(GetRequest("/hello"));
  EXPECT_EQ(used.ReadReply().status, 200);
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
