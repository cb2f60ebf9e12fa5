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

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, RendersLikeTheReference) {
  static const json::object kGoldens = ReadJson("goldens.json");
  static const json::object kConversations = ReadJson("conversations.json");
  const std::string file = GetParam();
  const Result<Template> parsed = Template::Parse(ReadText(kData + "templates/" + file));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  std::string expected;
  int texts = 0;
  int refusals = 0;
  for (const json::value& entry : kGoldens.at("templates").at(file).as_array()) {
    const json::object& one = entry.as_object();
    const std::string name(one.at("c").as_string());
    SCOPED_TRACE(name);
    const auto rendering = parsed->Render(ContextOf(kConversations, file, name), FrozenClock());
    if (one.contains("t")) {
      expected = Patched(expected, one);
      ASSERT_TRUE(rendering.ok()) << rendering.status().ToString();
      EXPECT_EQ(rendering->Text(), expected);
      ++texts;
    } else if (const json::value* raised = one.if_contains("raised")) {
      ASSERT_FALSE(rendering.ok());
      EXPECT_EQ(rendering.status().code(), StatusCode::kFailedPrecondition);
      EXPECT_THAT(rendering.status().message(),
                  testing::StartsWith(std::string(raised->as_string())));
      ++refusals;
    } else if (rendering.ok()) {
      std::cout << file << " " << name << ": the reference failed: " << one.at("failed") << "\n";
    }
  }
  EXPECT_GT(texts, 0);
  RecordProperty("texts", texts);
  RecordProperty("refusals", refusals);
}

std::vector<std::string> TemplateFiles() {
  const json::object goldens = ReadJson("goldens.json");
  std::vector<std::string> files;
  for (const auto& entry : goldens.at("templates").as_object()) {
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
