// SPDX-License-Identifier: Apache-2.0
#include "reasoning/solve.h"

#include <algorithm>
#include <array>
#include <utility>

#include "check/steps.h"
#include "reasoning/chain_group.h"
#include "reasoning/solve_plan.h"
#include "reasoning/step_search.h"

namespace lemma::reasoning {
namespace {

using check::Verdict;

StopReason ReasonOf(GroupEnd end) {
  return end == GroupEnd::kDeadline ? StopReason::kDeadline : StopReason::kCancelled;
}

class Solver {
 public:
  Solver(ChainSource& source, const Scaffolds& scaffolds, const SolveRequest& request,
         const SolveHooks& hooks)
      : source_(source),
        scaffolds_(scaffolds),
        request_(request),
        hooks_(hooks),
        start_(hooks.clock()) {
    limits_.clock = hooks.clock;
  }

  Result<SolveResult> Run() {
    out_.seed = request_.options.seed;
    out_.task = GuessTask(request_);
    LEMMA_ASSIGN_OR_RETURN(out_.policy, PlanFor(request_, out_.task));
    LEMMA_RETURN_IF_ERROR(FitToReach(request_.options, source_.reach(), out_.policy));
    if (source_.reach() == Reach::kWholeChains) limits_.cost = Cost::kWhole;
    LEMMA_ASSIGN_OR_RETURN(prompt_, FirstPrompt(request_, out_.policy, out_.task, scaffolds_));
    out_.trace_id = TraceId(request_, out_.policy);
    if (request_.options.deadline) FitDeadline(*request_.options.deadline);
    out_.policy.beams = std::min(out_.policy.beams, out_.policy.max_chains);
    SolveEvent plan;
    plan.policy = &out_.policy;
    plan.task = &out_.task;
    Tell(plan);
    LEMMA_RETURN_IF_ERROR(Vote());
    LEMMA_RETURN_IF_ERROR(Retry());
    Conclude();
    TellStopped();
    return std::move(out_);
  }

 private:
  void Tell(const SolveEvent& event) const {
    if (hooks_.on_event) hooks_.on_event(event);
  }

  [[nodiscard]] double Seconds() const { return hooks_.clock() - start_; }

  void FitDeadline(double seconds) {
    const size_t prompt = source_.PromptTokens(prompt_);
    const Pace pace = source_.MeasuredPace();  // may take a while: behind it is seen what is left
    const double left = seconds - Seconds();
    think_seconds_ = FitToDeadline(out_.policy, pace, prompt, left);
    limits_.deadline = start_ + seconds;
  }

  // When the chains that start now close their thinking: after their share, and early enough for
  // an answer.
  void PlanClosing() {
    if (!limits_.deadline) return;
    const auto thinking = static_cast<double>(std::max<size_t>(out_.policy.thinking_tokens, 1));
    const double answer =
        think_seconds_ * static_cast<double>(out_.policy.answer_tokens) / thinking;
    limits_.close_thinking = std::min(hooks_.clock() + think_seconds_, *limits_.deadline - answer);
  }

  // Groups of the first prompt until the vote is decided.
  Status Vote() {
    const Policy& policy = out_.policy;
    if (policy.search == Search::kStepBeam) return RunChains(prompt_, policy.beams, 0);
    while (!decided_ && out_.chains.size() < policy.max_chains) {
      const size_t count = std::min(policy.first_chains, policy.max_chains - out_.chains.size());
      LEMMA_RETURN_IF_ERROR(RunChains(prompt_, count, 0));
    }
    return OkStatus();
  }

