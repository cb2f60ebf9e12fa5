// SPDX-License-Identifier: Apache-2.0
// Verified reasoning: a question goes in, several chains are sampled on one shared prefill, each
// answer is checked exactly, the vote ends as soon as the evidence is enough, refuted answers are
// sent back with what was computed, and the answer comes with its status, its certificate and what
// it cost.
//
// The same request and seed give the same result, whatever else runs: chains are judged in the
// order of their lengths, not of their arrival. A deadline is the exception: it looks at the clock.
//
// Threads: Solve may run on several threads at once, each with a source of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "reasoning/chain.h"
#include "reasoning/chain_source.h"
#include "reasoning/policy.h"
#include "reasoning/scaffold.h"
#include "reasoning/statistics.h"
#include "reasoning/verify.h"
#include "reasoning/vote.h"

namespace lemma::reasoning {

// What a request may set; the rest is the policy's.
struct SolveOptions {
  std::string profile;  // REQUIRED: of ProfileNames
  std::optional<Task> task;
  Effort effort = Effort::kBalanced;
  std::optional<Search> search;
  std::optional<size_t> chains;        // at most, 1 to kMostChains
  std::optional<size_t> first_chains;  // started together
  std::optional<float> temperature;
  std::optional<float> answer_temperature;
  std::optional<float> top_p;
  std::optional<size_t> thinking_tokens;
  std::optional<size_t> answer_tokens;
  std::optional<size_t> retries;  // 0 to kMostRetries
  std::optional<std::string> scaffold;
  std::optional<Switch> calculator;
  std::optional<Switch> rewind;
  std::optional<Switch> checkers;
  std::optional<double> enough;  // 0 to 1; 1: every chain is sampled
  std::optional<size_t> short_m;
  std::optional<double> deadline;  // seconds
  uint64_t seed = 0;
  uint64_t cache_salt = 0;
  uint64_t client = 0;
};
inline constexpr size_t kMostChains = 64;
inline constexpr size_t kMostRetries = 4;

struct SolveRequest {
  std::string question;
  std::vector<chat::Message> before;  // of the conversation, system text included
  std::vector<std::string> notes;     // put under the question (notebook.h)
  // What the answer is held against; its problem, answer and chain are filled in here.
  VerifyRequest evidence;
  SolveOptions options;
};

enum class SolveStatus : uint8_t {
  kVerified,
  kChecked,
  kConsistent,
  kSelfOk,
  kUnverified,
  kRefuted
};
std::string_view SolveStatusName(SolveStatus status);  // "VERIFIED", ..., "CONSISTENT"

enum class StopReason : uint8_t {
  kVerified,   // an answer was proven
  kAgreement,  // the vote could hardly turn any more
  kShort,      // as many chains as asked for had ended
  kAllChains,
  kDeadline,
  kCancelled,
};
std::string_view StopReasonName(StopReason reason);  // "verified", "agreement", ...

struct SolveResult {
  SolveStatus status = SolveStatus::kUnverified;
  StopReason stopped_by = StopReason::kAllChains;
  std::optional<size_t> chosen;  // of `chains`; absent: none gives an answer
  std::string answer;            // of the chosen chain, the answer alone
  Votes votes;
  size_t agreeing = 0;  // chains that give the chosen answer, of votes.voters()
  // Filled in by callers that have a table (calibration.h): of answers that a vote decided.
  std::optional<Confidence> confidence;
  std::string calibration_id;
  std::vector<Chain> chains;
  Policy policy;
  TaskGuess task;
  size_t retry_rounds = 0;
  size_t prompt_tokens = 0;
  size_t tokens = 0;  // generated, of all chains
  double seconds = 0;
  uint64_t seed = 0;     // the request's
  std::string trace_id;  // 16 hexadecimal digits; of the request and its policy
};

struct SolveEvent {
  enum class Kind : uint8_t {
    kPlan,      // policy and task
    kStarted,   // chain
    kText,      // chain, text, thinking
    kFinished,  // chain: judged, with its vote
    kPruned,    // chain: ended without a vote, because it is not needed or time is over
    kDropped,   // chain, text: a step that was thrown away, by a search over steps
    kRetry,     // round, text: what the model is told; empty: it is asked afresh
    kStopped,   // stop; the last one
  };
  Kind kind = Kind::kPlan;
  size_t chain = 0;
  size_t round = 0;
  std::string text;
  bool thinking = false;
  StopReason stop = StopReason::kAllChains;
  const Policy* policy = nullptr;  // kPlan
  const TaskGuess* task = nullptr;
  const Chain* state = nullptr;  // kFinished; kPruned, unless the chain never had a text
  const Votes* votes = nullptr;  // kFinished
};

struct SolveHooks {
  std::function<void(const SolveEvent&)> on_event;   // on the calling thread; may be empty
  std::function<bool()> cancelled;                   // asked several times a second; may be empty
  std::function<double()> clock = MonotonicSeconds;  // for deadline and duration; s
};

// InvalidArgument names the option. A question that no chain answers is no error: its status says
// so.
Result<SolveResult> Solve(ChainSource& source, const Scaffolds& scaffolds,
                          const SolveRequest& request, const SolveHooks& hooks);

}  // namespace lemma::reasoning
