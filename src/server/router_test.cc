// SPDX-License-Identifier: Apache-2.0
#include "server/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lemma::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Router Sample() {
  Router router;
  const Handler nothing = [](const ExchangePtr&) {};
  router.Add(Method::kGet, "/v1/models", nothing);
  router.Add(Method::kGet, "/v1/models/*", nothing);
  router.Add(Method::kGet, "/v1/models/first", nothing);
  router.Add(Method::kPost, "/v1/*", nothing);
  router.Add(Method::kGet, "/health", nothing, Access::kOpen);
  return router;
}

std::string PatternOf(const Router& router, Method method, std::string_view path) {
  const Router::Match match = router.Find(method, path);
  return match.route == nullptr ? "" : match.route->pattern;
}

TEST(Router, ExactBeforeParameterAndLongBeforeShort) {
  const Router router = Sample();
  EXPECT_EQ(PatternOf(router, Method::kGet, "/v1/models"), "/v1/models");
  EXPECT_EQ(PatternOf(router, Method::kGet, "/v1/models/first"), "/v1/models/first");
  EXPECT_EQ(PatternOf(router, Method::kGet, "/v1/models/other"), "/v1/models/*");
  EXPECT_EQ(router.Find(Method::kGet, "/v1/models/org/name").parameter, "org/name");
  EXPECT_EQ(PatternOf(router, Method::kPost, "/v1/models/other"), "/v1/*");
}

TEST(Router, SaysWhichMethodsAPathHas) {
  const Router router = Sample();
  const Router::Match wrong = router.Find(Method::kDelete, "/v1/models");
  EXPECT_EQ(wrong.route, nullptr);
  EXPECT_THAT(wrong.allowed, ElementsAre(Method::kGet, Method::kPost));
  EXPECT_THAT(router.Find(Method::kGet, "/nothing").allowed, IsEmpty());
  EXPECT_THAT(router.Find(Method::kGet, "/v1/models/").allowed, ElementsAre(Method::kPost));
}

TEST(Router, HeadIsAnsweredByGet) {
  EXPECT_EQ(PatternOf(Sample(), Method::kHead, "/health"), "/health");
}

TEST(Router, ErrorsTakeTheShapeOfTheLongestPrefix) {
  Router router;
  const auto shape = [](std::string name) {
    return [name](const ApiError& error) {
      Response response = ErrorHead(error);
      response.body = name;
      return response;
    };
  };
  ApiError error;
  error.kind = ErrorKind::kOverloaded;
  error.message = "busy";
  error.retry_after_seconds = 2;
  EXPECT_EQ(router.FormatError("/x", error).body, "busy\n");
  router.SetErrorFormat("", shape("all"));
  router.SetErrorFormat("/v1/messages", shape("messages"));
  EXPECT_EQ(router.FormatError("/v1/chat", error).body, "all");
  const Response response = router.FormatError("/v1/messages/count_tokens", error);
  EXPECT_EQ(response.body, "messages");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.headers, ElementsAre(Header{"Retry-After", "2"}));
}

TEST(ApiErrors, TheFieldIsTakenFromTheMessage) {
  EXPECT_EQ(FromStatus(InvalidArgument("stop[3]: is empty")).param, "stop[3]");
  EXPECT_EQ(FromStatus(InvalidArgument("the prompt has 9 tokens: too many")).param, "");
  EXPECT_EQ(FromStatus(ResourceExhausted("full")).status(), 503);
  EXPECT_EQ(FromStatus(NotFound("no model")).status(), 404);
}

TEST(Requests, HeadersQueryAndEscapes) {
  Request request;
  request.headers = {{"Content-Type", "a"}, {"content-type", "b"}};
  EXPECT_EQ(request.Find("CONTENT-TYPE"), "a");
  EXPECT_EQ(request.Find("accept"), std::nullopt);
  request.query = "a=1&fail%5Fon=x%20y&flag";
  EXPECT_EQ(request.QueryValue("fail_on"), "x y");
  EXPECT_EQ(request.QueryValue("flag"), "");
  EXPECT_EQ(request.QueryValue("b"), std::nullopt);
  EXPECT_EQ(PercentDecode("%2"), std::nullopt);
  EXPECT_EQ(PercentDecode("%zz"), std::nullopt);
  EXPECT_EQ(PercentDecode("a%00b"), std::nullopt);
  EXPECT_EQ(PercentDecode("%e4%BD%a0"), "你");
}

}  // namespace
}  // namespace lemma::server