  // Rounds with computed feedback while the best answer is refuted. A round that gave the same
  // answer again is followed by one without feedback: the model is stuck on it.
  Status Retry() {
    bool stuck = false;
    std::vector<check::Answer> told;
    for (size_t round = 1; round <= out_.policy.retries && !Over(); ++round) {
      const VoteClass* leader = out_.votes.Leader();
      if (leader == nullptr || leader->verdict != Verdict::kRefuted) break;
      const VoteClass& next = ToTell(told);
      const Chain refuted = out_.chains[LastRefuted(next)];
      const std::string feedback = FeedbackFor(refuted, out_.task.language);
      if (feedback.empty()) break;
      SolveEvent retry;
      retry.kind = SolveEvent::Kind::kRetry;
      retry.round = round;
      retry.text = stuck ? "" : feedback;
      Tell(retry);
      told.push_back(next.answer);
      const size_t votes_before = next.chains.size();
      decided_ = false;
      out_.stopped_by = StopReason::kAllChains;
      const auto conversation = stuck ? prompt_ : RetryPrompt(prompt_, refuted, feedback);
      LEMMA_RETURN_IF_ERROR(RunChains(conversation, out_.policy.retry_chains, round));
      out_.retry_rounds = round;
      stuck = VotesFor(told.back()) > votes_before;
    }
    return OkStatus();
  }

  // The refuted answer that the model is told about: one that it was not told of yet, if there is
  // one; of these the one that came last, which it may have come to by what it was told, or, before
  // the first round, the leader.
  [[nodiscard]] const VoteClass& ToTell(const std::vector<check::Answer>& told) const {
    const VoteClass* best = out_.votes.Leader();
    if (told.empty()) return *best;
    size_t newest = 0;
    for (const VoteClass& each : out_.votes.classes()) {
      const bool known = std::any_of(
          told.begin(), told.end(),
          [&each](const check::Answer& answer) { return check::SameAnswer(each.answer, answer); });
      if (known || each.verdict != Verdict::kRefuted || each.chains.back() < newest) continue;
      newest = each.chains.back();
      best = &each;
    }
    return *best;
  }

  // The newest chain of a refuted answer that a check refuted itself.
  [[nodiscard]] size_t LastRefuted(const VoteClass& refuted) const {
    const auto last = std::find_if(
        refuted.chains.rbegin(), refuted.chains.rend(),
        [this](size_t chain) { return out_.chains[chain].report.status == Verdict::kRefuted; });
    return last == refuted.chains.rend() ? refuted.chains.back() : *last;
  }

  [[nodiscard]] bool Over() const {
    return out_.stopped_by == StopReason::kDeadline || out_.stopped_by == StopReason::kCancelled;
  }

  [[nodiscard]] size_t VotesFor(const check::Answer& answer) const {
    for (const VoteClass& c : out_.votes.classes()) {
      if (check::SameAnswer(c.answer, answer)) return c.chains.size();
    }
    return 0;
  }

  Status RunChains(const chat::Conversation& conversation, size_t count, size_t round) {
    service::ChatRequest request{conversation,
                                 SettingsFor(request_, out_.policy, groups_++, count)};
    if (limits_.deadline) {
      const double left = *limits_.deadline - hooks_.clock();
      if (left <= 0) return Stop(StopReason::kDeadline);
    }
    round_ = round;
    PlanClosing();
    for (size_t i = 0; i < count; ++i) {
      SolveEvent started;
      started.kind = SolveEvent::Kind::kStarted;
      started.chain = out_.chains.size() + i;
      started.round = round;
      Tell(started);
    }
    std::vector<Chain> chains;
    const auto end = RunOnce(request, chains);
    if (end.ok()) TellPruned(chains, count);
    for (Chain& chain : chains) {
      chain.round = round;
      out_.chains.push_back(std::move(chain));
    }
    if (!end.ok()) return end.status();
    if (*end == GroupEnd::kDeadline || *end == GroupEnd::kCancelled) return Stop(ReasonOf(*end));
    return OkStatus();
  }

  // Of `count` chains that were started together; a search by steps may give fewer.
  void TellPruned(const std::vector<Chain>& chains, size_t count) const {
    for (size_t i = 0; i < count; ++i) {
      const Chain* state = i < chains.size() ? &chains[i] : nullptr;
      if (state != nullptr && state->end != ChainEnd::kCancelled) continue;
      SolveEvent pruned;
      pruned.kind = SolveEvent::Kind::kPruned;
      pruned.chain = out_.chains.size() + i;
      pruned.round = round_;
      pruned.state = state;
      Tell(pruned);
    }
  }

