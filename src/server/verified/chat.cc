// SPDX-License-Identifier: Apache-2.0
#include "server/verified/chat.h"

#include <fmt/format.h>

namespace lemma::server::verified {
namespace {

using reasoning::Chain;
using reasoning::ChainEnd;
using reasoning::SolveEvent;

// The end of a chain in words.
std::string EndText(const Chain& chain, bool chinese) {
  switch (chain.end) {
    case ChainEnd::kAnswered:
      return chain.report.answer->answer.text + "  " +
             (chinese ? chain.report.summary.zh : chain.report.summary.en);
    case ChainEnd::kNoAnswer:
      return chinese ? "没有给出答案" : "gives no answer";
    default:
      return chinese ? "被截断，不计票" : "cut off, does not vote";
  }
}

}  // namespace

Result<reasoning::SolveRequest> QuestionOf(const service::ChatRequest& chat) {
  const chat::Conversation& conversation = chat.conversation;
  if (!conversation.tools.empty()) {
    return Unsupported("tools: a verified answer cannot call tools");
  }
  if (conversation.messages.empty() || conversation.messages.back().role != chat::Role::kUser ||
      conversation.end != chat::PromptEnd::kGenerate) {
    return InvalidArgument("messages: expected the user's message at the end");
  }
  reasoning::SolveRequest out;
  out.question = conversation.messages.back().content;
  out.before.assign(conversation.messages.begin(), conversation.messages.end() - 1);
  const service::GenerateSettings& settings = chat.settings;
  out.options.temperature = settings.sampling.temperature;
  out.options.top_p = settings.sampling.top_p;
  out.options.seed = settings.sampling.seed.value_or(0);
  out.options.thinking_tokens = settings.thinking_budget;
  out.options.deadline = settings.timeout_seconds;
  if (settings.max_tokens && *settings.max_tokens > 0) {
    out.options.answer_tokens = settings.max_tokens;
  }
  out.options.client = settings.client;
  out.options.cache_salt = settings.cache_salt;
  return out;
}

std::string ProgressLine(const SolveEvent& event, service::TextLanguage language) {
  const bool chinese = language == service::TextLanguage::kChinese;
  if (event.kind == SolveEvent::Kind::kFinished) {
    return fmt::format("{} {}: {}\n", chinese ? "推理" : "chain", event.chain + 1,
                       EndText(*event.state, chinese));
  }
  if (event.kind == SolveEvent::Kind::kRetry) {
    return fmt::format("{} {}: {}\n", chinese ? "重试" : "retry", event.round, event.text);
  }
  return {};
}

std::string AnswerText(const reasoning::SolveResult& result) {
  const bool chinese = result.task.language == service::TextLanguage::kChinese;
  if (!result.chosen) {
    return chinese ? "? 未验证：没有一条推理给出答案。"
                   : "? not verified: no chain gives an answer.";
  }
  const Chain& chain = result.chains[*result.chosen];
  std::string status = chinese ? chain.report.summary.zh : chain.report.summary.en;
  if (result.status == reasoning::SolveStatus::kConsistent) {
    const std::string_view text =
        chinese ? "≈ 一致 {}/{}；未经证明" : "≈ consistent {}/{}; not proven";
    status = fmt::format(fmt::runtime(text), result.agreeing, result.votes.voters());
  }
  return chain.content + "\n\n" + status;
}

}  // namespace lemma::server::verified
