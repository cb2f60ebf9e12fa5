// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <fmt/format.h>

#include <algorithm>

namespace lemma::server {
namespace {

using service::FinishReason;

// A label's value: backslash, quote and newline are escaped.
std::string Label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

void Head(std::string_view name, std::string_view type, std::string_view help, std::string& out) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

template <typename Number>
void One(std::string_view name, std::string_view type, std::string_view help, Number value,
         std::string& out) {
  Head(name, type, help, out);
  out += fmt::format("{} {}\n", name, value);
}

struct EngineRow {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  double (*value)(const engine::EngineStats&);
};

template <auto Member>
double Field(const engine::EngineStats& stats) {
  return static_cast<double>(stats.*Member);
}

using Stats = engine::EngineStats;
constexpr std::array<EngineRow, 20> kEngineRows{{
    {"lemma_engine_sequences_running", "gauge", "Sequences in the batch.", Field<&Stats::running>},
    {"lemma_engine_requests_waiting", "gauge", "Requests in the queue.", Field<&Stats::waiting>},
    {"lemma_kv_pages_used", "gauge", "KV pages held by a sequence.",
     [](const Stats& stats) { return static_cast<double>(stats.pages.used); }},
    {"lemma_kv_pages_cached", "gauge", "KV pages kept for their prefix.",
     [](const Stats& stats) { return static_cast<double>(stats.pages.cached); }},
    {"lemma_kv_pages_free", "gauge", "KV pages without content.",
     [](const Stats& stats) { return static_cast<double>(stats.pages.free); }},
    {"lemma_engine_steps_total", "counter", "Passes over the weights.", Field<&Stats::steps>},
    {"lemma_prefill_tokens_total", "counter", "Prompt tokens computed.",
     Field<&Stats::prefill_tokens>},
    {"lemma_decode_tokens_total", "counter", "Tokens generated.", Field<&Stats::decode_tokens>},
    {"lemma_drafted_tokens_total", "counter", "Tokens computed ahead.",
     Field<&Stats::drafted_tokens>},
    {"lemma_accepted_tokens_total", "counter", "Tokens computed ahead that were right.",
     Field<&Stats::accepted_tokens>},
    {"lemma_preemptions_total", "counter", "Sequences put back for want of pages.",
     Field<&Stats::preemptions>},
    {"lemma_prefix_lookups_total", "counter", "Requests that looked into the prefix cache.",
     Field<&Stats::prefix_lookups>},
    {"lemma_prefix_hits_total", "counter", "Requests that found something there.",
     Field<&Stats::prefix_hits>},
    {"lemma_prefix_lookup_tokens_total", "counter", "Prompt tokens looked up.",
     Field<&Stats::prefix_lookup_tokens>},
    {"lemma_prefix_hit_tokens_total", "counter", "Prompt tokens found, not computed.",
     Field<&Stats::prefix_hit_tokens>},
    {"lemma_prefix_evictions_total", "counter", "Cached pages given away.",
     Field<&Stats::evictions>},
    {"lemma_cancels_total", "counter", "Samples that were cancelled.", Field<&Stats::cancels>},
    {"lemma_deadlines_total", "counter", "Samples that ran out of time.",
     Field<&Stats::deadline_hits>},
    {"lemma_queue_refusals_total", "counter", "Requests that found the queue full.",
     Field<&Stats::refusals>},
    {"lemma_queue_retry_seconds", "gauge", "When a refused request has a chance.",
     Field<&Stats::retry_seconds>},
}};

void WriteModels(const std::vector<Metrics::ModelStats>& models, std::string& out) {
  Head("lemma_model_loaded", "gauge", "1 for a model that is ready.", out);
  for (const auto& model : models) {
    out += fmt::format("lemma_model_loaded{{model=\"{}\"}} {}\n", Label(model.name),
                       model.state == service::ModelState::kReady ? 1 : 0);
  }
  Head("lemma_model_memory_bytes", "gauge", "Memory of a loaded model.", out);
  for (const auto& model : models) {
    if (model.memory_bytes == 0) continue;
    out += fmt::format("lemma_model_memory_bytes{{model=\"{}\"}} {}\n", Label(model.name),
                       model.memory_bytes);
  }
  for (const EngineRow& row : kEngineRows) {
    Head(row.name, row.type, row.help, out);
    for (const auto& model : models) {
      if (!model.engine) continue;
      out += fmt::format("{}{{model=\"{}\"}} {}\n", row.name, Label(model.name),
                         row.value(*model.engine));
    }
  }
}

}  // namespace

void Histogram::Add(double seconds) {
  const auto* bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  buckets_[static_cast<size_t>(bound - kBounds.begin())].fetch_add(1, std::memory_order_relaxed);
  microseconds_.fetch_add(static_cast<uint64_t>(std::max(seconds, 0.0) * 1e6),
                          std::memory_order_relaxed);
}

void Histogram::Write(std::string_view name, std::string_view help, std::string& out) const {
  Head(name, "histogram", help, out);
  uint64_t sum = 0;
  for (size_t i = 0; i < kBounds.size(); ++i) {
    sum += buckets_[i].load(std::memory_order_relaxed);
    out += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name, kBounds[i], sum);
  }
  sum += buckets_.back().load(std::memory_order_relaxed);
  out += fmt::format("{}_bucket{{le=\"+Inf\"}} {}\n{}_sum {}\n{}_count {}\n", name, sum, name,
                     static_cast<double>(microseconds_.load(std::memory_order_relaxed)) / 1e6, name,
                     sum);
}

