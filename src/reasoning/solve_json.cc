// SPDX-License-Identifier: Apache-2.0
#include "reasoning/solve_json.h"

#include <boost/json.hpp>
#include <cmath>

#include "check/check.h"

namespace lemma::reasoning {
namespace {

namespace json = boost::json;

json::value Parsed(const std::string& text) {
  if (text.empty()) return nullptr;
  boost::system::error_code error;
  json::value out = json::parse(text, error);
  return error ? json::value(nullptr) : out;
}

json::object Local(const check::LocalText& text) { return {{"zh", text.zh}, {"en", text.en}}; }

json::object ClassJson(const VoteClass& c) {
  json::array chains;
  for (const size_t each : c.chains) chains.push_back(each);
  return {{"answer", c.answer.text},
          {"status", check::VerdictName(c.verdict)},
          {"chains", std::move(chains)},
          {"weight", c.weight}};
}

json::object VotesJson(const Votes& votes, size_t agreeing) {
  json::array classes;
  for (const VoteClass* each : votes.Ranked()) classes.push_back(ClassJson(*each));
  return {{"k", agreeing}, {"n", votes.voters()}, {"classes", std::move(classes)}};
}

json::object ChainJson(const Chain& chain, ChainTexts texts) {
  json::object out{{"chain", chain.index},
                   {"round", chain.round},
                   {"end", ChainEndName(chain.end)},
                   {"finish_reason", service::FinishReasonName(chain.finish)},
                   {"tokens", chain.tokens}};
  // How far one had come that was not needed any more is a matter of chance.
  if (chain.end == ChainEnd::kCancelled) return out;
  if (chain.forced_tokens > 0) out["forced_tokens"] = chain.forced_tokens;
  if (chain.end == ChainEnd::kAnswered) {
    out["answer"] = chain.report.answer->answer.text;
    out["status"] = check::VerdictName(chain.report.status);
    out["summary"] = Local(chain.report.summary);
    out["doubtful_sums"] = chain.soft_flags;
    out["weight"] = chain.weight;
  }
  if (texts == ChainTexts::kYes) {
    out["thinking"] = chain.thinking;
    out["content"] = chain.content;
  }
  return out;
}

// 0.8 and not 0.800000011920929.
double AsWritten(float value) {
  constexpr double kDigits = 1e6;
  return std::round(static_cast<double>(value) * kDigits) / kDigits;
}

json::object PolicyObject(const Policy& p) {
  json::object out{{"profile", p.profile},
                   {"task", TaskName(p.task)},
                   {"effort", EffortName(p.effort)},
                   {"search", SearchName(p.search)},
                   {"temperature", AsWritten(p.temperature)},
                   {"top_p", AsWritten(p.top_p)},
                   {"thinking_tokens", p.thinking_tokens},
                   {"answer_tokens", p.answer_tokens},
                   {"scaffold", p.scaffold},
                   {"calculator", p.calculator == Switch::kOn},
                   {"rewind", p.rewind == Switch::kOn},
                   {"first_chains", p.first_chains},
                   {"chains", p.max_chains},
                   {"enough", p.enough},
                   {"retries", p.retries}};
  if (p.search == Search::kStepBeam) {
    out["beams"] = p.beams;
    out["beam_samples"] = p.beam_samples;
  }
  const bool steps = p.search == Search::kStepBeam || p.rewind == Switch::kOn;
  if (steps) out["step_tokens"] = p.step_tokens;
  if (p.answer_temperature) out["answer_temperature"] = AsWritten(*p.answer_temperature);
  if (p.top_k > 0) out["top_k"] = p.top_k;
  if (p.short_m > 0) out["short_m"] = p.short_m;
  if (p.checkers == Switch::kOff) out["checkers"] = false;
  if (p.repeat_penalty != 1.0F) out["repeat_penalty"] = AsWritten(p.repeat_penalty);
  return out;
}

std::string_view TypeOf(SolveEvent::Kind kind) {
  switch (kind) {
    case SolveEvent::Kind::kPlan:
      return "plan";
    case SolveEvent::Kind::kStarted:
      return "chain_started";
    case SolveEvent::Kind::kText:
      return "chain_text";
    case SolveEvent::Kind::kFinished:
      return "chain_finished";
    case SolveEvent::Kind::kPruned:
      return "chain_pruned";
    case SolveEvent::Kind::kDropped:
      return "step_dropped";
    case SolveEvent::Kind::kRetry:
      return "retry";
    case SolveEvent::Kind::kStopped:
      return "stopped";
  }
  return "";
}

// Of the report of the chosen chain.
void AddReport(const SolveResult& result, json::object& out) {
  out["summary"] = nullptr;
  out["certificate"] = nullptr;
  out["checks"] = json::array();
  if (!result.chosen) return;
  const check::CheckReport& report = result.chains[*result.chosen].report;
  out["summary"] = Local(report.summary);
  out["certificate"] = Parsed(report.certificate);
  const json::value whole = Parsed(check::CheckReportJson(report));
  if (whole.is_object() && whole.as_object().contains("checks")) out["checks"] = whole.at("checks");
}

}  // namespace

std::string PolicyJson(const Policy& policy) { return json::serialize(PolicyObject(policy)); }

std::string SolveResultJson(const SolveResult& result, ChainTexts texts) {
  json::object out{{"answer", result.chosen ? json::value(result.answer) : json::value(nullptr)},
                   {"status", SolveStatusName(result.status)}};
  AddReport(result, out);
  out["votes"] = VotesJson(result.votes, result.agreeing);
  out["confidence"] = nullptr;
  if (result.confidence) {
    out["confidence"] = {{"k", result.agreeing},
                         {"n", result.votes.voters()},
                         {"p", result.confidence->p},
                         {"low", result.confidence->interval.low},
                         {"high", result.confidence->interval.high},
                         {"counted", result.confidence->total},
                         {"table", result.calibration_id}};
  }
  out["samples"] = result.chains.size();
  out["tokens"] = result.tokens;
  out["prompt_tokens"] = result.prompt_tokens;
  out["seconds"] = result.seconds;
  out["stopped_by"] = StopReasonName(result.stopped_by);
  out["retry_rounds"] = result.retry_rounds;
  out["task"] = TaskName(result.task.task);
  out["language"] = result.task.language == service::TextLanguage::kChinese ? "zh" : "en";
  out["policy"] = PolicyObject(result.policy);
  if (result.chosen) out["chosen"] = *result.chosen;
  json::array chains;
  for (const Chain& chain : result.chains) chains.push_back(ChainJson(chain, texts));
  out["chains"] = std::move(chains);
  out["seed"] = result.seed;
  out["trace_id"] = result.trace_id;
  return json::serialize(out);
}

std::string SolveEventJson(const SolveEvent& event) {
  json::object out{{"type", TypeOf(event.kind)}};
  switch (event.kind) {
    case SolveEvent::Kind::kPlan:
      out["policy"] = PolicyObject(*event.policy);
      break;
    case SolveEvent::Kind::kStarted:
      out["chain"] = event.chain;
      out["round"] = event.round;
      break;
    case SolveEvent::Kind::kText:
      out["chain"] = event.chain;
      out["thinking"] = event.thinking;
      out["text"] = event.text;
      break;
    case SolveEvent::Kind::kFinished: {
      for (const auto& field : ChainJson(*event.state, ChainTexts::kNo)) {
        out[field.key()] = field.value();
      }
      const VoteClass* leader = event.votes->Leader();
      out["votes"] = VotesJson(*event.votes, leader == nullptr ? 0 : leader->chains.size());
      break;
    }
    case SolveEvent::Kind::kPruned:
      out["chain"] = event.chain;
      out["round"] = event.round;
      out["tokens"] = event.state == nullptr ? 0 : event.state->tokens;
      break;
    case SolveEvent::Kind::kDropped:
      out["chain"] = event.chain;
      out["text"] = event.text;
      break;
    case SolveEvent::Kind::kRetry:
      out["round"] = event.round;
      out["feedback"] = event.text;
      break;
    case SolveEvent::Kind::kStopped:
      out["reason"] = StopReasonName(event.stop);
      break;
  }
  return json::serialize(out);
}

}  // namespace lemma::reasoning