  Result<GroupEnd> RunOnce(const service::ChatRequest& request, std::vector<Chain>& chains) {
    const size_t first = out_.chains.size();
    const Policy& policy = out_.policy;
    const size_t count = request.settings.samples;
    if (policy.search == Search::kStepBeam || policy.rewind == Switch::kOn) {
      const StepSearch search{request, &policy, count, first, *request.settings.sampling.seed};
      return RunStepSearch(source_, search, chains, {limits_, &out_.tokens}, HooksFor(first));
    }
    LEMMA_ASSIGN_OR_RETURN(const auto run, source_.Start(request));
    chains.resize(count);
    for (size_t i = 0; i < count; ++i) chains[i].index = first + i;
    auto end = RunGroup(*run, chains, limits_, HooksFor(first));
    for (const Chain& chain : chains) out_.tokens += chain.tokens;
    return end;
  }

  Status Stop(StopReason reason) {
    decided_ = true;
    out_.stopped_by = reason;
    return OkStatus();
  }

  void TellStopped() const {
    SolveEvent stopped;
    stopped.kind = SolveEvent::Kind::kStopped;
    stopped.stop = out_.stopped_by;
    Tell(stopped);
  }

  GroupHooks HooksFor(size_t first) {
    GroupHooks out;
    out.cancelled = hooks_.cancelled;
    if (hooks_.on_event) {
      out.on_text = [this, first](size_t chain, bool thinking, std::string_view text) {
        SolveEvent event;
        event.kind = SolveEvent::Kind::kText;
        event.chain = first + chain;
        event.thinking = thinking;
        event.text = text;
        Tell(event);
      };
      out.on_dropped = [this, first](size_t chain, std::string_view step) {
        SolveEvent event;
        event.kind = SolveEvent::Kind::kDropped;
        event.chain = first + chain;
        event.text = step;
        Tell(event);
      };
    }
    out.judge = [this](Chain& chain) { return Judge(chain); };
    return out;
  }

  // Checks a chain that ended and counts its vote; true: no more chains are needed.
  bool Judge(Chain& chain) {
    chain.round = round_;
    Check(chain);
    if (chain.end == ChainEnd::kAnswered) {
      out_.votes.Add({chain.index, chain.report.answer->answer, chain.weight, chain.report.status});
    }
    SolveEvent finished;
    finished.kind = SolveEvent::Kind::kFinished;
    finished.chain = chain.index;
    finished.round = chain.round;
    finished.state = &chain;
    finished.votes = &out_.votes;
    Tell(finished);
    const auto reason = Decide(chain);
    if (reason) (void)Stop(*reason);  // cannot fail
    return reason.has_value();
  }

  void Check(Chain& chain) {
    if (chain.end != ChainEnd::kAnswered) return;
    if (chain.content.empty()) {
      chain.end = ChainEnd::kNoAnswer;
      return;
    }
    VerifyRequest verify = request_.evidence;
    verify.check.problem = request_.question;
    verify.check.answer = chain.content;
    verify.check.chain = chain.thinking;
    verify.memo = &memo_;
    auto report = Verify(verify);
    // A sentence for an answer to a question of mathematics is none.
    const bool words = report.ok() && report->alone && out_.policy.task <= Task::kProof &&
                       report->answer->answer.kind == check::AnswerKind::kText;
    if (!report.ok() || !report->answer || words) {
      chain.end = ChainEnd::kNoAnswer;
      return;
    }
    chain.report = *std::move(report);
    chain.weight = 1;
    if (out_.policy.checkers == Switch::kOff) return Forget(chain.report);
    chain.soft_flags = check::CheckSteps(chain.thinking).flags.size();
    chain.weight = WeightOf(chain.report.status, chain.soft_flags);
  }

  // What the checkers said. Findings of tests stay, for those who count right answers by them.
  static void Forget(check::CheckReport& report) {
    check::CheckReport bare;
    bare.answer = std::move(report.answer);
    bare.alone = report.alone;
    for (check::Finding& finding : report.findings) {
      if (finding.checker == "python_tests") bare.findings.push_back(std::move(finding));
    }
    bare.summary = {"未检查", "not checked"};
    report = std::move(bare);
  }

