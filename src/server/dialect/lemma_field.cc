// SPDX-License-Identifier: Apache-2.0
#include "server/dialect/lemma_field.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <memory>
#include <string_view>
#include <utility>

#include "check/json_value.h"

namespace lemma::server {
namespace {

namespace json = boost::json;

// The names are told by `named`: its errors begin with "name: ", too.
template <typename T, typename Named>
void ReadNamed(ObjectReader& in, std::string_view name, Named named, T& out) {
  std::optional<std::string> text;
  in.Read(name, text);
  if (!text) return;
  const auto value = named(*text);
  if (value.ok()) {
    out = *value;
    return;
  }
  std::string_view message = value.status().message();
  const std::string prefix = std::string(name) + ": ";
  if (message.starts_with(prefix)) message.remove_prefix(prefix.size());
  in.Fail(name, message);
}

void ReadSwitch(ObjectReader& in, std::string_view name, std::optional<reasoning::Switch>& out) {
  std::optional<bool> value;
  in.Read(name, value);
  if (value) out = *value ? reasoning::Switch::kOn : reasoning::Switch::kOff;
}

void ReadOptions(ObjectReader& in, reasoning::SolveOptions& options) {
  in.Read("profile", options.profile);
  ReadNamed(in, "task", reasoning::TaskNamed, options.task);
  ReadNamed(in, "effort", reasoning::EffortNamed, options.effort);
  ReadNamed(in, "search", reasoning::SearchNamed, options.search);
  in.Read("chains", options.chains);
  in.Read("first_chains", options.first_chains);
  in.Read("temperature", options.temperature);
  in.Read("answer_temperature", options.answer_temperature);
  in.Read("top_p", options.top_p);
  in.Read("thinking_tokens", options.thinking_tokens);
  in.Read("answer_tokens", options.answer_tokens);
  in.Read("retries", options.retries);
  in.Read("scaffold", options.scaffold);
  ReadSwitch(in, "calculator", options.calculator);
  ReadSwitch(in, "rewind", options.rewind);
  ReadSwitch(in, "checkers", options.checkers);
  in.Read("enough", options.enough);
  in.Read("short_m", options.short_m);
  in.Read("deadline", options.deadline);
}

void ReadEvidence(ObjectReader& in, reasoning::VerifyRequest& evidence) {
  in.Read("tests", evidence.tests);
  in.Read("entry_point", evidence.entry_point);
  in.Read("support", evidence.support);
  if (const json::value* schema = in.Any("schema")) {
    evidence.check.schema =
        schema->is_string() ? std::string(schema->as_string()) : json::serialize(*schema);
    const auto parsed = check::ParseJson(evidence.check.schema);
    if (!parsed.ok()) in.Fail("schema", "is no JSON: " + parsed.status().message());
  }
  std::vector<std::string> sources;
  in.ReadTexts("sources", sources);
  for (std::string& each : sources) evidence.check.sources.push_back({"", std::move(each)});
}

}  // namespace

void ReadSolveFields(ObjectReader& in, SolveFields& out) {
  ReadOptions(in, out.options);
  std::optional<size_t> seed;
  in.Read("seed", seed);
  if (seed) out.seed = *seed;
  ReadEvidence(in, out.evidence);
  in.Read("notebook", out.notebook);
  bool texts = false;
  in.Read("texts", texts);
  if (texts) out.texts = reasoning::ChainTexts::kYes;
}

void ReadLemma(ObjectReader& in, ModelRef& model) {
  constexpr std::string_view kName = "lemma";
  const json::value* value = in.Any(kName);
  if (value == nullptr) return;
  auto out = std::make_shared<LemmaField>();
  if (const bool* on = value->if_bool()) {
    out->on = *on;
  } else if (const json::object* object = value->if_object()) {
    ObjectReader inner(*object, in.PathOf(kName), in.notes());
    ReadSolveFields(inner, out->fields);
    inner.Finish();
    for (const auto& [name, ignored] : *object) out->names.emplace_back(name);
  } else {
    return in.Fail(kName, fmt::format("expected true, false or an object of options, found {}",
                                      JsonTypeName(*value)));
  }
  model.lemma = std::move(out);
}

Status NameOptionOfChat(const Status& error, const LemmaField* lemma) {
  const std::string& message = error.message();
  const size_t colon = message.find(": ");
  if (colon == std::string::npos) return error;
  const std::string_view name = std::string_view(message).substr(0, colon);
  const auto renamed = [&](std::string_view field) {
    return Status(error.code(), std::string(field) + message.substr(colon));
  };
  if (lemma != nullptr &&
      std::find(lemma->names.begin(), lemma->names.end(), name) != lemma->names.end()) {
    return renamed(fmt::format("lemma.{}", name));
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kOfChats = {
      {{"answer_tokens", "max_tokens"},
       {"thinking_tokens", "thinking_budget_tokens"},
       {"deadline", "timeout_ms"}}};
  for (const auto& [option, field] : kOfChats) {
    if (name == option) return renamed(field);
  }
  return error;
}

}  // namespace lemma::server
