// SPDX-License-Identifier: Apache-2.0
#include "server/http/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "server/http/chunked_body.h"
#include "server/http/request_reader.h"

namespace lemma::server {
namespace {

TEST(Hosts, OnlyThisMachinesNamesOnLoopback) {
  GuardOptions options;
  options.allowed_hosts = {"chat.example.org"};
  for (const char* host : {"localhost", "LOCALHOST:7860", "127.0.0.1", "127.0.0.1:80", "[::1]",
                           "[::1]:7860", "chat.example.org:443"}) {
    EXPECT_TRUE(HostAllowed(options, host)) << host;
  }
  for (const char* host :
       {"", "evil.example", "127.0.0.1.evil.example", "localhost.", "localhost.evil", "0.0.0.0",
        "[::ffff:127.0.0.1]", "192.168.1.5", "localhost:x", "localhost:80:80", "[::1", "::1",
        "user@localhost", "2130706433", "localhost evil"}) {
    EXPECT_FALSE(HostAllowed(options, host)) << host;
  }
}

TEST(Hosts, AddressesWhereTheServerIsReachable) {
  GuardOptions options;
  options.loopback = false;
  options.bound_host = "box.lan";
  for (const char* host : {"192.168.1.5:7860", "[fe80::1]:7860", "box.lan", "localhost"}) {
    EXPECT_TRUE(HostAllowed(options, host)) << host;
  }
  for (const char* host : {"evil.example", "1.2.3", "1.2.3.4.5", "1.2.3.256", "0x7f.1.1.1", "[]"}) {
    EXPECT_FALSE(HostAllowed(options, host)) << host;
  }
}

Request From(std::vector<Header> headers, Method method = Method::kPost) {
  Request request;
  request.method = method;
  request.headers = std::move(headers);
  return request;
}

TEST(Origins, OwnListedAndForeign) {
  GuardOptions options;
  options.cors_origins = {"https://chat.example.org"};
  const auto check = [&](const std::vector<Header>& headers, Method method = Method::kPost) {
    return CheckOrigin(options, From(headers, method));
  };
  const Header host{"Host", "localhost:7860"};
  EXPECT_EQ(check({host}), OriginVerdict::kNone);
  EXPECT_EQ(check({host, {"Origin", "http://localhost:7860"}}), OriginVerdict::kNone);
  EXPECT_EQ(check({host, {"Origin", "https://chat.example.org"}}), OriginVerdict::kListed);
  EXPECT_EQ(check({host, {"Origin", "http://localhost:3000"}}), OriginVerdict::kRefused);
  EXPECT_EQ(check({host, {"Origin", "null"}}), OriginVerdict::kRefused);
  EXPECT_EQ(check({host, {"Origin", ""}}), OriginVerdict::kRefused);
  EXPECT_EQ(check({host, {"Origin", "https://chat.example.org.evil"}}), OriginVerdict::kRefused);
  EXPECT_EQ(check({host, {"Sec-Fetch-Site", "cross-site"}}), OriginVerdict::kRefused);
  EXPECT_EQ(check({host, {"Sec-Fetch-Site", "cross-site"}}, Method::kGet), OriginVerdict::kNone);
}

TEST(Keys, HashedAndNamed) {
  ApiKeys keys;
  EXPECT_FALSE(keys.Add("short").ok());
  EXPECT_FALSE(keys.Add("with a space in it").ok());
  EXPECT_FALSE(keys.Add("sha256:00").ok());
  EXPECT_TRUE(keys.empty());
  ASSERT_TRUE(keys.Add("0123456789abcdef").ok());
  // printf 'fedcba9876543210' | sha256sum
  ASSERT_TRUE(
      keys.Add("sha256:3465f6e6975baa864ca957f0914ecda9bf7eb601ac31ac20a5dc3d329279a843").ok());
  EXPECT_TRUE(keys.NameOf("fedcba9876543210"));
  const auto name = keys.NameOf("0123456789abcdef");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->find("0123456789abcdef"), std::string::npos);
  EXPECT_FALSE(keys.NameOf("0123456789abcdeg"));
  EXPECT_FALSE(keys.NameOf(""));
  EXPECT_FALSE(keys.NameOf(std::string(10'000, 'a')));
}

TEST(Keys, Files) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "lemma_keys_test.txt";
  std::ofstream(path) << "# keys\n\n  0123456789abcdef  \r\nfedcba9876543210\n";
  ApiKeys keys;
  ASSERT_TRUE(keys.AddFile(path.string()).ok());
  EXPECT_TRUE(keys.NameOf("fedcba9876543210"));
  EXPECT_TRUE(keys.NameOf("0123456789abcdef"));
  std::ofstream(path) << "ok-but-then-bad-1234\nbad\n";
  EXPECT_THAT(keys.AddFile(path.string()).message(), ::testing::HasSubstr("line 2"));
  std::ofstream(path) << "# none\n";
  ApiKeys none;
  EXPECT_FALSE(none.AddFile(path.string()).ok());
  EXPECT_FALSE(none.AddFile("/nonexistent/keys").ok());
}

TEST(Keys, WhereTheyMayStand) {
  EXPECT_EQ(KeyOf(From({{"Authorization", "Bearer abc"}})), "abc");
  EXPECT_EQ(KeyOf(From({{"authorization", "bearer  abc "}})), "abc");
  EXPECT_EQ(KeyOf(From({{"X-Api-Key", "abc"}})), "abc");
  EXPECT_EQ(KeyOf(From({{"Authorization", "Basic abc"}})), std::nullopt);
  EXPECT_EQ(KeyOf(From({})), std::nullopt);
}

// The result must not depend on how the bytes are cut.
TEST(RequestReaders, CutAnywhere) {
  const std::string bytes =
      "POST /a%20b?x=1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\nGET / HTTP/1.1\r\n";
  for (size_t first = 0; first <= bytes.size(); ++first) {
    RequestReader reader({});
    reader.Feed(std::string_view(bytes).substr(0, first));
    reader.Feed(std::string_view(bytes).substr(first));
    ASSERT_EQ(reader.state(), RequestReader::State::kDone) << first << reader.error();
    EXPECT_EQ(reader.request().body, "hello!");
    EXPECT_EQ(reader.request().path, "/a b");
    EXPECT_EQ(reader.request().query, "x=1");
    EXPECT_EQ(reader.TakeRest(), "GET / HTTP/1.1\r\n");
  }
}

std::string_view ChunkedState(std::string_view bytes, size_t step) {
  ChunkedBody chunks(64);
  std::string body;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    const ChunkedBody::State state = chunks.Feed(piece, body);
    if (state == ChunkedBody::State::kBad) return "bad";
    if (state == ChunkedBody::State::kTooLarge) return "large";
    if (state == ChunkedBody::State::kDone) return piece.empty() && bytes.empty() ? "done" : "rest";
  }
  return "more";
}

TEST(ChunkedBodies, GoodAndBad) {
  for (const size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{1000}}) {
    EXPECT_EQ(ChunkedState("3\r\nabc\r\n0\r\n\r\n", step), "done");
    EXPECT_EQ(ChunkedState("0\r\n\r\n", step), "done");
    EXPECT_EQ(ChunkedState("00003;a=b\r\nabc\r\n0;x\r\nT: 1\r\nU: 2\r\n\r\n", step), "done");
    EXPECT_EQ(ChunkedState("0\r\n\r\nG", step), "rest");
    EXPECT_EQ(ChunkedState("0\r\n", step), "more");
    for (const char* bad : {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x3\r\n", " 3\r\n", "3\nabc",
                            "3 \r\nabc", "3\r\nabcd\r\n", "3\r\nabc\n", "3\rabc", ";\r\n"}) {
      EXPECT_EQ(ChunkedState(bad, step), "bad") << bad;
    }
    EXPECT_EQ(ChunkedState("41\r\n", step), "large");
    EXPECT_EQ(ChunkedState("ffffffffffffffff\r\n", step), "large");
    EXPECT_EQ(ChunkedState("fffffffffffffffff\r\n", step), "large");
    EXPECT_EQ(ChunkedState("3f\r\n" + std::string(63, 'a') + "\r\n2\r\n", step), "large");
    EXPECT_EQ(ChunkedState("3;" + std::string(300, 'a'), step), "bad");
    EXPECT_EQ(ChunkedState("0\r\nT: " + std::string(9000, 'a'), step), "bad");
  }
}

}  // namespace
}  // namespace lemma::server
