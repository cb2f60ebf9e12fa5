// SPDX-License-Identifier: Apache-2.0
#include "check/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/certificate.h"
#include "check/formalise.h"
#include "check/schema.h"

namespace lemma::check {
namespace {

constexpr Language kLanguages[] = {Language::kChinese, Language::kEnglish};

std::string& Part(LocalText& text, Language language) {
  return language == Language::kChinese ? text.zh : text.en;
}

std::string LocalJson(const LocalText& text) {
  return fmt::format("{{\"zh\":{},\"en\":{}}}", JsonString(text.zh), JsonString(text.en));
}

bool EndsInThinking(std::string_view chain) {
  const size_t open = chain.rfind("<think>");
  const size_t close = chain.rfind("</think>");
  return open != std::string_view::npos && (close == std::string_view::npos || close < open);
}

// The answer of a request: written alone, or found in a text.
std::optional<Extracted> AnswerIn(std::string_view text, bool* is_alone) {
  for (const std::string_view mark : {"\\boxed{", "</think>", "####"}) {
    if (text.find(mark) != std::string_view::npos) return ExtractAnswer(text);
  }
  Extracted alone;
  alone.answer = ParseAnswer(text);
  alone.span = {0, text.size()};
  *is_alone = alone.answer.kind != AnswerKind::kText || text.find('\n') == std::string_view::npos;
  if (*is_alone) return alone;
  return ExtractAnswer(text);
}

void SetAnswer(const CheckRequest& request, CheckReport& report) {
  report.unfinished = EndsInThinking(request.chain);
  auto in_chain =
      request.chain.empty() || report.unfinished ? std::nullopt : ExtractAnswer(request.chain);
  if (request.answer.empty()) {
    report.answer = std::move(in_chain);
    report.from_chain = report.answer.has_value();
    return;
  }
  report.answer = AnswerIn(request.answer, &report.alone);
  if (in_chain && report.answer) {
    report.chain_agrees = SameAnswer(in_chain->answer, report.answer->answer);
  }
}

Finding ProblemFinding(const Problem& problem, const Extracted& answer, CheckReport& report) {
  const Report result = CheckAnswer(problem, answer.answer, answer.rule);
  Finding out;
  out.checker = FamilyName(problem.family);
  out.verdict = result.verdict;
  out.reason = ReasonName(result.reason);
  for (const Language language : kLanguages) {
    Part(out.summary, language) = SummaryLine(problem, result, language);
    Part(out.feedback, language) = Feedback(answer.answer, result, language);
    const auto facts = FactLines(result, language);
    out.facts.resize(facts.size());
    for (size_t i = 0; i < facts.size(); ++i) Part(out.facts[i], language) = facts[i];
  }
  out.json = fmt::format(",\"detail\":{}", JsonString(result.detail));
  report.certificate = CertificateJson(problem, answer.answer, result, answer.rule);
  return out;
}

// Whether a sum of the chain ends in the answer: "= 42".
bool ChainComputes(std::string_view chain, const Answer& answer) {
  if (answer.kind != AnswerKind::kNumber) return false;
  for (size_t at = chain.find('='); at != std::string_view::npos; at = chain.find('=', at + 1)) {
    std::string_view rest = chain.substr(at + 1);
    while (rest.starts_with(' ') || rest.starts_with('$')) rest.remove_prefix(1);
    const auto numeral = ReadNumeral(rest.substr(0, 64));
    if (numeral && Surd(numeral->value) == answer.numbers[0]) return true;
  }
  return false;
}

Finding StepsFinding(std::string_view chain, const CheckReport& report) {
  const StepReport steps = CheckSteps(chain);
  Finding out;
  out.checker = "arithmetic";
  out.weight = Weight::kSoft;
  const bool agrees = report.answer && report.chain_agrees.value_or(true) && !report.unfinished &&
                      ChainComputes(chain, report.answer->answer);
  const bool self_ok = steps.checked > 0 && steps.flags.empty() && agrees;
  out.verdict = self_ok ? Verdict::kSelfOk : Verdict::kUnverified;
  out.reason = self_ok ? "sums_agree" : (steps.flags.empty() ? "nothing_shown" : "doubtful_sums");
  out.summary.zh = fmt::format("{}算式核对 {} 处，存疑 {} 处", self_ok ? "· 自洽：" : "",
                               steps.checked, steps.flags.size());
  out.summary.en =
      fmt::format("{}{} sums checked, {} doubtful", self_ok ? "· consistent with itself: " : "",
                  steps.checked, steps.flags.size());
  std::string flags;
  for (const StepFlag& flag : steps.flags) {
    const std::string left = flag.left_value.ToString();
    const std::string right = flag.right_value.ToString();
    out.facts.push_back({fmt::format("! {}：得 {}，写作 {}", flag.left, left, right),
                         fmt::format("! {}: is {}, written {}", flag.left, left, right)});
    flags += fmt::format("{}{{\"span\":{},\"left\":{},\"left_value\":{},\"right_value\":{}}}",
                         flags.empty() ? "" : ",", SpanJson(flag.span), JsonString(flag.left),
                         JsonString(left), JsonString(right));
  }
  out.json = fmt::format(",\"soft\":true,\"checked\":{},\"flags\":[{}]", steps.checked, flags);
  return out;
}

std::string FaultsJson(const SchemaReport& result) {
  std::string faults;
  for (const SchemaFault& f : result.faults) {
    faults += fmt::format("{}{{\"path\":{},\"keyword\":{},\"expected\":{},\"got\":{}}}",
                          faults.empty() ? "" : ",", JsonString(f.path), JsonString(f.keyword),
                          JsonString(f.expected), JsonString(f.got));
  }
  std::string unknown;
  for (const std::string& name : result.unknown) {
    unknown += (unknown.empty() ? "" : ",") + JsonString(name);
  }
  return fmt::format(",\"checked\":{},\"faults\":[{}],\"undecided\":[{}]", result.checked, faults,
                     unknown);
}

// The JSON of an answer: the last fence, or the text behind the thinking.
std::string_view JsonText(std::string_view text) {
  const size_t think = text.rfind("</think>");
  if (think != std::string_view::npos) text.remove_prefix(think + 8);
  const size_t close = text.rfind("```");
  const size_t open = close == std::string_view::npos || close == 0 ? std::string_view::npos
                                                                    : text.rfind("```", close - 1);
  if (open == std::string_view::npos) return text;
  const size_t line = text.find('\n', open);
  return line < close ? text.substr(line + 1, close - line - 1) : text;
}

Result<Finding> SchemaFinding(const CheckRequest& request) {
  const auto schema = ParseJson(request.schema);
  if (!schema.ok()) return schema.status().WithContext("schema");
  Finding out;
  out.checker = "json_schema";
  const auto value = ParseJson(JsonText(request.answer.empty() ? request.chain : request.answer));
  if (!value.ok()) {
    out.verdict = Verdict::kRefuted;
    out.reason = "no_json";
    out.summary = {"✗ 已反驳：答案不是 JSON（" + value.status().message() + "）",
                   "✗ refuted: the answer is no JSON (" + value.status().message() + ")"};
    out.feedback = {"答案不是有效的 JSON：" + value.status().message() + "。",
                    "The answer is no valid JSON: " + value.status().message() + "."};
    return out;
  }
  const SchemaReport result = CheckSchema(*schema, *value);
  out.json = FaultsJson(result);
  if (result.verdict == SchemaVerdict::kValid) {
    out.verdict = Verdict::kVerified;
    out.reason = "shape_holds";
    out.summary = {fmt::format("✓ 已验证（JSON 结构，{} 项规则）", result.checked),
                   fmt::format("✓ verified (shape of the JSON, {} rules)", result.checked)};
  } else if (result.verdict == SchemaVerdict::kUnknown) {
    const std::string what = result.unknown.empty() ? "" : result.unknown.front();
    out.reason = "cannot_decide";
    out.summary = {"? 未验证（模式中有不支持的规则：" + what + "）",
                   "? not verified (the schema has a rule that is not decided: " + what + ")"};
  } else {
    out.verdict = Verdict::kRefuted;
    out.reason = "shape_fails";
    for (const SchemaFault& f : result.faults) {
      const std::string path = f.path.empty() ? "/" : f.path;
      out.facts.push_back(
          {fmt::format("✗ {}：{}，应为 {}，实为 {}", path, f.keyword, f.expected, f.got),
           fmt::format("✗ {}: {}, expected {}, got {}", path, f.keyword, f.expected, f.got)});
    }
    out.summary = {"✗ 已反驳：不符合 JSON 模式", "✗ refuted: the JSON does not fit the schema"};
    for (const LocalText& fact : out.facts) {
      out.feedback.zh += fact.zh + "\n";
      out.feedback.en += fact.en + "\n";
    }
  }
  return out;
}

Finding CitationsFinding(const CheckRequest& request) {
  const std::string& text = request.answer.empty() ? request.chain : request.answer;
  const std::vector<Quote> quotes = CheckQuotes(text, request.sources);
  Finding out;
  out.checker = "citations";
  size_t found = 0;
  size_t wrong = 0;
  std::string list;
  for (const Quote& q : quotes) {
    const bool here = q.result == QuoteResult::kFound;
    const bool bad = q.result == QuoteResult::kMissing || q.result == QuoteResult::kNoSource;
    found += here;
    wrong += bad;
    std::string place;
    if (here) {
      const std::string& name = request.sources[q.found_in].name;
      place = fmt::format(",\"source\":{},\"found\":{}", JsonString(name), SpanJson(q.found));
      const std::string where = fmt::format("{} {}..{}", name, q.found.begin, q.found.end);
      out.facts.push_back({"✓ “" + q.text + "”：" + where, "✓ “" + q.text + "”: " + where});
    } else if (bad) {
      const bool missing = q.result == QuoteResult::kMissing;
      const LocalText fact = {
          "✗ “" + q.text + (missing ? "”：所引来源中没有这句话" : "”：没有这个编号的来源"),
          "✗ “" + q.text +
              (missing ? "”: not in the source it names" : "”: no source of this number")};
      out.feedback.zh += fact.zh + "\n";
      out.feedback.en += fact.en + "\n";
      out.facts.push_back(fact);
    } else {
      out.facts.push_back({"? “" + q.text + "”：没有注明来源，各来源中也没有",
                           "? “" + q.text + "”: names no source, and no source holds it"});
    }
    list +=
        fmt::format("{}{{\"span\":{},\"text\":{},\"result\":\"{}\"{}}}", list.empty() ? "" : ",",
                    SpanJson(q.span), JsonString(q.text), QuoteResultName(q.result), place);
  }
  out.json = ",\"quotes\":[" + list + "]";
  const bool all = !quotes.empty() && found == quotes.size();
  out.verdict = wrong > 0 ? Verdict::kRefuted : (all ? Verdict::kChecked : Verdict::kUnverified);
  out.reason = wrong > 0 ? "quote_missing" : (all ? "quotes_found" : "nothing_shown");
  const std::string_view mark = wrong > 0 ? "✗" : (all ? "◐" : "?");
  out.summary = {
      fmt::format("{} 引文：{} 条中有 {} 条见于来源", mark, quotes.size(), found),
      fmt::format("{} quotes: {} of {} stand in their sources", mark, found, quotes.size())};
  return out;
}

int Rank(Verdict verdict) {
  switch (verdict) {
    case Verdict::kRefuted:
      return 0;
    case Verdict::kUnverified:
      return 1;
    case Verdict::kSelfOk:
      return 2;
    case Verdict::kChecked:
      return 3;
    case Verdict::kVerified:
      return 4;
  }
  return 1;
}

}  // namespace

void Combine(CheckReport& report) {
  const Finding* decides = nullptr;
  for (const Finding& f : report.findings) {
    if (f.weight == Weight::kSoft) continue;
    if (decides == nullptr || Rank(f.verdict) < Rank(decides->verdict)) decides = &f;
  }
  if (decides == nullptr) {
    for (const Finding& f : report.findings) {
      if (f.verdict == Verdict::kSelfOk) decides = &f;
    }
  }
  report.feedback = {};
  if (decides == nullptr) {
    report.status = Verdict::kUnverified;
    report.summary =
        report.unfinished
            ? LocalText{"? 未验证（思考未完成）", "? not verified (the thinking is unfinished)"}
            : LocalText{"? 未验证（没有可以核对的题目）",
                        "? not verified (no problem that could be read)"};
    return;
  }
  report.status = decides->verdict;
  report.summary = decides->summary;
  if (report.status == Verdict::kRefuted) report.feedback = decides->feedback;
}

Result<CheckReport> CheckText(const CheckRequest& request) {
  size_t total = 0;
  for (const std::string* text :
       {&request.problem, &request.answer, &request.chain, &request.schema}) {
    if (text->size() > kMaxRequestBytes) {
      return InvalidArgument(
          fmt::format("a text of {} bytes, expected at most {}", text->size(), kMaxRequestBytes));
    }
  }
  for (const Source& source : request.sources) total += source.text.size();
  if (total > 16 * kMaxRequestBytes) {
    return InvalidArgument(
        fmt::format("sources of {} bytes, expected at most {}", total, 16 * kMaxRequestBytes));
  }
  CheckReport report;
  SetAnswer(request, report);
  report.problem = Formalise(request.problem);
  if (report.problem) {
    report.ir = ProblemJson(*report.problem);
    if (report.answer) {
      report.findings.push_back(ProblemFinding(*report.problem, *report.answer, report));
    }
  }
  if (!request.schema.empty()) {
    LEMMA_ASSIGN_OR_RETURN(Finding finding, SchemaFinding(request));
    report.findings.push_back(std::move(finding));
  }
  if (!request.sources.empty()) report.findings.push_back(CitationsFinding(request));
  if (!request.chain.empty()) report.findings.push_back(StepsFinding(request.chain, report));
  Combine(report);
  return report;
}

std::string CheckReportJson(const CheckReport& report) {
  std::string checks;
  for (const Finding& f : report.findings) {
    checks += fmt::format("{}{{\"checker\":{},\"status\":{},\"reason\":{},\"summary\":{}{}}}",
                          checks.empty() ? "" : ",", JsonString(f.checker),
                          JsonString(VerdictName(f.verdict)), JsonString(f.reason),
                          LocalJson(f.summary), f.json);
  }
  std::string answer = "null";
  if (report.answer) {
    answer =
        fmt::format("{{\"value\":{},\"rule\":{},\"span\":{},\"from\":\"{}\"}}",
                    AnswerJson(report.answer->answer),
                    JsonString(report.alone ? "given alone" : AnswerRuleName(report.answer->rule)),
                    SpanJson(report.answer->span), report.from_chain ? "chain" : "answer");
  }
  std::string chain;
  if (report.chain_agrees) chain = fmt::format(",\"chain_agrees\":{}", *report.chain_agrees);
  if (report.unfinished) chain += ",\"unfinished\":true";
  return fmt::format(
      "{{\"status\":{},\"summary\":{},\"feedback\":{},\"answer\":{}{},\"checks\":[{}],"
      "\"certificate\":{},\"ir\":{}}}",
      JsonString(VerdictName(report.status)), LocalJson(report.summary),
      report.feedback.en.empty() ? "null" : LocalJson(report.feedback), answer, chain, checks,
      report.certificate.empty() ? "null" : report.certificate,
      report.ir.empty() ? "null" : report.ir);
}

}  // namespace lemma::check
