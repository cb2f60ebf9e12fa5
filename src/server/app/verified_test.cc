// SPDX-License-Identifier: Apache-2.0
// Verified reasoning through the whole server, with the bundled model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "server/app/app_testing.h"

namespace lemma::server {
namespace {

namespace json = boost::json;
using testing::AppTest;
using ::testing::HasSubstr;
using testing::RawClient;

class VerifiedTest : public AppTest {};

TEST_F(VerifiedTest, AQuestionIsSolvedAndCounted) {
  const uint16_t port = Start();
  const std::string body =
      R"({"question":"一个三位数，各位数字之和是12，百位数字比十位大2，个位比十位小1，求这个数。","seed":3})";
  const RawClient::Reply reply = Post(port, "/v1/lemma/solve", body);
  ASSERT_EQ(reply.status, 200) << reply.body;
  const json::value result = json::parse(reply.body);
  EXPECT_EQ(result.at("status"), "VERIFIED");
  EXPECT_EQ(result.at("answer"), "无解");
  EXPECT_TRUE(result.at("certificate").is_object());
  EXPECT_GT(result.at("tokens").as_int64(), 0);
  // The same request, the same result, but for the time it took.
  json::object again = json::parse(Post(port, "/v1/lemma/solve", body).body).as_object();
  again["seconds"] = result.at("seconds");
  EXPECT_EQ(json::serialize(again), json::serialize(result));
  EXPECT_TRUE(Quiet());
  EXPECT_TRUE(app_->CheckIntegrity().ok());
}

TEST_F(VerifiedTest, EventsComeBeforeTheResult) {
  const uint16_t port = Start();
  const RawClient::Reply reply = Post(
      port, "/v1/lemma/solve",
      R"({"question":"What is 37 + 58?","stream":true,"chain_text":true,"chains":3,"seed":1})");
  ASSERT_EQ(reply.status, 200);
  for (const char* part :
       {"\"type\":\"plan\"", "\"type\":\"chain_started\"", "\"type\":\"chain_text\"",
        "\"type\":\"chain_finished\"", "\"type\":\"stopped\"", "event: result\n", "\"status\":"}) {
    EXPECT_THAT(reply.body, HasSubstr(part));
  }
  EXPECT_LT(reply.body.find("chain_finished"), reply.body.find("event: result"));
}

TEST_F(VerifiedTest, AnAnswerIsCheckedWithoutAModel) {
  const uint16_t port = Start();
  const RawClient::Reply reply =
      Post(port, "/v1/lemma/check",
           R"({"problem":"鸡兔同笼，共有35个头，94只脚，鸡兔各几只？","answer":"鸡23只，兔12只"})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(json::parse(reply.body).at("status"), "VERIFIED");
  EXPECT_EQ(Post(port, "/v1/lemma/check", R"({"answr":"1"})").status, 400);
}

TEST_F(VerifiedTest, ErrorsNameTheFieldAndTheModel) {
  const uint16_t port = Start();
  RawClient::Reply reply = Post(port, "/v1/lemma/solve", R"({"question":"q","chains":1000})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(json::parse(reply.body).at("error").at("param"), "chains");
  reply = Post(port, "/v1/lemma/solve", R"({"question":"q","model":"gpt-4"})");
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr("model_not_found"));
}

TEST_F(VerifiedTest, EveryDialectReachesItByTheNameOfTheModel) {
  const uint16_t port = Start();
  const std::string question =
      "一个三位数，各位数字之和是12，百位数字比十位大2，个位比十位小1，求这个数。";
  const std::string messages = R"("messages":[{"role":"user","content":")" + question + "\"}]";
  const std::string body = R"({"model":"lemma:verified","seed":3,)" + messages + "}";
  RawClient::Reply reply = Post(port, "/v1/chat/completions", body);
  ASSERT_EQ(reply.status, 200) << reply.body;
  const json::value whole = json::parse(reply.body);
  EXPECT_EQ(whole.at("lemma").at("status"), "VERIFIED");
  EXPECT_EQ(whole.at("model"), "lemma:verified");
  const json::value& message = whole.at("choices").at(0).at("message");
  EXPECT_THAT(std::string(message.at("content").as_string()), HasSubstr("✓ 已验证"));
  EXPECT_THAT(std::string(message.at("reasoning_content").as_string()), HasSubstr("推理 "));

  reply = Post(port, "/v1/chat/completions",
               R"({"model":"lemma:verified","stream":true,"seed":3,)" + messages + "}");
  EXPECT_THAT(reply.body, HasSubstr("\"lemma\":{\"answer\":\"无解\""));
  EXPECT_THAT(reply.body, HasSubstr("data: [DONE]"));
  reply = Post(port, "/api/chat", R"({"model":"lemma:verified","stream":false,)" + messages + "}");
  EXPECT_THAT(reply.body, HasSubstr("无解"));
  reply =
      Post(port, "/v1/messages", R"({"model":"lemma:verified","max_tokens":100,)" + messages + "}");
  EXPECT_THAT(reply.body, HasSubstr("无解"));

  reply = Post(port, "/v1/chat/completions",
               R"({"model":"lemma:verified","messages":[{"role":"assistant","content":"x"}]})");
  EXPECT_EQ(reply.status, 400);
  reply = Post(port, "/v1/chat/completions", R"({"model":"gpt-4:verified",)" + messages + "}");
  EXPECT_EQ(reply.status, 404);
  EXPECT_TRUE(Quiet());
}

constexpr const char* kMessages = R"("messages":[{"role":"user","content":"What is 37 + 58?"}])";

TEST_F(VerifiedTest, EveryDialectTakesTheOptionAndGivesTheResult) {
  const uint16_t port = Start();
  const std::string lemma = R"("lemma":{"chains":3,"seed":3,"texts":true,"answer_tokens":200},)";
  struct Case {
    std::string path;
    std::string body;
  };
  const std::string model = R"({"model":"lemma",)" + lemma;
  std::vector<json::value> results;
  for (const Case& each : std::vector<Case>{
           {"/v1/chat/completions", model + kMessages + "}"},
           {"/v1/responses", model + R"("input":"What is 37 + 58?"})"},
           {"/api/chat", model + R"("stream":false,)" + kMessages + "}"},
           {"/api/generate", model + R"("stream":false,"prompt":"What is 37 + 58?"})"},
           {"/v1/messages", model + R"("max_tokens":1024,)" + kMessages + "}"}}) {
    const RawClient::Reply reply = Post(port, each.path, each.body);
    ASSERT_EQ(reply.status, 200) << each.path << reply.body;
    const json::value body = json::parse(reply.body);
    EXPECT_EQ(body.at("model"), "lemma") << each.path;
    json::object result = body.at("lemma").as_object();
    for (const char* name : {"status", "certificate", "votes", "confidence", "samples", "tokens",
                             "seconds", "seed", "trace_id", "policy", "chains"}) {
      EXPECT_TRUE(result.contains(name)) << each.path << " " << name;
    }
    EXPECT_EQ(result.at("answer"), "95") << each.path;
    EXPECT_EQ(result.at("seed"), 3);
    EXPECT_TRUE(result.at("chains").at(0).as_object().contains("thinking"));
    result.erase("seconds");
    results.emplace_back(std::move(result));
  }
  // The same question with the same options: the same chains, whatever the dialect.
  for (size_t i = 1; i < results.size(); ++i) {
    EXPECT_EQ(results[i].at("chains"), results[0].at("chains"));
    EXPECT_EQ(results[i].at("policy"), results[0].at("policy"));  // not that of max_tokens
    EXPECT_EQ(results[i].at("trace_id"), results[0].at("trace_id"));
  }
  EXPECT_TRUE(Quiet());
  EXPECT_TRUE(app_->CheckIntegrity().ok());
}

TEST_F(VerifiedTest, StreamsOfEveryDialectEndWithTheResult) {
  const uint16_t port = Start();
  const std::string lemma = R"({"lemma":{"chains":2,"seed":3},"stream":true,)";
  const auto stream = [&](const char* path, const std::string& rest) {
    return Post(port, path, lemma + rest + "}").body;
  };
  const auto at = [](const std::string& text, std::string_view part) { return text.find(part); };
  std::string text = stream("/v1/responses", R"("input":"What is 37 + 58?")");
  EXPECT_LT(at(text, "event: response.reasoning_text.delta"), at(text, "\"lemma\":{"));
  EXPECT_LT(at(text, "event: response.completed"), at(text, "\"lemma\":{"));
  text = stream("/v1/messages", std::string(R"("max_tokens":99,)") + kMessages);
  EXPECT_LT(at(text, "thinking_delta"), at(text, "event: message_delta"));
  EXPECT_LT(at(text, "event: message_delta"), at(text, "\"lemma\":{"));
  EXPECT_LT(at(text, "\"lemma\":{"), at(text, "event: message_stop"));
  for (const char* path : {"/api/chat", "/api/generate"}) {
    text = stream(path, std::string(R"("prompt":"What is 37 + 58?",)") + kMessages);
    const std::string last = text.substr(text.rfind('\n', text.size() - 2) + 1);
    EXPECT_EQ(json::parse(last).at("done"), true);
    EXPECT_EQ(json::parse(last).at("lemma").at("answer"), "95");
  }
  EXPECT_TRUE(Quiet());
}

TEST_F(VerifiedTest, TheOptionWinsOverTheName) {
  const uint16_t port = Start();
  const auto reply = [&](const std::string& fields) {
    return json::parse(
        Post(port, "/v1/chat/completions", "{" + fields + "," + kMessages + "}").body);
  };
  const json::value plain =
      reply(R"("model":"lemma:verified","lemma":false,"max_tokens":8,"seed":1)");
  EXPECT_FALSE(plain.as_object().contains("lemma"));
  EXPECT_EQ(plain.at("model"), "lemma");
  EXPECT_EQ(plain.at("usage").at("completion_tokens"), 8);
  EXPECT_EQ(reply(R"("model":"lemma:verified","lemma":{"chains":1})").at("model"),
            "lemma:verified");
  EXPECT_TRUE(reply(R"("lemma":true)").as_object().contains("lemma"));
  // Other routes take the name, too.
  EXPECT_EQ(Post(port, "/v1/messages/count_tokens",
                 std::string(R"({"model":"lemma:verified",)") + kMessages + "}")
                .status,
            200);
  EXPECT_EQ(Post(port, "/api/show", R"({"model":"lemma:verified"})").status, 200);
  EXPECT_EQ(Get(port, "/v1/models/lemma:verified").status, 200);
  EXPECT_EQ(Post(port, "/v1/lemma/solve", R"({"model":"lemma:verified","question":"1+1?"})").status,
            200);
}

TEST_F(VerifiedTest, AFreshSeedIsToldAndGivesTheSameAgain) {
  const uint16_t port = Start();
  const auto solve = [&](const std::string& lemma) {
    return json::parse(Post(port, "/v1/chat/completions",
                            R"({"lemma":{"chains":3,"enough":1,"temperature":1.5)" + lemma + "}," +
                                kMessages + "}")
                           .body);
  };
  const json::value first = solve("");
  EXPECT_EQ(first.at("seed"), first.at("lemma").at("seed"));
  EXPECT_NE(solve("").at("seed"), first.at("seed"));
  const json::value again = solve(",\"seed\":" + json::serialize(first.at("seed")));
  EXPECT_EQ(again.at("lemma").at("chains"), first.at("lemma").at("chains"));
  EXPECT_EQ(again.at("choices").at(0).at("message"), first.at("choices").at(0).at("message"));
}

TEST_F(VerifiedTest, ErrorsOfTheOptionHaveItsPath) {
  const uint16_t port = Start();
  const auto error = [&](const char* path, const std::string& fields) {
    const RawClient::Reply reply =
        Post(port, path, "{" + fields + R"(,"max_tokens":100,)" + kMessages + "}");
    EXPECT_EQ(reply.status, 400) << path << reply.body;
    return reply.body;
  };
  for (const char* path : {"/v1/chat/completions", "/v1/messages", "/api/chat"}) {
    EXPECT_THAT(error(path, R"("lemma":3)"), HasSubstr("lemma: expected true, false or an object"));
    // Found out by the reasoning layer itself.
    EXPECT_THAT(error(path, R"("lemma":{"chains":1000})"), HasSubstr("lemma.chains: 1000"));
    EXPECT_THAT(error(path, R"("lemma":{"profile":"r2"})"), HasSubstr("lemma.profile: 'r2'"));
    EXPECT_THAT(error(path, R"("lemma":{"scaffold":"none such"})"), HasSubstr("lemma.scaffold: "));
    EXPECT_THAT(error(path, R"("lemma":{"top_p":7})"), HasSubstr("lemma.top_p: "));
  }
  EXPECT_THAT(error("/v1/chat/completions", R"("lemma":true,"n":2)"), HasSubstr("\"n\""));
  EXPECT_THAT(error("/v1/chat/completions", R"("lemma":true,"timeout_ms":1)"),
              HasSubstr("\"timeout_ms\""));
  EXPECT_TRUE(Quiet());
}

TEST_F(VerifiedTest, AVoteHasAConfidenceWhereThereIsATable) {
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) /
                                     ("calibration_" + std::to_string(getpid()) + ".json");
  std::ofstream(path) << R"({"lemma_calibration":1,"id":"0123abcd","model":"Lemma bundled v2",)"
                         R"("profile":"bundled","rows":[{"n":1,"k":1,"right":27,"total":30}]})";
  options_.calibrations = {path};
  const uint16_t port = Start();
  const std::string body = R"({"lemma":{"chains":1,"seed":1},"max_tokens":100,)"
                           R"("messages":[{"role":"user","content":"Tell me about the sea."}]})";
  const auto reply = [&](const char* route) {
    return json::parse(Post(port, route, body).body).at("lemma").at("confidence");
  };
  const json::value confidence = reply("/v1/messages");
  ASSERT_TRUE(confidence.is_object());
  EXPECT_EQ(confidence.at("k"), 1);
  EXPECT_EQ(confidence.at("counted"), 30);
  EXPECT_LT(confidence.at("low").as_double(), confidence.at("p").as_double());
  EXPECT_LT(confidence.at("p").as_double(), confidence.at("high").as_double());
  EXPECT_EQ(confidence.at("table"), "0123abcd");
  EXPECT_EQ(reply("/v1/chat/completions"), confidence);
  std::filesystem::remove(path);
  app_->Stop();
  options_.calibrations = {"/none.json"};
  EXPECT_FALSE(App::Create(options_).ok());
}

TEST_F(VerifiedTest, ScaffoldsOfOnesOwnAreReadAtTheStart) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / ("scaffolds_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "my-own.en.txt") << "Here is a question: {question}\n";
  options_.scaffolds = folder;
  const uint16_t port = Start();
  const auto solve = [&](const std::string& scaffold) {
    return Post(
        port, "/v1/lemma/solve",
        R"({"question":"What is 37 + 58?","chains":1,"seed":1,"scaffold":")" + scaffold + "\"}");
  };
  const RawClient::Reply own = solve("my-own");
  ASSERT_EQ(own.status, 200) << own.body;
  EXPECT_EQ(json::parse(own.body).at("policy").at("scaffold"), "my-own");
  EXPECT_EQ(solve("boxed").status, 200);  // the built-in ones stay
  const RawClient::Reply none = solve("another");
  EXPECT_EQ(none.status, 400);
  EXPECT_THAT(none.body, HasSubstr("my-own"));
  app_->Stop();
  std::ofstream(folder / "bad.en.txt") << "without its place\n";
  EXPECT_THAT(App::Create(options_).status().message(), HasSubstr("bad.en.txt"));
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(App::Create(options_).ok());
}

