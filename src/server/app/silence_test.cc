// SPDX-License-Identifier: Apache-2.0
// A stream whose prompt takes long says now and then that it lives, as its dialect can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <string>

#include "server/app/app.h"
#include "server/http/http_testing.h"

namespace lemma::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::PostRequest;
using testing::RawClient;

// Many times the interval to compute, on any machine.
std::string LongQuestion() {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "There are " + std::to_string(i) + " apples. ";
  return R"("messages":[{"role":"user","content":")" + text + "How many apples are there?\"}]";
}

class SilenceTest : public ::testing::Test {
 protected:
  std::string Ask(std::chrono::milliseconds ping, std::string_view path, const std::string& more) {
    AppOptions options;
    options.http.port = 0;
    options.models.models = {{"lemma", LEMMA_SOURCE_DIR "/models/lemma-bundled-v2-q8_0.gguf"}};
    options.models.load.threads = 1;
    options.models.load.context = 1024;
    options.serving.ping = ping;
    auto app = App::Create(std::move(options));
    EXPECT_TRUE(app.ok()) << app.status().ToString();
    EXPECT_TRUE((*app)->Start().ok());
    RawClient client((*app)->port());
    client.Send(PostRequest(path, "{" + LongQuestion() + R"(,"stream":true,)" + more + "}"));
    const RawClient::Reply reply = client.ReadReply();
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.body;
  }
};

constexpr std::chrono::milliseconds kOften{1};
constexpr std::chrono::milliseconds kSeldom{60'000};
constexpr const char* kComment = "\n\n: keep-alive\n\n";

TEST_F(SilenceTest, CommentsInServerSentEvents) {
  const std::string text = Ask(kOften, "/v1/chat/completions", R"("max_tokens":4)");
  EXPECT_THAT(text, HasSubstr(kComment));
  EXPECT_LT(text.find(kComment), text.find("\"reasoning\""));
  EXPECT_THAT(text, ::testing::EndsWith("data: [DONE]\n\n"));
  EXPECT_THAT(Ask(kSeldom, "/v1/chat/completions", R"("max_tokens":4)"), Not(HasSubstr(kComment)));
}

TEST_F(SilenceTest, CommentsWhileChainsRun) {
  for (const char* path : {"/v1/chat/completions", "/v1/lemma/solve"}) {
    const std::string more = path[4] == 'c' ? R"("lemma":{"chains":1})" : R"("chains":1)";
    EXPECT_THAT(Ask(kOften, path, more), HasSubstr(kComment)) << path;
    EXPECT_THAT(Ask(kSeldom, path, more), Not(HasSubstr(kComment))) << path;
  }
}

TEST_F(SilenceTest, PingsInAnthropicMessages) {
  const auto pings = [](std::string_view text) {
    size_t count = 0;
    for (size_t at = 0; (at = text.find("event: ping\n", at)) != std::string_view::npos; ++at) {
      ++count;
    }
    return count;
  };
  const std::string often = Ask(kOften, "/v1/messages", R"("max_tokens":4)");
  EXPECT_GT(pings(often), 1U);
  EXPECT_THAT(often, Not(HasSubstr(kComment)));
  EXPECT_EQ(pings(Ask(kSeldom, "/v1/messages", R"("max_tokens":4)")), 1U);  // behind the start
}

TEST_F(SilenceTest, NothingInLinesOfJson) {
  std::string text = Ask(kOften, "/api/chat", R"("options":{"num_predict":4})");
  size_t lines = 0;
  for (size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
    EXPECT_TRUE(boost::json::parse(text.substr(0, end)).is_object());
    ++lines;
  }
  EXPECT_TRUE(text.empty());
  EXPECT_GT(lines, 1U);
}

}  // namespace
}  // namespace lemma::server
