// SPDX-License-Identifier: Apache-2.0
#include "reasoning/verify_json.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace lemma::reasoning {
namespace {

namespace json = boost::json;

Status ReadText(const json::value& value, std::string_view field, std::string& out) {
  if (!value.is_string()) return InvalidArgument(fmt::format("{}: expected a text", field));
  out = std::string(value.as_string());
  return OkStatus();
}

Status ReadSource(const json::value& value, size_t number, check::Source& out) {
  const std::string field = fmt::format("sources[{}]", number);
  out.name = fmt::format("{}", number + 1);
  if (value.is_string()) return ReadText(value, field, out.text);
  if (!value.is_object()) {
    return InvalidArgument(field + ": expected a text, or an object with \"name\" and \"text\"");
  }
  const json::value* text = value.as_object().if_contains("text");
  if (text == nullptr) return InvalidArgument(field + ": expected the member \"text\"");
  for (const auto& [key, member] : value.as_object()) {
    if (key == "text") {
      LEMMA_RETURN_IF_ERROR(ReadText(member, field + ".text", out.text));
    } else if (key == "name") {
      LEMMA_RETURN_IF_ERROR(ReadText(member, field + ".name", out.name));
    } else {
      return InvalidArgument(fmt::format("{}.{}: no such field", field, std::string(key)));
    }
  }
  return OkStatus();
}

Status ReadSources(const json::value& value, std::vector<check::Source>& out) {
  if (!value.is_array()) return InvalidArgument("sources: expected a list");
  for (const json::value& item : value.as_array()) {
    out.emplace_back();
    LEMMA_RETURN_IF_ERROR(ReadSource(item, out.size() - 1, out.back()));
  }
  return OkStatus();
}

Status ReadField(std::string_view name, const json::value& value, VerifyRequestJson& out) {
  struct TextField {
    std::string_view name;
    std::string* text;
  };
  const TextField texts[] = {
      {"problem", &out.request.check.problem},   {"answer", &out.request.check.answer},
      {"chain", &out.request.check.chain},       {"tests", &out.request.tests},
      {"entry_point", &out.request.entry_point}, {"support", &out.request.support}};
  for (const TextField& field : texts) {
    if (field.name == name) return ReadText(value, name, *field.text);
  }
  if (name == "id") {
    out.id = json::serialize(value);
    return OkStatus();
  }
  if (name == "sources") return ReadSources(value, out.request.check.sources);
  if (name == "schema") {
    out.request.check.schema =
        value.is_string() ? std::string(value.as_string()) : json::serialize(value);
    return OkStatus();
  }
  return InvalidArgument(fmt::format(
      "{}: no such field; expected problem, answer, chain, tests, entry_point, support, schema, "
      "sources, id",
      name));
}

}  // namespace

Result<VerifyRequestJson> ParseVerifyRequest(std::string_view text) {
  json::parse_options options;
  options.max_depth = 64;
  json::stream_parser parser({}, options);
  json::error_code error;
  const size_t used = parser.write(json::string_view(text.data(), text.size()), error);
  if (!error) parser.finish(error);
  if (error) return InvalidArgument(fmt::format("byte {}: {}", used, error.message()));
  const json::value value = parser.release();
  if (!value.is_object()) return InvalidArgument("expected a JSON object");
  VerifyRequestJson out;
  for (const auto& [key, member] : value.as_object()) {
    LEMMA_RETURN_IF_ERROR(ReadField(std::string_view(key.data(), key.size()), member, out));
  }
  const check::CheckRequest& check = out.request.check;
  if (check.answer.empty() && check.chain.empty()) {
    return InvalidArgument("expected \"answer\" or \"chain\"");
  }
  return out;
}

}  // namespace lemma::reasoning
