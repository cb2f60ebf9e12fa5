// SPDX-License-Identifier: Apache-2.0
#include "reasoning/remote_source.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "reasoning/eval_report.h"
#include "reasoning/eval_run.h"
#include "reasoning/http_client.h"

namespace lemma::reasoning {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kGifts = "Tom's uncle gave him 3 coins and 5 stamps; how many gifts in all?";

// A server that answers each request (its head and body, how many came before) with raw bytes and
// hangs up.
class FakeServer {
 public:
  using Answer = std::function<std::string(const std::string& request, size_t number)>;
  explicit FakeServer(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~FakeServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/v1";
  }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void Run() {
    for (int fd = -1; (fd = ::accept(listener_, nullptr, nullptr)) >= 0;) {
      const std::string request = Read(fd);
      size_t number = 0;
      {
        const std::lock_guard lock(mutex_);
        number = requests_.size();
        requests_.push_back(request);
      }
      const std::string reply = answer_(request, number);
      (void)!::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
      ::close(fd);
    }
  }

  static std::string Read(int fd) {
    std::string out;
    char bytes[4096];
    for (ssize_t got = 0; (got = ::recv(fd, bytes, sizeof(bytes), 0)) > 0;) {
      out.append(bytes, static_cast<size_t>(got));
      const size_t head = out.find("\r\n\r\n");
      if (head == out.npos) continue;
      const size_t at = out.find("Content-Length: ");
      const size_t length = at == out.npos ? 0 : std::stoul(out.substr(at + 16));
      if (out.size() >= head + 4 + length) break;
    }
    return out;
  }

