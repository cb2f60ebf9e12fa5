// SPDX-License-Identifier: Apache-2.0
#include "server/verified/solve_body.h"

#include <boost/json.hpp>
#include <utility>

#include "server/openai/messages.h"

namespace lemma::server::verified {
namespace {

namespace json = boost::json;

template <typename T, typename Named>
void ReadNamed(ObjectReader& in, std::string_view name, Named named, T& out) {
  std::optional<std::string> text;
  in.Read(name, text);
  if (!text) return;
  const auto value = named(*text);
  if (!value.ok()) return in.Fail(name, value.status().message());
  out = *value;
}

void ReadSwitch(ObjectReader& in, std::string_view name, std::optional<reasoning::Switch>& out) {
  std::optional<bool> value;
  in.Read(name, value);
  if (value) out = *value ? reasoning::Switch::kOn : reasoning::Switch::kOff;
}

void ReadEvidence(ObjectReader& in, reasoning::VerifyRequest& evidence) {
  in.Read("tests", evidence.tests);
  in.Read("entry_point", evidence.entry_point);
  in.Read("support", evidence.support);
  if (const json::value* schema = in.Any("schema")) {
    evidence.check.schema =
        schema->is_string() ? std::string(schema->as_string()) : json::serialize(*schema);
  }
  std::vector<std::string> sources;
  in.ReadTexts("sources", sources);
  for (std::string& each : sources) evidence.check.sources.push_back({"", std::move(each)});
}

// The last message is the question, the others came before.
void ReadConversation(ObjectReader& in, SolveBody& out) {
  const json::array* messages = in.Array("messages");
  if (messages == nullptr) return;
  chat::Conversation conversation;
  openai::ReadMessages(*messages, in.notes(), conversation);
  if (conversation.messages.empty() || conversation.messages.back().role != chat::Role::kUser) {
    return in.Fail("messages", "expected the user's message at the end");
  }
  if (!out.request.question.empty()) {
    return in.Fail("messages", "is there beside \"question\": expected one of them");
  }
  out.request.question = std::move(conversation.messages.back().content);
  conversation.messages.pop_back();
  out.request.before = std::move(conversation.messages);
}

}  // namespace

void ReadSolveOptions(ObjectReader& in, reasoning::SolveOptions& options) {
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
  in.Read("enough", options.enough);
  in.Read("short_m", options.short_m);
  in.Read("deadline", options.deadline);
  std::optional<size_t> seed;
  in.Read("seed", seed);
  if (seed) options.seed = *seed;
}

Result<SolveBody> ParseSolve(std::string_view body, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value parsed, ParseBody(body));
  SolveBody out;
  ObjectReader in(parsed.get_object(), "", notes);
  in.Read("model", out.model.name);
  in.Read("question", out.request.question);
  ReadConversation(in, out);
  in.Read("stream", out.stream);
  in.Read("chain_text", out.chain_text);
  bool texts = false;
  in.Read("texts", texts);
  if (texts) out.texts = reasoning::ChainTexts::kYes;
  ReadSolveOptions(in, out.request.options);
  ReadEvidence(in, out.request.evidence);
  if (notes.status().ok() && out.request.question.empty()) in.Fail("question", "is missing");
  in.Finish();
  if (!notes.status().ok()) return notes.status();
  return out;
}

}  // namespace lemma::server::verified
