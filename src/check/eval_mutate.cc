// SPDX-License-Identifier: Apache-2.0
#include "check/eval_mutate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <optional>

#include "check/checkers.h"
#include "check/formalise.h"

namespace lemma::check {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The whole numbers of a text.
std::vector<Span> Numbers(std::string_view text) {
  std::vector<Span> out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (!IsDigit(text[at])) continue;
    const size_t begin = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    out.push_back({begin, at});
  }
  return out;
}

std::string Replaced(std::string_view text, Span span, std::string_view with) {
  return std::string(text.substr(0, span.begin)) + std::string(with) +
         std::string(text.substr(span.end));
}

std::optional<std::string> OffByOne(std::string_view right, Span at, EvalRandom& random) {
  const std::string_view digits = right.substr(at.begin, at.end - at.begin);
  const auto value = BigInt::Parse(digits);
  if (!value) return std::nullopt;
  const bool up = *value == 0 || random.Between(0, 1) == 0;
  return Replaced(right, at, (up ? *value + 1 : *value - 1).ToString());
}

std::optional<std::string> SwappedDigits(std::string_view right, Span at) {
  std::string digits(right.substr(at.begin, at.end - at.begin));
  for (size_t i = 1; i < digits.size(); ++i) {
    if (digits[i] == digits[i - 1] || (i == 1 && digits[i] == '0')) continue;
    std::swap(digits[i], digits[i - 1]);
    return Replaced(right, at, digits);
  }
  return std::nullopt;
}

std::optional<std::string> WrongSign(std::string_view right, Span at) {
  if (at.begin > 0 && right[at.begin - 1] == '-') {
    return Replaced(right, {at.begin - 1, at.begin}, "");
  }
  return Replaced(right, {at.begin, at.begin}, "-");
}

std::optional<std::string> DroppedRoot(std::string_view right) {
  for (const std::string_view word : {" 或 ", " or "}) {
    const size_t at = right.find(word);
    if (at != std::string_view::npos) return std::string(right.substr(0, at));
  }
  return std::nullopt;
}

std::optional<std::string> NotReduced(std::string_view right, const std::vector<Span>& numbers) {
  if (numbers.size() != 2 || right.find('/') == std::string_view::npos) return std::nullopt;
  std::string out;
  for (const Span& n : numbers) {
    const auto value = BigInt::Parse(right.substr(n.begin, n.end - n.begin));
    if (!value) return std::nullopt;
    out += (out.empty() ? "" : "/") + (*value * 2).ToString();
  }
  return out;
}

std::optional<std::string> WrongUnit(std::string_view right) {
  constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
      {"平方米", "米"}, {"千克", "克"}, {"厘米", "米"}, {"元", "千克"},
      {"米", "厘米"},   {"岁", "元"},   {"个", "元"},   {"本", "千克"}};
  for (const auto& [unit, other] : kUnits) {
    if (right.ends_with(unit)) {
      return std::string(right.substr(0, right.size() - unit.size())) + std::string(other);
    }
  }
  return std::nullopt;
}

// Time of the processor, so that what else runs does not count.
double ThreadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

std::vector<MutatedAnswer> MutateAnswer(std::string_view right, EvalRandom& random) {
  std::vector<MutatedAnswer> out;
  const Answer truth = ParseAnswer(right);
  const auto add = [&](std::string_view kind, const std::optional<std::string>& text) {
    const bool form = kind == "not reduced" || kind == "unit";
    if (text && (form || !SameAnswer(ParseAnswer(*text), truth))) out.push_back({kind, *text});
  };
  std::vector<Span> numbers = Numbers(right);
  std::erase_if(numbers, [&](const Span& n) {  // x_1
    return n.begin > 0 && right[n.begin - 1] == '_';
  });
  if (numbers.empty()) return out;
  const Span at = random.Pick(numbers);
  add("off by one", OffByOne(right, at, random));
  add("digits swapped", SwappedDigits(right, at));
  add("sign", WrongSign(right, at));
  add("root dropped", DroppedRoot(right));
  add("not reduced", NotReduced(right, numbers));
  add("unit", WrongUnit(right));
  if (numbers.size() == 2 && right.find('/') == std::string_view::npos && !DroppedRoot(right)) {
    const auto text = [&](const Span& n) { return right.substr(n.begin, n.end - n.begin); };
    add("names swapped",
        Replaced(Replaced(right, numbers[1], text(numbers[0])), numbers[0], text(numbers[1])));
  }
  return out;
}

void Evaluate(const EvalProblem& told, EvalRandom& random, EvalCounts& counts) {
  const std::string& text = told.text;
  const std::string& right = told.answer;
  ++counts.problems;
  const double begin = ThreadSeconds();
  const auto problem = Formalise(text);
  std::optional<Report> report;
  if (problem) report = CheckAnswer(*problem, ParseAnswer(right));
  counts.seconds.push_back(ThreadSeconds() - begin);
  if (!problem || !CheckComplete(*problem).ok()) {
    if (counts.incomplete.size() < 20) counts.incomplete.push_back(text);
    return;
  }
  ++counts.complete;
  const auto fault = [&](std::string_view what, std::string_view answer) {
    if (counts.faults.size() < 20) {
      counts.faults.push_back(fmt::format("{}: {} | {}", what, answer, text));
    }
  };
  counts.verified += report->verdict == Verdict::kVerified ? 1 : 0;
  counts.refuted += report->verdict == Verdict::kRefuted ? 1 : 0;
  if (report->verdict != Verdict::kVerified) {
    fault(fmt::format("right, but {}", VerdictName(report->verdict)), right);
  }
  std::vector<MutatedAnswer> lies = MutateAnswer(right, random);
  if (!told.wrong.empty()) lies.push_back({"claim", told.wrong});
  for (const MutatedAnswer& wrong : lies) {
    EvalCounts::Kind& kind = counts.wrong[wrong.kind];
    ++kind.made;
    const Answer answer = ParseAnswer(wrong.text);
    const Report r = CheckAnswer(*problem, answer);
    const bool form = wrong.kind == "not reduced";
    const bool noticed = form ? !answer.reduced : r.verdict == Verdict::kRefuted;
    const bool believed = r.verdict == Verdict::kVerified && !(form && noticed);
    kind.refuted += noticed ? 1 : 0;
    kind.verified += believed ? 1 : 0;
    if (believed) fault(fmt::format("{}, but VERIFIED", wrong.kind), wrong.text);
  }
}

Interval WilsonInterval(size_t hits, size_t all) {
  if (all == 0) return {};
  const double z = 1.959964;
  const auto n = static_cast<double>(all);
  const double p = static_cast<double>(hits) / n;
  const double middle = p + z * z / (2 * n);
  const double width = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const double whole = 1 + z * z / n;
  return {std::max(0.0, (middle - width) / whole), std::min(1.0, (middle + width) / whole)};
}

}  // namespace lemma::check