  Answer answer_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

std::string Http(int status, const std::string& body, const std::string& more = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string Says(const std::string& content, const std::string& more = "",
                 const std::string& finish = "stop") {
  boost::json::object message{{"role", "assistant"}, {"content", content}};
  if (!more.empty()) message["reasoning_content"] = more;
  return Http(200, boost::json::serialize(boost::json::object{
                       {"choices", boost::json::array{boost::json::object{
                                       {"message", message}, {"finish_reason", finish}}}},
                       {"usage", {{"completion_tokens", 17}, {"prompt_tokens", 40}}}}));
}

RemoteOptions Options(const FakeServer& server) {
  RemoteOptions out;
  out.url = server.url();
  out.model = "some-model";
  out.first_wait = 0.01;
  return out;
}

SolveRequest AskRemote() {
  SolveRequest out;
  out.question = kGifts;
  out.options.profile = "generic";
  out.options.retries = 0;
  return out;
}

Result<SolveResult> SolveBy(const FakeServer& server, const SolveRequest& request,
                            std::optional<RemoteOptions> options = std::nullopt) {
  auto source = MakeRemoteSource(options.value_or(Options(server)));
  if (!source.ok()) return source.status();
  return Solve(**source, Scaffolds(), request, {});
}

// The error of a request to a server that answers so.
Status ErrorOf(const FakeServer::Answer& answer) {
  const FakeServer server(answer);
  const auto result = SolveBy(server, AskRemote());
  EXPECT_FALSE(result.ok());
  EXPECT_THAT(result.status().message(), HasSubstr(server.url() + "/chat/completions: "));
  return result.status();
}

TEST(RemoteSourceTest, ChainsAreRequestsWithSeedsOfTheirOwn) {
  FakeServer server([](const std::string&, size_t number) {
    return Says(number == 1 ? "\\boxed{7}" : "\\boxed{8}");
  });
  SolveRequest request = AskRemote();
  request.options.chains = 3;
  request.options.first_chains = 3;
  const auto result = SolveBy(server, request);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->status, SolveStatus::kConsistent);
  EXPECT_EQ(result->agreeing, 2U);
  EXPECT_EQ(result->tokens, 51U);
  EXPECT_EQ(result->prompt_tokens, 40U);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  std::vector<std::string> seeds;
  for (const std::string& each : requests) {
    EXPECT_THAT(each, HasSubstr("POST /v1/chat/completions HTTP/1.1"));
    EXPECT_THAT(each, Not(HasSubstr("Authorization")));
    const auto body = boost::json::parse(each.substr(each.find("\r\n\r\n") + 4)).as_object();
    EXPECT_EQ(body.at("model"), "some-model");
    EXPECT_EQ(body.at("temperature").as_double(), 0.7);
    EXPECT_EQ(body.at("stream"), false);
    EXPECT_FALSE(body.contains("top_k"));
    EXPECT_THAT(std::string(body.at("messages").at(0).at("content").as_string()),
                HasSubstr(kGifts));
    seeds.push_back(boost::json::serialize(body.at("seed")));
  }
  EXPECT_NE(seeds[0], seeds[1]);
  EXPECT_NE(seeds[1], seeds[2]);
}

TEST(RemoteSourceTest, ThinkingComesBesideTheContentOrInIt) {
  const std::vector<std::pair<std::string, std::string>> ways = {
      {Says("\\boxed{8}", "3 and 5"), "3 and 5"},
      {Says("<think>\n3 and 5\n</think>\n\n\\boxed{8}"), "3 and 5"},
      {Says("3 and 5\n</think>\n\n\\boxed{8}"), "3 and 5"},
      {Says("\\boxed{8}"), ""}};
  for (const auto& [reply, thinking] : ways) {
    FakeServer server([text = std::string(reply)](const std::string&, size_t) { return text; });
    SolveRequest request = AskRemote();
    request.options.chains = 1;
    const auto result = SolveBy(server, request);
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    EXPECT_EQ(result->answer, "8") << reply;
    EXPECT_THAT(result->chains[0].thinking, HasSubstr(thinking));
    EXPECT_THAT(result->chains[0].content, Not(HasSubstr("think")));
  }
}

TEST(RemoteSourceTest, ChainsThatWereCutDoNotVote) {
  const std::vector<std::string> ways = {Says("<think>\nso \\boxed{8}", "", "length"),
                                         Says("\\boxed{8", "", "length"),
                                         Says("<think>\nso \\boxed{8}")};
  for (const std::string& reply : ways) {
    FakeServer server([&](const std::string&, size_t) { return reply; });
    SolveRequest request = AskRemote();
    request.options.chains = 1;
    const auto result = SolveBy(server, request);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->chains[0].end, ChainEnd::kUnfinished);
    EXPECT_EQ(result->votes.voters(), 0U);
  }
}

TEST(RemoteSourceTest, TheKeyIsSentAndNeverShown) {
  FakeServer server([](const std::string& request, size_t) {
    const bool there = request.find("Authorization: Bearer secret-key") != std::string::npos;
    return there ? Http(403, R"({"error":{"message":"no such plan"}})") : Http(500, "");
  });
  RemoteOptions options = Options(server);
  options.api_key = "secret-key";
  const auto result = SolveBy(server, AskRemote(), options);
  EXPECT_THAT(result.status().message(), HasSubstr("HTTP 403: no such plan"));
  EXPECT_THAT(result.status().message(), Not(HasSubstr("secret-key")));
}

TEST(RemoteSourceTest, ErrorsSayWhatIsWrong) {
  using S = std::string;
  const auto always = [](S reply) { return [reply](const S&, size_t) { return reply; }; };
  const Status denied = ErrorOf(always(Http(401, R"({"error":{"message":"bad key"}})")));
  EXPECT_THAT(denied.message(), HasSubstr("HTTP 401: bad key (the key is read"));
  EXPECT_THAT(ErrorOf(always(Http(404, R"({"error":"no model"})"))).message(),
              HasSubstr("HTTP 404: no model"));
  EXPECT_THAT(ErrorOf(always(Http(500, "it\nbroke"))).message(),
              HasSubstr("HTTP 500: it broke (after 5 tries)"));
  EXPECT_THAT(ErrorOf(always(Http(200, "<html>hello"))).message(),
              HasSubstr("the reply is no JSON object: <html>hello"));
  EXPECT_THAT(ErrorOf(always(Http(200, R"({"choices":[]})"))).message(),
              HasSubstr("choices: expected a list"));
  EXPECT_THAT(ErrorOf(always(Http(200, R"({"choices":[{"message":3}]})"))).message(),
              HasSubstr("choices[0].message: expected an object"));
  EXPECT_THAT(ErrorOf(always("SSH-2.0-OpenSSH\r\n\r\n")).message(), HasSubstr("no HTTP"));
  const S whole = Says("\\boxed{8}");
  const Status cut = ErrorOf(always(whole.substr(0, whole.size() - 20)));
  EXPECT_EQ(cut.code(), StatusCode::kDataLoss);
  EXPECT_THAT(cut.message(), HasSubstr("the connection ended before the reply did"));
  EXPECT_THAT(ErrorOf(always("")).message(), HasSubstr("ended before the reply did"));
}

TEST(RemoteSourceTest, NobodyListens) {
  RemoteOptions options;
  {
    const FakeServer server([](const std::string&, size_t) { return ""; });
    options = Options(server);
  }
  auto source = MakeRemoteSource(options);
  ASSERT_TRUE(source.ok());
  const auto result = Solve(**source, Scaffolds(), AskRemote(), {});
  EXPECT_THAT(result.status().message(), HasSubstr("connection refused"));
  EXPECT_THAT(OnlyRemoteModel(options).status().message(), HasSubstr("connection refused"));
}

TEST(RemoteSourceTest, ABusyServerIsAskedAgain) {
  FakeServer server([](const std::string&, size_t number) {
    if (number == 0) return Http(429, "{}", "Retry-After: 1\r\n");
    if (number == 1) return Http(503, "{}");
    if (number == 2) return std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
    return Says("\\boxed{8}");
  });
  SolveRequest request = AskRemote();
  request.options.chains = 1;
  const Stopwatch watch;
  const auto result = SolveBy(server, request);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->answer, "8");
  EXPECT_EQ(server.requests().size(), 4U);
  EXPECT_GE(watch.Seconds(), 1.0);  // Retry-After was kept
}

