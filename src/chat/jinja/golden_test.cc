// SPDX-License-Identifier: Apache-2.0
// Every published template with every conversation, against the texts of the reference
// implementation (tests/jinja/make_goldens.mjs).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

#include "base/utf8.h"
#include "chat/jinja/template.h"
#include "chat/jinja/value.h"

namespace lemma::chat::jinja {
namespace {

namespace json = boost::json;

const std::string kData = std::string(LEMMA_SOURCE_DIR) + "/tests/data/";

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

json::object ReadJson(const std::string& name) {
  return json::parse(ReadText(kData + "jinja/" + name)).as_object();
}

Value FromJson(const json::value& value, Provenance provenance);

Value FromObject(const json::object& object, Provenance provenance) {
  Object members;
  for (const auto& [key, item] : object) {
    // Roles are the caller's own words; all else in a message is input.
    const Provenance of_item = key == "role" ? Provenance::kTrusted : provenance;
    members.push_back({MarkedText(std::string(key), provenance), FromJson(item, of_item)});
  }
  return Value::Dict(std::move(members));
}

Value FromJson(const json::value& value, Provenance provenance) {
  if (value.is_bool()) return Value::Bool(value.get_bool());
  if (value.is_int64()) return Value::Int(value.get_int64());
  if (value.is_double()) return Value::Double(value.get_double());
  if (value.is_object()) return FromObject(value.get_object(), provenance);
  if (value.is_string()) {
    return Value::String(MarkedText(std::string(value.get_string()), provenance));
  }
  if (!value.is_array()) return Value::Null();
  Array items;
  for (const json::value& item : value.get_array()) items.push_back(FromJson(item, provenance));
  return Value::List(std::move(items));
}

RenderOptions FrozenClock() {
  RenderOptions options;
  options.now.emplace();
  options.now->tm_year = 2026 - 1900;
  options.now->tm_mon = 2;
  options.now->tm_mday = 14;
  options.now->tm_hour = 9;
  options.now->tm_min = 5;
  return options;
}

// What conversation `name` ("+" at its end: with a generation prompt) gives to template `file`.
Value ContextOf(const json::object& data, const std::string& file, std::string name) {
  const bool generate = name.back() == '+';
  if (generate) name.pop_back();
  std::map<std::string, Value> variables;
  const json::object& defaults = data.at("defaults").as_object();
  for (const std::string& of : {std::string("*"), file}) {
    const json::value* given = defaults.if_contains(of);
    if (given == nullptr) continue;
    for (const auto& [key, value] : given->as_object()) {
      variables[std::string(key)] = FromJson(value, Provenance::kTrusted);
    }
  }
  for (const auto& [key, value] : data.at("conversations").at(name).as_object()) {
    variables[std::string(key)] = FromJson(value, Provenance::kInput);
  }
  variables["add_generation_prompt"] = Value::Bool(generate);
  Object members;
  for (auto& [key, value] : variables) {
    members.push_back({MarkedText(key, Provenance::kTrusted), std::move(value)});
  }
  return Value::Dict(std::move(members));
}

// The first `points` code points of `text`, in bytes.
size_t BytesOf(std::string_view text, int64_t points) {
  size_t at = 0;
  for (; points > 0; --points) at += DecodeUtf8(text.substr(at)).length;
  return at;
}

std::string Patched(const std::string& previous, const json::object& one) {
  const auto count = std::count_if(previous.begin(), previous.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
  const std::string_view text = previous;
  return std::string(text.substr(0, BytesOf(text, one.at("p").as_int64()))) +
         std::string(one.at("t").as_string()) +
         std::string(text.substr(BytesOf(text, count - one.at("s").as_int64())));
}

const json::object& Goldens() {
  static const json::object kGoldens = ReadJson("goldens.json");
  return kGoldens;
}
const json::object& PythonGoldens() {
  static const json::object kGoldens = ReadJson("python_goldens.json");
  return kGoldens;
}
const json::object& Conversations() {
  static const json::object kConversations = ReadJson("conversations.json");
  return kConversations;
}

// The cases of one template as {"text"}, {"raised"} or {"failed"}, by name, in order.
std::vector<std::pair<std::string, json::object>> CasesOf(const std::string& file) {
  std::vector<std::pair<std::string, json::object>> cases;
  std::string text;
  for (const json::value& entry : Goldens().at("templates").at(file).as_array()) {
    json::object one = entry.as_object();
    if (one.contains("t")) {
      text = Patched(text, one);
      one = {{"c", one.at("c")}, {"text", text}};
    }
    cases.emplace_back(std::string(one.at("c").as_string()), std::move(one));
  }
  return cases;
}

// Whether `rendering` is what `expected` says; true, too, where the model implementation failed.
void ExpectOutcome(const Result<Rendering>& rendering, const json::object& expected) {
  if (const json::value* text = expected.if_contains("text")) {
    ASSERT_TRUE(rendering.ok()) << rendering.status().ToString();
    EXPECT_EQ(rendering->Text(), std::string(text->as_string()));
  } else if (const json::value* raised = expected.if_contains("raised")) {
    ASSERT_FALSE(rendering.ok());
    EXPECT_EQ(rendering.status().code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(rendering.status().message(),
                testing::StartsWith(std::string(raised->as_string())));
  }
}

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, RendersLikeTheReference) {
  const Result<Template> parsed = Template::Parse(ReadText(kData + "templates/" + GetParam()));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  int compared = 0;
  for (const auto& [name, expected] : CasesOf(GetParam())) {
    SCOPED_TRACE(name);
    ExpectOutcome(parsed->Render(ContextOf(Conversations(), GetParam(), name), FrozenClock()),
                  expected);
    compared += expected.contains("failed") ? 0 : 1;
  }
  EXPECT_GE(compared, 30);
}

// The same with Jinja2's own way to print; its outcomes are listed where they differ.
TEST_P(GoldenTest, RendersLikePython) {
  const Result<Template> parsed = Template::Parse(ReadText(kData + "templates/" + GetParam()));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  RenderOptions options = FrozenClock();
  options.dialect = Dialect::kPython;
  const json::value* others = PythonGoldens().at("templates").as_object().if_contains(GetParam());
  for (const auto& [name, same] : CasesOf(GetParam())) {
    SCOPED_TRACE(name);
    const json::value* other = others == nullptr ? nullptr : others->as_object().if_contains(name);
    ExpectOutcome(parsed->Render(ContextOf(Conversations(), GetParam(), name), options),
                  other == nullptr ? same : other->as_object());
  }
}

TEST(SnippetTest, RenderLikePython) {
  const Value context = FromJson(PythonGoldens().at("context"), Provenance::kTrusted);
  RenderOptions options = FrozenClock();
  options.dialect = Dialect::kPython;
  const json::array& snippets = PythonGoldens().at("snippets").as_array();
  EXPECT_GT(snippets.size(), 150U);
  for (const json::value& entry : snippets) {
    const std::string source(entry.as_array()[0].as_string());
    SCOPED_TRACE(source);
    const Result<Template> parsed = Template::Parse(source);
    const Result<Rendering> rendering =
        parsed.ok() ? parsed->Render(context, options) : Result<Rendering>(parsed.status());
    if (entry.as_array()[1].is_null()) {
      EXPECT_FALSE(rendering.ok()) << rendering->Text();
      continue;
    }
    EXPECT_TRUE(rendering.ok()) << rendering.status().ToString();
    if (rendering.ok()) {
      EXPECT_EQ(rendering->Text(), std::string(entry.as_array()[1].as_string()));
    }
  }
}

std::vector<std::string> TemplateFiles() {
  std::vector<std::string> files;
  for (const auto& entry : Goldens().at("templates").as_object()) {
    files.emplace_back(entry.key());
  }
  return files;
}

INSTANTIATE_TEST_SUITE_P(Templates, GoldenTest, testing::ValuesIn(TemplateFiles()),
                         [](const auto& param) {
                           std::string name = param.param;
                           for (char& c : name) {
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace lemma::chat::jinja
