// SPDX-License-Identifier: Apache-2.0
#include "reasoning/eval_report.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>

namespace lemma::reasoning {
namespace {

namespace json = boost::json;

void Count(EvalCount& count, bool right) {
  ++count.total;
  if (right) ++count.right;
}

double Share(size_t part, size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

json::object CountJson(const EvalCount& count) {
  const Interval interval = WilsonInterval(count.right, count.total);
  return {{"right", count.right},
          {"total", count.total},
          {"accuracy", Share(count.right, count.total)},
          {"low", interval.low},
          {"high", interval.high}};
}

}  // namespace

EvalSummary Summarise(const std::vector<EvalRecord>& records) {
  EvalSummary out;
  std::map<std::string, EvalCount> families;
  std::map<SolveStatus, EvalCount> statuses;
  double tokens = 0;
  for (const EvalRecord& r : records) {
    Count(out.all, r.right);
    Count(families[r.family], r.right);
    Count(statuses[r.status], r.right);
    tokens += static_cast<double>(r.tokens);
    out.samples += static_cast<double>(r.samples);
    out.seconds += r.seconds;
    if (r.tests == "known") ++out.tests_known;
    if (r.tests == "unseen") ++out.tests_unseen;
    if (r.status == SolveStatus::kVerified && !r.right) {
      out.false_verified.push_back(
          fmt::format("{} ({}): {}, gold {}", r.id, r.seed, r.answer, r.gold));
    }
  }
  out.families.assign(families.begin(), families.end());
  out.statuses.assign(statuses.begin(), statuses.end());
  const auto n = static_cast<double>(std::max<size_t>(records.size(), 1));
  const auto right = static_cast<double>(std::max<size_t>(out.all.right, 1));
  out.tokens_per_right = tokens / right;
  out.seconds_per_right = out.seconds / right;
  out.tokens = tokens / n;
  out.samples /= n;
  out.seconds /= n;
  return out;
}

EvalComparison Compare(const std::vector<EvalRecord>& a, const std::vector<EvalRecord>& b) {
  std::map<std::pair<std::string, uint64_t>, bool> right;
  for (const EvalRecord& r : a) right[{r.id, r.seed}] = r.right;
  EvalComparison out;
  std::vector<double> of_a;
  std::vector<double> of_b;
  for (const EvalRecord& r : b) {
    const auto at = right.find({r.id, r.seed});
    if (at == right.end()) continue;
    ++out.pairs;
    Count(out.a, at->second);
    Count(out.b, r.right);
    if (at->second && !r.right) ++out.only_a;
    if (!at->second && r.right) ++out.only_b;
    of_a.push_back(at->second ? 1 : 0);
    of_b.push_back(r.right ? 1 : 0);
  }
  out.p = McNemarP(out.only_a, out.only_b);
  constexpr uint64_t kSeed = 1;
  out.difference = PairedBootstrap(of_a, of_b, kSeed);
  return out;
}

std::string Percent(const EvalCount& count) {
  const Interval interval = WilsonInterval(count.right, count.total);
  return fmt::format("{:.1f} % ({:.1f}-{:.1f})", 100 * Share(count.right, count.total),
                     100 * interval.low, 100 * interval.high);
}

std::string SummaryText(const EvalSummary& summary, const SummaryStyle& style) {
  const auto in = [&style](const char* zh, const char* en) {
    return fmt::runtime(style.language == check::Language::kChinese ? zh : en);
  };
  std::string out = fmt::format(in("正确：{} / {} = {}\n", "right: {} of {} = {}\n"),
                                summary.all.right, summary.all.total, Percent(summary.all));
  out += fmt::format(
      in("每题：{:.1f} 条链，{:.0f} 个词元，{:.2f} 秒；每答对一题：{:.0f} 个词元，{:.2f} 秒\n",
         "an item: {:.1f} chains, {:.0f} tokens, {:.2f} s; a right answer: {:.0f} tokens, {:.2f} "
         "s\n"),
      summary.samples, summary.tokens, summary.seconds, summary.tokens_per_right,
      summary.seconds_per_right);
  if (style.side_by_side > 1) {
    out += fmt::format(in("秒数是 {} 题同时运行（--parallel）时各题所用；单独运行用时更短\n",
                          "the seconds are of items that ran side by side, {} at a time "
                          "(--parallel): alone an item takes less\n"),
                       style.side_by_side);
  }
  if (summary.tests_known + summary.tests_unseen > 0) {
    out += fmt::format(
        in("测试：{} 题只用来评分，{} 题在评分前已用来检查（那里 VERIFIED 必然正确）\n",
           "tests: {} items only scored by them, {} checked against them before (VERIFIED is right "
           "there by construction)\n"),
        summary.tests_unseen, summary.tests_known);
  }
  for (const auto& [status, count] : summary.statuses) {
    out += fmt::format("{:<11} {:>6}, right {:>6} = {}\n", SolveStatusName(status), count.total,
                       count.right, Percent(count));
  }
  if (summary.families.size() > 1) {
    for (const auto& [name, count] : summary.families) {
      out += fmt::format("{:<11} {:>6}, right {:>6} = {}\n", name, count.total, count.right,
                         Percent(count));
    }
  }
  for (const std::string& each : summary.false_verified)
    out += "VERIFIED but wrong: " + each + "\n";
  return out;
}

std::string ComparisonText(const EvalComparison& c) {
  return fmt::format(
      "{} pairs: {} -> {}\nright in the first alone {}, in the second alone {}; McNemar p = "
      "{:.2g}\n"
      "difference {:+.1f} points (95 % {:+.1f} to {:+.1f}, paired bootstrap)\n",
      c.pairs, Percent(c.a), Percent(c.b), c.only_a, c.only_b, c.p,
      100 * (Share(c.b.right, c.b.total) - Share(c.a.right, c.a.total)), 100 * c.difference.low,
      100 * c.difference.high);
}

std::string SummaryJson(const EvalSummary& summary) {
  json::object families;
  for (const auto& [name, count] : summary.families) families[name] = CountJson(count);
  json::object statuses;
  for (const auto& [status, count] : summary.statuses) {
    statuses[SolveStatusName(status)] = CountJson(count);
  }
  json::array false_verified;
  for (const std::string& each : summary.false_verified) false_verified.emplace_back(each);
  return json::serialize(json::object{{"all", CountJson(summary.all)},
                                      {"families", std::move(families)},
                                      {"statuses", std::move(statuses)},
                                      {"tokens", summary.tokens},
                                      {"samples", summary.samples},
                                      {"seconds", summary.seconds},
                                      {"tokens_per_right", summary.tokens_per_right},
                                      {"seconds_per_right", summary.seconds_per_right},
                                      {"tests_known", summary.tests_known},
                                      {"tests_unseen", summary.tests_unseen},
                                      {"false_verified", std::move(false_verified)}});
}

}  // namespace lemma::reasoning
