// SPDX-License-Identifier: Apache-2.0
// docs/openapi.json says what the server does: its paths are the routes of all dialects, the
// properties of each request body are the fields that the parser asks for, and every example is a
// body that the parser accepts without an error or a warning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "server/anthropic/request.h"
#include "server/anthropic/routes.h"
#include "server/llamacpp/request.h"
#include "server/llamacpp/routes.h"
#include "server/ollama/request.h"
#include "server/ollama/routes.h"
#include "server/openai/chat_request.h"
#include "server/openai/completion_request.h"
#include "server/openai/responses_request.h"
#include "server/openai/routes.h"
#include "server/router.h"
#include "server/serving.h"
#include "server/verified/notebook_routes.h"
#include "server/verified/routes.h"
#include "server/verified/solve_body.h"

namespace lemma::server {
namespace {

namespace json = boost::json;

// Routes are only listed, never called.
class NoServing final : public Serving {
 public:
  void SetVerified(ChatHandler) override {}
  NoServing() : models_(std::move(service::ModelRegistry::Create({})).value()) {}
  void Chat(ExchangePtr, ModelRef, service::ChatRequest, std::unique_ptr<StreamSink>) override {}
  void Complete(ExchangePtr, ModelRef, std::vector<service::CompletionRequest>,
                std::unique_ptr<StreamSink>) override {}
  void WithModel(ExchangePtr, ModelRef, ModelWork) override {}
  void Embed(ExchangePtr, ModelRef, service::EmbedRequest, EmbedFormat) override {}
  std::shared_ptr<void> Admit(const ExchangePtr&, ApiError&) override { return nullptr; }
  void SendError(const ExchangePtr&, const ApiError&) override {}
  bool EndThinking(std::string_view) override { return false; }
  service::ModelRegistry& models() override { return *models_; }
  ModelReports& reports() override { return reports_; }