TEST(RemoteSourceTest, PatienceHasAnEnd) {
  std::atomic<size_t> asked{0};
  FakeServer server([&](const std::string&, size_t) {
    ++asked;
    return Http(429, R"({"message":"slow down"})", "Retry-After: 86400\r\n");
  });
  SolveRequest request = AskRemote();
  request.options.chains = 1;
  EXPECT_THAT(SolveBy(server, request).status().message(),
              HasSubstr("HTTP 429: slow down (Retry-After: 86400 s, at most 300 are waited)"));
  EXPECT_EQ(asked.load(), 1U);
}

TEST(RemoteSourceTest, AReplyThatNeverEndsIsGivenUp) {
  std::atomic<bool> over{false};
  FakeServer server([&](const std::string&, size_t) {
    while (!over.load()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return std::string();
  });
  RemoteOptions options = Options(server);
  options.reply_seconds = 0.2;
  SolveRequest request = AskRemote();
  request.options.chains = 1;
  const auto result = SolveBy(server, request, options);
  over.store(true);
  EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
}

TEST(RemoteSourceTest, WhatItCannotDoIsRefusedByName) {
  const FakeServer server([](const std::string&, size_t) { return Says("\\boxed{8}"); });
  const auto refused = [&](const std::function<void(SolveOptions&)>& set) {
    SolveRequest request = AskRemote();
    set(request.options);
    const auto result = SolveBy(server, request);
    EXPECT_EQ(result.status().code(), StatusCode::kUnsupported);
    return result.status().message();
  };
  EXPECT_THAT(refused([](auto& o) { o.search = Search::kStepBeam; }), HasSubstr("search: beam"));
  EXPECT_THAT(refused([](auto& o) { o.rewind = Switch::kOn; }), HasSubstr("rewind"));
  EXPECT_THAT(refused([](auto& o) { o.calculator = Switch::kOn; }), HasSubstr("calculator"));
  EXPECT_THAT(refused([](auto& o) { o.deadline = 5; }), HasSubstr("deadline"));
  EXPECT_THAT(refused([](auto& o) { o.answer_temperature = 0.2F; }),
              HasSubstr("answer_temperature"));
  // What only a profile wants is left out, and the policy says so.
  SolveRequest request = AskRemote();
  request.options.profile = "bundled";
  const auto result = SolveBy(server, request);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->policy.calculator, Switch::kOff);
}

TEST(RemoteSourceTest, TheOnlyModelNeedsNoName) {
  const FakeServer one([](const std::string& request, size_t) {
    EXPECT_THAT(request, HasSubstr("GET /v1/models HTTP/1.1"));
    return Http(200, R"({"data":[{"id":"the-one"}]})");
  });
  EXPECT_EQ(*OnlyRemoteModel(Options(one)), "the-one");
  const FakeServer two(
      [](const std::string&, size_t) { return Http(200, R"({"data":[{"id":"a"},{"id":"b"}]})"); });
  EXPECT_THAT(OnlyRemoteModel(Options(two)).status().message(), HasSubstr("--model: a, b"));
}

TEST(RemoteSourceTest, ARunThatFailedGoesOn) {
  std::atomic<bool> broken{true};
  FakeServer server([&](const std::string&, size_t number) {
    return broken && number >= 2 ? Http(400, R"({"error":"out of credit"})") : Says("\\boxed{8}");
  });
  EvalJob job;
  job.directory =
      std::filesystem::path(::testing::TempDir()) / ("lemma_remote_" + std::to_string(::getpid()));
  job.manifest = "{}";
  job.parallel = 1;
  job.base = AskRemote();
  job.base.options.chains = 1;
  for (int i = 0; i < 4; ++i) {
    job.items.emplace_back();
    job.items.back().id = std::to_string(i);
    job.items.back().question = kGifts;
    job.items.back().gold = "8";
  }
  const SourceFactory sources = [&] { return *MakeRemoteSource(Options(server)); };
  const auto first = RunEval(sources, Scaffolds(), job, {});
  EXPECT_THAT(first.status().message(), HasSubstr("2: "));
  EXPECT_THAT(first.status().message(), HasSubstr("HTTP 400: out of credit"));
  broken.store(false);
  const auto second = RunEval(sources, Scaffolds(), job, {});
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_EQ(Summarise(*second).all.right, 4U);
  // Two right, one or two refused (a worker had begun another), two more.
  EXPECT_LE(server.requests().size(), 6U);
  std::filesystem::remove_all(job.directory);
}

TEST(BaseUrlTest, Parts) {
  const auto url = ParseBaseUrl("https://api.example.com/v1/");
  ASSERT_TRUE(url.ok());
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "api.example.com");
  EXPECT_EQ(url->port, "443");
  EXPECT_EQ(url->path, "/v1");
  const auto six = ParseBaseUrl("http://[::1]:8080");
  ASSERT_TRUE(six.ok());
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, "8080");
  EXPECT_EQ(six->path, "");
  EXPECT_EQ(ParseBaseUrl("http://localhost/v1")->port, "80");
  for (const char* bad : {"localhost:80", "ftp://x", "http://", "http://x:0", "http://x:99999",
                          "http://x:8o", "http://[::1", "http://u:p@x", "http://x/v1?key=1"}) {
    EXPECT_EQ(ParseBaseUrl(bad).status().code(), StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace lemma::reasoning
