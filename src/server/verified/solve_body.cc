// SPDX-License-Identifier: Apache-2.0
#include "server/verified/solve_body.h"

#include <boost/json.hpp>
#include <utility>

#include "server/openai/messages.h"

namespace lemma::server::verified {
namespace {

namespace json = boost::json;

// The last message is the question, the others came before.
void ReadConversation(ObjectReader& in, SolveBody& out) {
  const json::array* messages = in.Array("messages");
  if (messages == nullptr) return;
  chat::Conversation conversation;
  openai::ReadMessages(*messages, in.notes(), conversation);
  if (conversation.messages.empty() || conversation.messages.back().role != chat::Role::kUser) {
    return in.Fail("messages", "expected the user's message at the end");
  }
  if (!out.question.empty()) {
    return in.Fail("messages", "is there beside \"question\": expected one of them");
  }
  out.question = std::move(conversation.messages.back().content);
  conversation.messages.pop_back();
  out.before = std::move(conversation.messages);
}

}  // namespace

Result<SolveBody> ParseSolve(std::string_view body, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value parsed, ParseBody(body));
  SolveBody out;
  ObjectReader in(parsed.get_object(), "", notes);
  in.Read("model", out.model.name);
  in.Read("question", out.question);
  ReadConversation(in, out);
  in.Read("stream", out.stream);
  in.Read("chain_text", out.chain_text);
  ReadSolveFields(in, out.fields);
  if (notes.status().ok() && out.question.empty()) in.Fail("question", "is missing");
  in.Finish();
  if (!notes.status().ok()) return notes.status();
  return out;
}

}  // namespace lemma::server::verified
