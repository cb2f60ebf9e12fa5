// SPDX-License-Identifier: Apache-2.0
#include "server/verified/chat.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

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

Status CheckQuestion(const service::ChatRequest& chat) {
  const chat::Conversation& conversation = chat.conversation;
  if (!conversation.tools.empty()) {
    return Unsupported("tools: a verified answer cannot call tools");
  }
  if (conversation.messages.empty() || conversation.messages.back().role != chat::Role::kUser ||
      conversation.end != chat::PromptEnd::kGenerate) {
    return InvalidArgument("messages: expected the user's message at the end");
  }
  if (chat.settings.samples != 1) {
    return InvalidArgument(
        "n: a verified answer is one; how many chains vote on it is said by lemma.chains");
  }
  if (chat.settings.sampling.top_logprobs) {
    return Unsupported("logprobs: a verified answer has none");
  }
  if (chat.settings.max_tokens == size_t{0}) {
    return InvalidArgument("max_tokens: a verified answer has tokens, expected 1 or more");
  }
  return OkStatus();
}

template <typename T>
void Fill(const std::optional<T>& from, std::optional<T>& to) {
  if (!to) to = from;
}

// What the chat sets and chains do not have, in plain words: the dialects call it differently.
std::vector<std::string> WarningsOf(const service::ChatRequest& chat) {
  const service::GenerateSettings& settings = chat.settings;
  const service::SamplingOverrides& s = settings.sampling;
  const std::array<std::pair<bool, std::string_view>, 8> kinds = {
      {{!settings.stop.empty() || !settings.stop_token_ids.empty(), "stop strings and tokens"},
       {settings.min_tokens > 0 || settings.ignore_eos, "min_tokens and ignore_eos"},
       {s.top_k || s.min_p || s.typical_p, "top_k, min_p and typical_p"},
       {s.repeat_penalty || s.repeat_last_n || s.presence_penalty || s.frequency_penalty ||
            s.dry_multiplier || s.dry_base || s.dry_allowed_length,
        "penalties of repetition"},
       {!s.logit_bias.empty() || !s.text_bias.empty(), "biases of tokens"},
       {settings.priority != 0, "the priority"},
       {settings.on_overflow == service::OnOverflow::kDropOldest, "leaving out the oldest turns"},
       {!chat.conversation.kwargs.empty(), "arguments of the template"}}};
  std::vector<std::string> out;
  for (const auto& [there, kind] : kinds) {
    if (there) out.push_back(fmt::format("{}: no effect on a verified answer", kind));
  }
  return out;
}

}  // namespace

std::string_view WithoutStatus(std::string_view answer) {
  constexpr std::string_view kLeads[] = {"✓ 已验证",
                                         "✓ verified",
                                         "✗ 已反驳",
                                         "✗ refuted",
                                         "◐ ",
                                         "≈ 一致",
                                         "≈ consistent",
                                         "· 自洽",
                                         "· consistent with itself",
                                         "? 未验证",
                                         "? not verified",
                                         "未检查",
                                         "not checked"};
  const size_t end = answer.rfind("\n\n");
  if (end == answer.npos) return answer;
  const std::string_view last = answer.substr(end + 2);
  const bool status = last.find('\n') == last.npos &&
                      std::any_of(std::begin(kLeads), std::end(kLeads),
                                  [&](std::string_view lead) { return last.starts_with(lead); });
  return status ? answer.substr(0, end) : answer;
}

Result<ChatQuestion> QuestionOf(const service::ChatRequest& chat, const SolveFields& lemma,
                                uint64_t seed) {
  LEMMA_RETURN_IF_ERROR(CheckQuestion(chat));
  const chat::Conversation& conversation = chat.conversation;
  const service::GenerateSettings& settings = chat.settings;
  ChatQuestion out;
  out.warnings = WarningsOf(chat);
  reasoning::SolveRequest& request = out.request;
  request.question = conversation.messages.back().content;
  request.before.assign(conversation.messages.begin(), conversation.messages.end() - 1);
  for (chat::Message& message : request.before) {
    if (message.role == chat::Role::kAssistant) {
      message.content = std::string(WithoutStatus(message.content));
    }
  }
  request.evidence = lemma.evidence;
  reasoning::SolveOptions& options = request.options;
  options = lemma.options;
  Fill(settings.sampling.temperature, options.temperature);
  Fill(settings.sampling.top_p, options.top_p);
  Fill(settings.thinking_budget, options.thinking_tokens);
  if (conversation.thinking == chat::Thinking::kOff)
    Fill(std::optional<size_t>(0), options.thinking_tokens);
  Fill(settings.timeout_seconds, options.deadline);
  if (settings.max_tokens) {
    // Clients ask for far more than there is room for; the context sets the end.
    constexpr size_t kMost = 1 << 20;
    Fill(std::optional(std::min(*settings.max_tokens, kMost)), options.answer_tokens);
  }
  options.seed = lemma.seed.value_or(settings.sampling.seed.value_or(seed));
  options.client = settings.client;
  options.cache_salt = settings.cache_salt;
  return out;
}

std::string ProgressLine(const SolveEvent& event, service::TextLanguage language) {
  const bool chinese = language == service::TextLanguage::kChinese;
  if (event.kind == SolveEvent::Kind::kFinished) {
    return fmt::format("{} {}: {}\n", chinese ? "推理" : "chain", event.chain + 1,
                       EndText(*event.state, chinese));
  }
  if (event.kind == SolveEvent::Kind::kRetry) {
    const std::string_view afresh = chinese ? "从头再答一次" : "asked afresh";
    return fmt::format("{} {}: {}\n", chinese ? "重试" : "retry", event.round,
                       event.text.empty() ? afresh : event.text);
  }
  return {};
}

service::FinishReason EndOf(const reasoning::SolveResult& result) {
  using service::FinishReason;
  if (result.chosen) return FinishReason::kStop;
  if (result.stopped_by == reasoning::StopReason::kDeadline) return FinishReason::kDeadline;
  const bool cut = std::any_of(result.chains.begin(), result.chains.end(), [](const auto& chain) {
    return chain.finish == FinishReason::kLength;
  });
  return cut ? FinishReason::kLength : FinishReason::kStop;
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