void Metrics::OnStreamEvent(const service::StreamEvent& event, double since_request,
                            double since_last) {
  using Kind = service::StreamEvent::Kind;
  if (event.kind == Kind::kThinking || event.kind == Kind::kContent) {
    // The first text of a request follows its prefill events, or nothing at all.
    (since_last == since_request ? first_token_ : between_tokens_).Add(since_last);
    return;
  }
  if (event.kind != Kind::kFinish) return;
  finishes_[static_cast<size_t>(event.finish) % kFinishKinds].fetch_add(1);
  if (event.sample == 0) {
    prompt_tokens_ += event.usage.prompt_tokens;
    cached_tokens_ += event.usage.cached_tokens;
    queue_.Add(event.usage.queue_seconds);
  }
  generated_tokens_ += event.usage.generated_tokens;
  thinking_tokens_ += event.usage.thinking_tokens;
  if (event.loop) ++loops_;
  if (event.thinking_end == service::ThinkingEnd::kBudget) ++budget_ends_;
}

void Metrics::OnClientGone(size_t samples) {
  ++clients_gone_;
  finishes_[static_cast<size_t>(FinishReason::kCancelled)].fetch_add(samples);
}

void Metrics::OnAccess(const AccessRecord& record) {
  MutexLock lock(mutex_);
  const std::string route(record.route.empty() ? "none" : record.route);
  ++responses_[{route, record.complete ? record.status : 499}];
}

void Metrics::OnSolved(const reasoning::SolveResult& result) {
  ++solved_.at(static_cast<size_t>(result.status));
  ++stops_.at(static_cast<size_t>(result.stopped_by));
  chains_ += result.chains.size();
  chain_tokens_ += result.tokens;
  retries_ += result.retry_rounds;
  solve_seconds_.Add(result.seconds);
}

void Metrics::WriteQuestions(std::string& out) const {
  Head("lemma_questions_total", "counter",
       "Questions of verified reasoning, by the status of the answer.", out);
  for (size_t i = 0; i < kSolveStatuses; ++i) {
    out += fmt::format("lemma_questions_total{{status=\"{}\"}} {}\n",
                       SolveStatusName(static_cast<reasoning::SolveStatus>(i)), solved_[i].load());
  }
  Head("lemma_question_stops_total", "counter", "Of these, by what ended them.", out);
  for (size_t i = 0; i < kStopReasons; ++i) {
    out += fmt::format("lemma_question_stops_total{{reason=\"{}\"}} {}\n",
                       StopReasonName(static_cast<reasoning::StopReason>(i)), stops_[i].load());
  }
  One("lemma_question_chains_total", "counter", "Chains that were started for them.",
      chains_.load(), out);
  One("lemma_question_tokens_total", "counter", "Tokens of these chains.", chain_tokens_.load(),
      out);
  One("lemma_question_retries_total", "counter", "Rounds with computed feedback.", retries_.load(),
      out);
  solve_seconds_.Write("lemma_question_seconds", "From a question to its result.", out);
}

std::string Metrics::Text(const HttpCounts& http, const ServingCounts& serving,
                          const std::vector<ModelStats>& models) const {
  std::string out;
  Head("lemma_http_responses_total", "counter",
       "Requests by route and status; 499: the client left.", out);
  {
    MutexLock lock(mutex_);
    for (const auto& [key, count] : responses_) {
      out += fmt::format("lemma_http_responses_total{{route=\"{}\",code=\"{}\"}} {}\n",
                         Label(key.first), key.second, count);
    }
  }
  One("lemma_http_connections", "gauge", "Open connections.", http.connections, out);
  One("lemma_http_connections_total", "counter", "Connections accepted.", http.accepted, out);
  One("lemma_http_connections_refused_total", "counter", "Connections beyond the limit.",
      http.refused, out);
  One("lemma_http_timeouts_total", "counter", "Connections closed for being slow or idle.",
      http.timeouts, out);
  One("lemma_requests_serving", "gauge", "Requests being served.", serving.requests, out);
  One("lemma_streams_running", "gauge", "Of these, started in an engine.", serving.streams, out);
  One("lemma_requests_overloaded_total", "counter", "Requests refused with 429 or 503.",
      serving.overloaded, out);
  One("lemma_clients_gone_total", "counter", "Streams cancelled because the client left.",
      clients_gone_.load(), out);
  Head("lemma_samples_finished_total", "counter", "Samples by reason of their end.", out);
  for (size_t i = 0; i <= static_cast<size_t>(FinishReason::kError); ++i) {
    out +=
        fmt::format("lemma_samples_finished_total{{reason=\"{}\"}} {}\n",
                    service::FinishReasonName(static_cast<FinishReason>(i)), finishes_[i].load());
  }
  One("lemma_request_prompt_tokens_total", "counter", "Prompt tokens of finished requests.",
      prompt_tokens_.load(), out);
  One("lemma_request_cached_tokens_total", "counter", "Of these, from the prefix cache.",
      cached_tokens_.load(), out);
  One("lemma_request_generated_tokens_total", "counter", "Generated tokens of finished requests.",
      generated_tokens_.load(), out);
  One("lemma_request_thinking_tokens_total", "counter", "Of these, thinking.",
      thinking_tokens_.load(), out);
  One("lemma_loop_guard_total", "counter", "Loops that were ended.", loops_.load(), out);
  One("lemma_thinking_budget_total", "counter", "Chains of thought closed by their budget.",
      budget_ends_.load(), out);
  first_token_.Write("lemma_time_to_first_token_seconds", "From the request to its first text.",
                     out);
  between_tokens_.Write("lemma_inter_token_seconds", "Between two pieces of text of a request.",
                        out);
  queue_.Write("lemma_queue_seconds", "Waiting for the engine.", out);
  WriteQuestions(out);
  WriteModels(models, out);
  return out;
}

}  // namespace lemma::server
