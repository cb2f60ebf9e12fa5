// SPDX-License-Identifier: Apache-2.0
#include "cli/solve_view.h"

#include <fmt/format.h>

#include <array>

#include "cli/output.h"
#include "cli/strings.h"
#include "cli/wrap.h"

namespace lemma::cli {
namespace {

using reasoning::Chain;
using reasoning::ChainEnd;
using reasoning::SolveEvent;
using reasoning::SolveResult;
using reasoning::SolveStatus;
using reasoning::StopReason;

constexpr size_t kWidth = 79;
constexpr size_t kTailBytes = 256;

check::Language CheckLanguage() {
  return UiLanguage() == Language::kChinese ? check::Language::kChinese : check::Language::kEnglish;
}

// The kind of a question, for people.
std::string_view KindName(reasoning::Task task) {
  constexpr std::array<std::string_view, reasoning::kTasks> kChinese = {
      "应用题", "方程", "算式", "计数", "概率",   "数列",
      "证明",   "代码", "摘要", "文档", "结构化", "对话"};
  if (UiLanguage() == Language::kChinese) return kChinese[static_cast<size_t>(task)];
  return reasoning::TaskName(task);
}

std::string Line(std::string_view branch, std::string_view text, Keep keep = Keep::kHead) {
  return fmt::format("{}{}", branch, OneLine(text, kWidth - Columns(branch), keep));
}

// "chain 2 · 198 tok · 鸡24,兔11 · ✗ 已反驳：…".
std::string Judged(const Chain& chain) {
  std::string out =
      Say(Text::kSolveChain, chain.index + 1) + " · " + Say(Text::kSolveTokens, chain.tokens);
  switch (chain.end) {
    case ChainEnd::kAnswered:
      return out + " · " + OneLine(chain.report.answer->answer.text, 24) + " · " +
             chain.report.summary.In(CheckLanguage());
    case ChainEnd::kNoAnswer:
      return out + " · " + Say(Text::kSolveNoAnswer);
    case ChainEnd::kUnfinished:
      return out + " · " + Say(Text::kSolveUnfinished);
    case ChainEnd::kPruned:
      return out + " · " + Say(Text::kSolvePruned);
    case ChainEnd::kCancelled:
    case ChainEnd::kRunning:
      return out + " · " + Say(Text::kSolveCancelled);
  }
  return out;
}

std::string VotesLine(const SolveResult& result) {
  std::string classes;
  for (const reasoning::VoteClass* each : result.votes.Ranked()) {
    classes += fmt::format("{}{} ×{}", classes.empty() ? "" : ", ", OneLine(each->answer.text, 30),
                           each->chains.size());
  }
  return Say(Text::kSolveVotes, classes, result.agreeing, result.votes.voters());
}

Text WhyText(StopReason reason) {
  switch (reason) {
    case StopReason::kVerified:
      return Text::kWhyVerified;
    case StopReason::kAgreement:
      return Text::kWhyAgreement;
    case StopReason::kShort:
      return Text::kWhyShort;
    case StopReason::kAllChains:
      return Text::kWhyAllChains;
    case StopReason::kDeadline:
      return Text::kWhyDeadline;
    case StopReason::kCancelled:
      return Text::kWhyCancelled;
  }
  return Text::kWhyAllChains;
}

// The status in words, and what was looked at.
std::string Proof(const SolveResult& result) {
  const check::CheckReport& report = result.chains[*result.chosen].report;
  const check::Language language = CheckLanguage();
  std::string out;
  if (result.status == SolveStatus::kConsistent) {
    out += Wrap(Say(Text::kSolveConsistent, result.agreeing, result.votes.voters()), 0);
  } else {
    out += Wrap(report.summary.In(language), 0);
  }
  if (const auto& c = result.confidence) {
    out += Wrap(Say(Text::kSolveConfidence, 100 * c->p, 100 * c->interval.low,
                    100 * c->interval.high, c->total),
                0);
  }
  for (const check::Finding& finding : report.findings) {
    if (finding.weight == check::Weight::kSoft) continue;
    for (const check::LocalText& fact : finding.facts) out += Wrap(fact.In(language), 2);
  }
  return out;
}

}  // namespace

SolveView::~SolveView() { Erase(); }

SolveView::Row* SolveView::Find(size_t chain) {
  for (Row& row : rows_) {
    if (!row.is_note && row.chain == chain) return &row;
  }
  return nullptr;
}

void SolveView::OnEvent(const SolveEvent& event) {
  switch (event.kind) {
    case SolveEvent::Kind::kPlan:
      head_ = Say(Text::kSolvePlan, KindName(event.task->task), event.policy->profile,
                  event.policy->max_chains, event.policy->temperature);
      break;
    case SolveEvent::Kind::kStarted:
      rows_.push_back({});
      rows_.back().chain = event.chain;
      break;
    case SolveEvent::Kind::kText:
      if (Row* row = Find(event.chain)) {
        row->thinking = event.thinking;
        row->tail += event.text;
        ++row->pieces;
        if (row->tail.size() > kTailBytes) row->tail.erase(0, row->tail.size() - kTailBytes);
      }
      break;
    case SolveEvent::Kind::kFinished:
      if (Row* row = Find(event.chain)) row->text = Judged(*event.state);
      break;
    case SolveEvent::Kind::kPruned:
      if (Row* row = Find(event.chain)) {
        Chain chain;
        chain.index = event.chain;
        row->text = Judged(event.state == nullptr ? chain : *event.state);
      }
      break;
    case SolveEvent::Kind::kDropped:
      if (Row* row = Find(event.chain)) row->tail = "✗ " + event.text + "\n";
      break;
    case SolveEvent::Kind::kRetry:
      rows_.push_back({});
      rows_.back().is_note = true;
      rows_.back().text = event.text.empty()
                              ? Say(Text::kSolveAfresh, event.round)
                              : Say(Text::kSolveRetry, event.round) + " " + event.text;
      break;
    case SolveEvent::Kind::kStopped:
      break;
  }
  constexpr double kRedraw = 0.1;  // seconds
  if (event.kind != SolveEvent::Kind::kText || since_drawn_.Seconds() >= kRedraw) Draw();
}

std::vector<std::string> SolveView::Lines() const {
  std::vector<std::string> out = {Line("", head_)};
  for (size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    const std::string_view branch = i + 1 == rows_.size() ? "└─ " : "├─ ";
    if (!row.text.empty()) {
      out.push_back(Line(branch, row.text));
      continue;
    }
    const std::string label =
        fmt::format("{}{} · {} · ", branch, Say(Text::kSolveChain, row.chain + 1),
                    Say(row.thinking ? Text::kSolveThinking : Text::kSolveAnswering));
    out.push_back(Line(label, row.tail, Keep::kTail));
  }
  return out;
}

void SolveView::Draw() {
  if (live_ == Live::kNo) return;
  Erase();
  std::string text;
  const std::vector<std::string> lines = Lines();
  for (const std::string& line : lines) text += line + "\n";
  PrintErr(text);
  drawn_ = lines.size();
  since_drawn_.Restart();
}

void SolveView::Erase() {
  if (drawn_ > 0) PrintErr(fmt::format("\x1b[{}A\x1b[J", drawn_));
  drawn_ = 0;
}

std::string SolveView::Final(const SolveResult& result) {
  Erase();
  for (Row& row : rows_) {
    if (row.is_note || !row.text.empty()) continue;
    row.text = row.chain < result.chains.size()
                   ? Judged(result.chains[row.chain])
                   : Say(Text::kSolveChain, row.chain + 1) + " · " + Say(Text::kSolveCancelled);
  }
  std::string out;
  for (const std::string& line : Lines()) out += line + "\n";
  out += "\n";
  if (!result.chosen) {
    out += Wrap(Say(Text::kSolveNone), 0);
  } else {
    out += Wrap(VotesLine(result), 0);
    out += Wrap(Say(Text::kSolveAnswer, result.answer), 0) + Proof(result);
  }
  out += Wrap(
      Say(Text::kSolveCost, result.chains.size(), result.tokens, result.seconds, result.trace_id),
      0);
  return out + Wrap(Say(Text::kSolveWhy, Say(WhyText(result.stopped_by))), 0);
}

}  // namespace lemma::cli
