// SPDX-License-Identifier: Apache-2.0
// For tests: a server with a few routes, short limits, and a book of what it answered. Test code
// only.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "server/http/http_server.h"
#include "server/http/http_testing.h"

namespace lemma::server::testing {

using std::chrono::milliseconds;

inline constexpr milliseconds kNever{3'600'000};
inline constexpr milliseconds kSoon{60};

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

}  // namespace lemma::server::testing