TEST_F(VerifiedTest, AnAnswerThatWasCutSaysSo) {
  const uint16_t port = Start();
  const RawClient::Reply reply =
      Post(port, "/v1/messages",
           std::string(R"({"max_tokens":2,"lemma":{"seed":1,"thinking_tokens":1,"chains":2},)") +
               kMessages + "}");
  ASSERT_EQ(reply.status, 200) << reply.body;
  const json::value body = json::parse(reply.body);
  EXPECT_EQ(body.at("stop_reason"), "max_tokens");
  EXPECT_TRUE(body.at("lemma").at("answer").is_null());
  EXPECT_EQ(body.at("lemma").at("votes").at("n"), 0);
}

TEST_F(VerifiedTest, VerifiedChatsCountAmongTheRequests) {
  testing::HeldLoad held;
  options_.models.loader = held.loader();
  options_.serving.max_requests_per_client = 1;
  const uint16_t port = Start();
  RawClient client(port);
  client.Send(testing::PostRequest(
      "/v1/chat/completions",
      R"({"messages":[{"role":"user","content":"What is 1 + 1?"}],"lemma":{"seed":1}})"));
  EXPECT_TRUE(testing::Eventually([&] { return held.begun.load(); }));  // it waits for the model
  const RawClient::Reply reply = Post(port, "/v1/lemma/solve", R"({"question":"1+1?"})");
  EXPECT_EQ(reply.status, 429) << reply.body;
  held.go = true;
  EXPECT_EQ(client.ReadReply().status, 200);
}

