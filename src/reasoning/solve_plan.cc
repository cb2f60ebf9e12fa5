// SPDX-License-Identifier: Apache-2.0
#include "reasoning/solve_plan.h"

#include <fmt/format.h>

#include <utility>

#include "base/rng.h"
#include "reasoning/evidence_text.h"
#include "reasoning/solve_json.h"

namespace lemma::reasoning {
namespace {

template <typename T, typename U>
void Lay(const std::optional<T>& from, U& to) {
  if (from) to = *from;
}

Status CheckRange(std::string_view name, double value, double low, double high) {
  if (value >= low && value <= high) return OkStatus();
  return InvalidArgument(
      fmt::format("{}: {} is out of range, expected {} to {}", name, value, low, high));
}

Status CheckPolicy(const Policy& policy) {
  LEMMA_RETURN_IF_ERROR(
      CheckRange("chains", static_cast<double>(policy.max_chains), 1, kMostChains));
  LEMMA_RETURN_IF_ERROR(CheckRange("first_chains", static_cast<double>(policy.first_chains), 1,
                                   static_cast<double>(policy.max_chains)));
  LEMMA_RETURN_IF_ERROR(
      CheckRange("retries", static_cast<double>(policy.retries), 0, kMostRetries));
  LEMMA_RETURN_IF_ERROR(CheckRange("enough", policy.enough, 0, 1));
  LEMMA_RETURN_IF_ERROR(
      CheckRange("answer_tokens", static_cast<double>(policy.answer_tokens), 1, 1 << 20));
  return CheckRange("thinking_tokens", static_cast<double>(policy.thinking_tokens), 0, 1 << 20);
}

chat::Message Says(chat::Role role, std::string text) {
  chat::Message out;
  out.role = role;
  out.content = std::move(text);
  return out;
}

}  // namespace

TaskGuess GuessTask(const SolveRequest& request) {
  TaskGuess out =
      ClassifyTask({request.question, !request.evidence.check.schema.empty(),
                    !request.evidence.check.sources.empty(), !request.evidence.tests.empty()});
  if (request.options.task) {
    out.task = *request.options.task;
    out.rule = {};
  }
  return out;
}

Result<Policy> PlanFor(const SolveRequest& request, const TaskGuess& task) {
  const SolveOptions& options = request.options;
  LEMMA_ASSIGN_OR_RETURN(Policy out, PolicyFor(options.profile, task.task, options.effort));
  Lay(options.search, out.search);
  Lay(options.chains, out.max_chains);
  Lay(options.chains, out.beams);
  if (out.first_chains > out.max_chains) out.first_chains = out.max_chains;
  Lay(options.first_chains, out.first_chains);
  Lay(options.temperature, out.temperature);
  Lay(options.answer_temperature, out.answer_temperature);
  Lay(options.top_p, out.top_p);
  Lay(options.thinking_tokens, out.thinking_tokens);
  Lay(options.answer_tokens, out.answer_tokens);
  Lay(options.retries, out.retries);
  Lay(options.scaffold, out.scaffold);
  Lay(options.calculator, out.calculator);
  Lay(options.rewind, out.rewind);
  Lay(options.checkers, out.checkers);
  Lay(options.enough, out.enough);
  Lay(options.short_m, out.short_m);
  LEMMA_RETURN_IF_ERROR(CheckPolicy(out));
  if (options.deadline)
    LEMMA_RETURN_IF_ERROR(CheckRange("deadline", *options.deadline, 0.1, 86400));
  return out;
}

Status FitToReach(const SolveOptions& options, Reach reach, Policy& policy) {
  if (reach == Reach::kEngine) return OkStatus();
  const bool recorded = reach == Reach::kRecorded;
  struct Asked {
    std::string_view name;
    bool is_asked;
  };
  const Asked engine_only[] = {
      {"search: beam", options.search == Search::kStepBeam},
      {"rewind", options.rewind == Switch::kOn},
      {"calculator", options.calculator == Switch::kOn},
      {"answer_temperature", options.answer_temperature.has_value()},
      {"deadline", options.deadline.has_value()},
      {"thinking_tokens: 0", options.thinking_tokens == size_t{0}},
  };
  const Asked live_only[] = {
      {"temperature", options.temperature.has_value()},
      {"top_p", options.top_p.has_value()},
      {"thinking_tokens", options.thinking_tokens.has_value()},
      {"answer_tokens", options.answer_tokens.has_value()},
      {"scaffold", options.scaffold.has_value()},
      {"calculator", options.calculator.has_value()},
      {"retries", options.retries.value_or(0) > 0},
  };
  for (const Asked& each : engine_only) {
    if (!each.is_asked) continue;
    return Unsupported(fmt::format(
        "{}: {}", each.name,
        recorded ? "chains that were recorded are as they are"
                 : "a server over HTTP gives whole chains; this needs a model that runs here"));
  }
  for (const Asked& each : live_only) {
    if (!recorded || !each.is_asked) continue;
    return Unsupported(fmt::format("{}: chains that were recorded are as they are", each.name));
  }
  policy.search = Search::kChains;
  policy.rewind = policy.calculator = Switch::kOff;
  policy.answer_temperature.reset();
  if (recorded) policy.retries = 0;
  return OkStatus();
}

Result<chat::Conversation> FirstPrompt(const SolveRequest& request, const Policy& policy,
                                       const TaskGuess& task, const Scaffolds& scaffolds) {
  chat::Conversation out;
  out.messages = request.before;
  LEMMA_ASSIGN_OR_RETURN(std::string turn, scaffolds.Apply(policy.scaffold, task.language,
                                                           WithEvidence(request, task.language)));
  for (size_t i = 0; i < request.notes.size(); ++i) {
    const bool chinese = task.language == service::TextLanguage::kChinese;
    if (i == 0) turn += chinese ? "\n\n注意：" : "\n\nKeep in mind:";
    turn += "\n- " + request.notes[i];
  }
  out.messages.push_back(Says(chat::Role::kUser, std::move(turn)));
  return out;
}

chat::Conversation RetryPrompt(const chat::Conversation& first, const Chain& refuted,
                               const std::string& feedback) {
  chat::Conversation out = first;
  out.messages.push_back(Says(chat::Role::kAssistant, refuted.content));
  out.messages.push_back(Says(chat::Role::kUser, feedback));
  return out;
}

std::string FeedbackFor(const Chain& refuted, service::TextLanguage language) {
  const bool chinese = language == service::TextLanguage::kChinese;
  std::string text =
      refuted.report.feedback.In(chinese ? check::Language::kChinese : check::Language::kEnglish);
  while (text.ends_with('\n')) text.pop_back();
  if (text.empty()) return text;
  return text + (chinese ? "请重新推导。" : " Please work it out again.");
}

service::GenerateSettings SettingsFor(const SolveRequest& request, const Policy& policy,
                                      size_t group, size_t chains) {
  service::GenerateSettings out;
  out.samples = chains;
  out.sampling.temperature = policy.temperature;
  out.sampling.top_p = policy.top_p;
  out.sampling.top_k = policy.top_k;
  out.sampling.repeat_penalty = policy.repeat_penalty;
  constexpr int kBeyondJson = 11;  // 53 bits are left
  out.sampling.seed = RandomBits(request.options.seed, group) >> kBeyondJson;
  out.answer_temperature = policy.answer_temperature;
  out.calculator = policy.calculator == Switch::kOn ? service::CalculatorMode::kOn
                                                    : service::CalculatorMode::kOff;
  out.thinking_budget = policy.thinking_tokens;
  out.max_tokens = policy.thinking_tokens + service::kThinkingGrace + policy.answer_tokens;
  // Under a deadline the policy's number is the share that is kept for the answer, no limit of it.
  out.answer_limit = request.options.deadline ? request.options.answer_tokens
                                              : std::optional(policy.answer_tokens);
  out.cache_salt = request.options.cache_salt;
  out.client = request.options.client;
  return out;
}

std::string TraceId(const SolveRequest& request, const Policy& policy) {
  // FNV-1a (Fowler, Noll, Vo) over what the result depends on.
  uint64_t hash = 0xCBF29CE484222325ULL;
  const auto add = [&](std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    hash = (hash ^ 0xFF) * 0x100000001B3ULL;
  };
  for (const chat::Message& message : request.before) add(message.content);
  add(request.question);
  for (const std::string& note : request.notes) add(note);
  add(request.evidence.tests);
  add(request.evidence.check.schema);
  for (const check::Source& source : request.evidence.check.sources) add(source.text);
  const double deadline = request.options.deadline.value_or(0);
  add(fmt::format("{} {} {}", PolicyJson(policy), request.options.seed, deadline));
  return fmt::format("{:016x}", hash);
}

}  // namespace lemma::reasoning
