// SPDX-License-Identifier: Apache-2.0
// The notebook of mistakes through the whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "server/app/app_testing.h"

namespace lemma::server {
namespace {

namespace json = boost::json;
using testing::AppTest;
using ::testing::HasSubstr;
using testing::RawClient;

constexpr const char* kRoute = "/v1/lemma/notebook";

class NotebookTest : public AppTest {
 protected:
  NotebookTest() {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("server_notebook_" + std::to_string(getpid()));
    options_.notebook = folder_ / "notes.jsonl";
  }
  ~NotebookTest() override { std::filesystem::remove_all(folder_); }
  NotebookTest(const NotebookTest&) = delete;
  NotebookTest& operator=(const NotebookTest&) = delete;

  static RawClient::Reply Delete(uint16_t port, const std::string& path) {
    RawClient client(port);
    client.Send("DELETE " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.ReadReply();
  }
  static std::string Rule(const std::string& rule) {
    return R"({"question":"鸡兔同笼，共有35个头","rule":")" + rule + "\"}";
  }

  std::filesystem::path folder_;
};

TEST_F(NotebookTest, RulesAreAddedShownChangedExportedAndRemoved) {
  const uint16_t port = Start();
  EXPECT_EQ(Get(port, kRoute).body, R"({"object":"list","data":[]})");
  RawClient::Reply reply = Post(port, kRoute, Rule("代回每一个条件。"));
  ASSERT_EQ(reply.status, 200) << reply.body;
  const json::value note = json::parse(reply.body);
  const std::string id(note.at("id").as_string());
  const std::string one = kRoute + ("/" + id);
  EXPECT_EQ(note.at("task"), "word");
  EXPECT_EQ(Get(port, one).body, reply.body);
  EXPECT_EQ(json::parse(Get(port, kRoute).body).at("data").at(0), note);
  EXPECT_EQ(json::parse(Post(port, one, R"({"rule":"新的规则"})").body).at("rule"), "新的规则");

  reply = Get(port, std::string(kRoute) + "/export");
  EXPECT_THAT(reply.head, HasSubstr("application/x-ndjson"));
  std::ifstream file(options_.notebook);
  EXPECT_EQ(reply.body, std::string(std::istreambuf_iterator<char>(file), {}));

  EXPECT_EQ(json::parse(Delete(port, one).body).at("deleted"), true);
  EXPECT_EQ(Delete(port, one).status, 404);
  reply = Get(port, one);
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(json::parse(reply.body).at("error").at("code"), "not_found");
  reply = Post(port, kRoute, R"({"rule":"r"})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(json::parse(reply.body).at("error").at("param"), "question");
}

TEST_F(NotebookTest, ParallelWritesAreAllKept) {
  const uint16_t port = Start();
  constexpr int kThreads = 6;
  constexpr int kEach = 8;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([port, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto reply =
            Post(port, kRoute, Rule("rule " + std::to_string(t) + " " + std::to_string(i)));
        EXPECT_EQ(reply.status, 200) << reply.body;
        if (i % 4 == 3) {
          const std::string id(json::parse(reply.body).at("id").as_string());
          EXPECT_EQ(Delete(port, kRoute + ("/" + id)).status, 200);
        }
      }
    });
  }
  for (std::thread& each : threads) each.join();
  const json::value list = json::parse(Get(port, kRoute).body);
  std::set<std::string> ids;
  for (const json::value& note : list.at("data").as_array()) {
    ids.emplace(note.at("id").as_string());
  }
  EXPECT_EQ(ids.size(), size_t{kThreads} * kEach * 3 / 4);
}

TEST_F(NotebookTest, ADamagedFileIsToldAndLeft) {
  std::filesystem::create_directories(folder_);
  std::ofstream(options_.notebook) << "{\"id\": 7}\n";
  const uint16_t port = Start();
  RawClient::Reply reply = Post(port, kRoute, Rule("r"));
  EXPECT_EQ(reply.status, 500);
  EXPECT_THAT(reply.body, HasSubstr("notebook: line 1: id: expected a text"));
  EXPECT_THAT(reply.body, ::testing::Not(HasSubstr(folder_.string())));
  reply = Post(port, "/v1/lemma/solve", R"({"question":"1+1?","notebook":true})");
  EXPECT_EQ(reply.status, 500);
  EXPECT_TRUE(Quiet());
}

TEST_F(NotebookTest, QuestionsAreToldRulesAndTheirUseIsCounted) {
  const uint16_t port = Start();
  Post(port, kRoute,
       R"({"rule":"Add the units first.","question":"What is 37 + 58?","task":"arithmetic"})");
  const auto used = [&](int seed) {
    const auto reply = Post(port, "/v1/chat/completions",
                            R"({"messages":[{"role":"user","content":"What is 37 + 58?"}],)"
                            R"("lemma":{"task":"arithmetic","chains":1,"notebook":true,"seed":)" +
                                std::to_string(seed) + "}}");
    EXPECT_EQ(reply.status, 200) << reply.body;
    return json::parse(reply.body).at("lemma").at("notebook");
  };
  constexpr int kUses = 12;
  int held = 0;
  for (int seed = 0; seed < kUses; ++seed) {
    const json::value notebook = used(seed);
    EXPECT_EQ(notebook.at("rules").as_array().size(), 1U);
    held += notebook.at("held_back").as_bool() ? 1 : 0;
  }
  const json::value note = json::parse(Get(port, kRoute).body).at("data").at(0);
  EXPECT_EQ(note.at("uses"), kUses - held);
  EXPECT_EQ(note.at("held"), held);
  EXPECT_TRUE(Quiet());
}

TEST_F(NotebookTest, WithoutAFileThereIsNone) {
  options_.notebook.clear();
  const uint16_t port = Start();
  EXPECT_EQ(Get(port, kRoute).status, 404);
  EXPECT_EQ(Post(port, kRoute, Rule("r")).status, 404);
  RawClient::Reply reply = Post(port, "/v1/lemma/solve", R"({"question":"1+1?","notebook":true})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(json::parse(reply.body).at("error").at("param"), "notebook");
  reply = Post(port, "/api/chat",
               R"({"messages":[{"role":"user","content":"1+1?"}],"lemma":{"notebook":true}})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, HasSubstr("lemma.notebook: this server keeps none"));
}

TEST_F(NotebookTest, KeysGuardIt) {
  EXPECT_TRUE(options_.http.keys.Add("0123456789abcdef-key").ok());
  const uint16_t port = Start();
  EXPECT_EQ(Get(port, kRoute).status, 401);
  EXPECT_EQ(Post(port, kRoute, Rule("r")).status, 401);
  RawClient client(port);
  client.Send("GET " + std::string(kRoute) +
              " HTTP/1.1\r\nHost: localhost\r\nx-api-key: 0123456789abcdef-key\r\n\r\n");
  EXPECT_EQ(client.ReadReply().status, 200);
}

}  // namespace
}  // namespace lemma::server