 private:
  ModelReports reports_;
  std::unique_ptr<service::ModelRegistry> models_;
};

const json::value& Document() {
  static const json::value document = [] {
    const auto text = ReadFile(LEMMA_SOURCE_DIR "/docs/openapi.json", 1 << 22);
    EXPECT_TRUE(text.ok()) << text.status().ToString();
    return text.ok() ? json::parse(*text) : json::value(json::object());
  }();
  return document;
}

// Follows {"$ref": "#/components/schemas/X"}.
const json::object& Resolve(const json::value& schema) {
  const json::object& object = schema.as_object();
  const json::value* reference = object.if_contains("$ref");
  if (reference == nullptr) return object;
  const std::string name(
      reference->as_string().subview(std::string("#/components/schemas/").size()));
  return Resolve(Document().at("components").at("schemas").at(name));
}

// "messages", "messages[].role", ... of a schema.
void Flatten(const json::value& schema, const std::string& path, std::set<std::string>& out) {
  const json::object& object = Resolve(schema);
  for (const std::string_view choice : {"oneOf", "anyOf", "allOf"}) {
    if (const json::value* list = object.if_contains(choice)) {
      for (const json::value& each : list->as_array()) Flatten(each, path, out);
    }
  }
  if (const json::value* items = object.if_contains("items")) Flatten(*items, path + "[]", out);
  const json::value* properties = object.if_contains("properties");
  if (properties == nullptr) return;
  for (const auto& [name, inner] : properties->as_object()) {
    const std::string inner_path =
        path.empty() ? std::string(name) : path + "." + std::string(name);
    out.insert(inner_path);
    Flatten(inner, inner_path, out);
  }
}

using Parser = std::function<Status(std::string_view body, BodyNotes& notes)>;

template <typename Parse>
Parser Of(Parse parse) {
  return [parse](std::string_view body, BodyNotes& notes) { return parse(body, notes).status(); };
}

const std::map<std::string, Parser>& Parsers() {
  static const std::map<std::string, Parser> parsers = {
      {"/v1/chat/completions", Of(openai::ParseChat)},
      {"/v1/completions", Of(openai::ParseCompletion)},
      {"/v1/embeddings", Of(openai::ParseEmbeddings)},
      {"/v1/responses", Of(openai::ParseResponses)},
      {"/v1/messages", Of(anthropic::ParseMessages)},
      {"/v1/messages/count_tokens", Of(anthropic::ParseCountTokens)},
      {"/api/generate", Of(ollama::ParseGenerate)},
      {"/api/chat", Of(ollama::ParseChat)},
      {"/api/embed", Of(ollama::ParseEmbed)},
      {"/api/embeddings", Of(ollama::ParseEmbeddings)},
      {"/api/show", Of(ollama::ParseShow)},
      {"/v1/lemma/solve", Of(verified::ParseSolve)},
      {"/v1/lemma/notebook", Of(verified::ParseNewRule)},
      {"/v1/lemma/notebook/{name}", Of(verified::ParseChangedRule)},
      {"/completion", Of(llamacpp::ParseCompletion)},
      {"/tokenize", Of(llamacpp::ParseTokenize)},
      {"/detokenize", Of(llamacpp::ParseDetokenize)},
      {"/apply-template", Of(llamacpp::ParseApplyTemplate)}};
  return parsers;
}

const json::object& BodyOf(const std::string& path) {
  return Document()
      .at("paths")
      .at(path)
      .at("post")
      .at("requestBody")
      .at("content")
      .at("application/json")
      .as_object();
}

std::set<std::string> Without(const std::set<std::string>& from,
                              const std::set<std::string>& what) {
  std::set<std::string> out;
  for (const std::string& each : from) {
    if (!what.contains(each)) out.insert(each);
  }
  return out;
}

TEST(OpenApiTest, PathsAreTheRoutes) {
  NoServing serving;
  Router router;
  openai::AddRoutes(router, serving);
  ollama::AddRoutes(router, serving);
  anthropic::AddRoutes(router, serving);
  llamacpp::AddRoutes(router, serving);
  const verified::SolveService solving({}, router, serving);
  std::set<std::string> routes;
  for (const Route& route : router.routes()) {
    std::string path = route.pattern;
    if (path.ends_with("/*")) path.replace(path.size() - 1, 1, "{name}");
    routes.insert(std::string(MethodName(route.method)) + " " + path);
  }
  std::set<std::string> documented;
  for (const auto& [path, methods] : Document().at("paths").as_object()) {
    for (const auto& [method, operation] : methods.as_object()) {
      // Of the server itself: health and metrics. Tests of the program ask for these.
      if (operation.at("tags").at(0) == "server") continue;
      std::string name(method);
      for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
      documented.insert(name + " " + std::string(path));
    }
  }
  EXPECT_THAT(Without(routes, documented), ::testing::IsEmpty()) << "routes not in the document";
  EXPECT_THAT(Without(documented, routes), ::testing::IsEmpty()) << "documented, but no route";
}

TEST(OpenApiTest, ExamplesAreAcceptedAndFieldsAreTheParsers) {
  for (const auto& [path, parse] : Parsers()) {
    SCOPED_TRACE(path);
    const json::object& body = BodyOf(path);
    std::set<std::string> asked;
    ASSERT_TRUE(body.contains("examples"));
    for (const auto& [name, example] : body.at("examples").as_object()) {
      BodyNotes notes;
      notes.record_fields = true;
      const Status status = parse(json::serialize(example.at("value")), notes);
      EXPECT_TRUE(status.ok()) << name << ": " << status.ToString();
      EXPECT_THAT(notes.warnings(), ::testing::IsEmpty()) << name;
      asked.insert(notes.fields().begin(), notes.fields().end());
    }
    std::set<std::string> documented;
    Flatten(body.at("schema"), "", documented);
    EXPECT_THAT(Without(asked, documented), ::testing::IsEmpty()) << "read, but not documented";
    EXPECT_THAT(Without(documented, asked), ::testing::IsEmpty()) << "documented, but never read";
  }
}

TEST(OpenApiTest, EveryFieldSaysWhatItMeans) {
  size_t fields = 0;
  const std::function<void(const json::value&, const std::string&)> check =
      [&](const json::value& value, const std::string& path) {
        if (const json::array* list = value.if_array()) {
          for (const json::value& each : *list) check(each, path);
        }
        const json::object* object = value.if_object();
        if (object == nullptr) return;
        for (const auto& [key, inner] : *object) {
          if (key == "example" || key == "examples") continue;
          if (key == "properties") {
            for (const auto& [name, property] : inner.as_object()) {
              const bool told = property.as_object().contains("description") ||
                                property.as_object().contains("$ref");
              EXPECT_TRUE(told) << path << "." << std::string(name);
              ++fields;
            }
          }
          check(inner, path + "." + std::string(key));
        }
      };
  check(Document(), "");
  EXPECT_GT(fields, 150U);
}

}  // namespace
}  // namespace lemma::server