TEST_F(VerifiedTest, QuestionsOfEveryRouteAreInTheMetrics) {
  const uint16_t port = Start();
  const json::value first = json::parse(
      Post(port, "/v1/lemma/solve", R"({"question":"What is 37 + 58?","seed":1})").body);
  const json::value second = json::parse(
      Post(port, "/v1/messages",
           R"({"max_tokens":500,"lemma":{"seed":2,"chains":2},)" + std::string(kMessages) + "}")
          .body);
  const std::string text = Get(port, "/metrics").body;
  const auto number = [&](const std::string& name) {
    const size_t at = text.find("\n" + name + " ");
    return at == text.npos ? -1 : std::stoll(text.substr(at + name.size() + 2));
  };
  int64_t of_status = 0;
  int64_t of_reason = 0;
  for (const json::value* each : {&first, &second.at("lemma")}) {
    const std::string status(each->at("status").as_string());
    EXPECT_GE(number("lemma_questions_total{status=\"" + status + "\"}"), 1) << status;
  }
  for (const char* status :
       {"VERIFIED", "CHECKED", "CONSISTENT", "SELF-OK", "UNVERIFIED", "REFUTED"}) {
    of_status += number(std::string("lemma_questions_total{status=\"") + status + "\"}");
  }
  for (const char* reason :
       {"verified", "agreement", "short", "all_chains", "deadline", "cancelled"}) {
    of_reason += number(std::string("lemma_question_stops_total{reason=\"") + reason + "\"}");
  }
  EXPECT_EQ(of_status, 2);
  EXPECT_EQ(of_reason, 2);
  EXPECT_EQ(number("lemma_question_seconds_count"), 2);
  EXPECT_EQ(number("lemma_question_tokens_total"),
            first.at("tokens").to_number<int64_t>() +
                second.at("lemma").at("tokens").to_number<int64_t>());
  EXPECT_EQ(number("lemma_question_chains_total"),
            first.at("samples").to_number<int64_t>() +
                second.at("lemma").at("samples").to_number<int64_t>());
}

TEST_F(VerifiedTest, AClientThatLeavesEndsItsChains) {
  const uint16_t port = Start();
  {
    RawClient client(port);
    client.Send(testing::PostRequest(
        "/v1/lemma/solve",
        R"({"question":"Tell me about the sea.","chains":8,"first_chains":8,"enough":1,"temperature":3,"stream":true})"));
    client.ReadUntil("chain_started");
  }
  EXPECT_TRUE(Quiet());
  EXPECT_TRUE(app_->CheckIntegrity().ok());
}

}  // namespace
}  // namespace lemma::server