  [[nodiscard]] std::optional<StopReason> Decide(const Chain& last) const {
    const Policy& policy = out_.policy;
    if (policy.enough < 1) {
      if (last.end == ChainEnd::kAnswered && last.report.status == Verdict::kVerified) {
        return StopReason::kVerified;
      }
      if (out_.votes.Confidence() >= policy.enough) return StopReason::kAgreement;
    }
    if (policy.short_m > 0 && out_.votes.voters() >= policy.short_m) return StopReason::kShort;
    return std::nullopt;
  }

  void Conclude() {
    const VoteClass* leader = out_.votes.Leader();
    if (leader != nullptr) {
      out_.chosen = SpeakerOf(*leader);
      out_.agreeing = leader->chains.size();
      out_.answer = out_.chains[*out_.chosen].report.answer->answer.text;
      out_.status = StatusOf(*leader);
    }
    out_.prompt_tokens = source_.PromptTokens(prompt_);
    out_.seconds = Seconds();
  }

  // Of chains with one answer one that was found to be what the answer is found to be, then the
  // soundest, then the shortest speaks for it: longer ones ramble (Hassid et al. 2025).
  [[nodiscard]] size_t SpeakerOf(const VoteClass& leader) const {
    const auto better = [&](size_t a, size_t b) {
      const Chain& x = out_.chains[a];
      const Chain& y = out_.chains[b];
      const bool x_shows = x.report.status == leader.verdict;
      const bool y_shows = y.report.status == leader.verdict;
      if (x_shows != y_shows) return x_shows;
      if (x.soft_flags != y.soft_flags) return x.soft_flags < y.soft_flags;
      return x.tokens < y.tokens;
    };
    return *std::min_element(leader.chains.begin(), leader.chains.end(), better);
  }

  [[nodiscard]] SolveStatus StatusOf(const VoteClass& leader) const {
    switch (leader.verdict) {
      case Verdict::kVerified:
        return SolveStatus::kVerified;
      case Verdict::kChecked:
        return SolveStatus::kChecked;
      case Verdict::kRefuted:
        return SolveStatus::kRefuted;
      default:
        break;
    }
    size_t most_others = 0;
    for (const VoteClass& c : out_.votes.classes()) {
      if (&c != &leader) most_others = std::max(most_others, c.chains.size());
    }
    if (leader.chains.size() >= 2 && leader.chains.size() > most_others) {
      return SolveStatus::kConsistent;
    }
    return leader.verdict == Verdict::kSelfOk ? SolveStatus::kSelfOk : SolveStatus::kUnverified;
  }

  ChainSource& source_;
  const Scaffolds& scaffolds_;
  const SolveRequest& request_;
  const SolveHooks& hooks_;
  SolveResult out_;
  chat::Conversation prompt_;
  TestMemo memo_;  // small models write the same code again and again
  GroupLimits limits_;
  double start_;              // by hooks_.clock, as the deadline is
  double think_seconds_ = 0;  // of a group, where there is a deadline
  size_t groups_ = 0;
  size_t round_ = 0;
  bool decided_ = false;
};

}  // namespace

std::string_view SolveStatusName(SolveStatus status) {
  constexpr std::array<std::string_view, 6> kNames = {"VERIFIED", "CHECKED",    "CONSISTENT",
                                                      "SELF-OK",  "UNVERIFIED", "REFUTED"};
  return kNames[static_cast<size_t>(status)];
}

std::string_view StopReasonName(StopReason reason) {
  constexpr std::array<std::string_view, 6> kNames = {"verified",   "agreement", "short",
                                                      "all_chains", "deadline",  "cancelled"};
  return kNames[static_cast<size_t>(reason)];
}

Result<SolveResult> Solve(ChainSource& source, const Scaffolds& scaffolds,
                          const SolveRequest& request, const SolveHooks& hooks) {
  return Solver(source, scaffolds, request, hooks).Run();
}

}  // namespace lemma::reasoning
