// SPDX-License-Identifier: Apache-2.0
#include "reasoning/verify.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "check/certificate.h"
#include "reasoning/code_examples.h"
#include "sandbox/python_tests.h"

namespace lemma::reasoning {
namespace {

using check::JsonString;
using check::LocalText;
using check::Verdict;

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool Names(std::string_view text, std::string_view name) {
  for (size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    const size_t end = at + name.size();
    if ((at == 0 || !IsNameByte(text[at - 1])) && (end == text.size() || !IsNameByte(text[end]))) {
      return true;
    }
  }
  return false;
}

// At most so many bytes of a text, with whole characters.
std::string Cut(std::string_view text, size_t bytes) {
  const std::string_view head = text.substr(0, bytes);
  return SanitizeUtf8(head.substr(0, CompleteUtf8Prefix(head)));
}

// What failed, for people and for a model: the call, what came, what was expected. All from the
// user's tests and the code; nothing of it is a solution.
LocalText FailureText(const sandbox::PythonTestResult& r) {
  std::string text = Cut(r.message, 400);
  if (!r.source.empty()) text += (text.empty() ? "" : "\n") + Cut(r.source, 200);
  LocalText out = {text, text};
  if (!r.call.empty() && !r.expected.empty()) {
    const std::string call = Cut(r.call, 200);
    const std::string got = Cut(r.got, 200);
    const std::string expected = Cut(r.expected, 200);
    out.zh += fmt::format("\n{}：得到 {}，应为 {}", call, got, expected);
    out.en += fmt::format("\n{}: got {}, expected {}", call, got, expected);
  }
  return out;
}

check::Finding NotRun(const Status& status) {
  check::Finding out;
  out.checker = "python_tests";
  out.reason = "not_run";
  out.summary = {"? 未验证（测试没有运行：" + status.message() + "）",
                 "? not verified (the tests were not run: " + status.message() + ")"};
  return out;
}

// Code that cannot run passes no test.
void RefuteCode(sandbox::TestOutcome outcome, const LocalText& failure, check::Finding& out) {
  out.verdict = Verdict::kRefuted;
  const bool limit = outcome == sandbox::TestOutcome::kLimit;
  out.summary = {limit ? "✗ 已反驳：测试中代码用尽时间或内存" : "✗ 已反驳：代码不能运行",
                 limit ? "✗ refuted: the code runs out of time or memory in the tests"
                       : "✗ refuted: the code does not run"};
  out.feedback = {
      (limit ? "测试没有做完：\n" : "代码不能运行：\n") + failure.zh,
      (limit ? "The tests do not come to an end:\n" : "The code does not run:\n") + failure.en};
}

check::Finding NoFunction(const LocalText& what) {
  check::Finding out;
  out.checker = "python_tests";
  out.reason = "no_function";
  RefuteCode(sandbox::TestOutcome::kError, what, out);
  out.facts.push_back(what);
  return out;
}

// HumanEval's tests call it `candidate`.
bool NamedIn(std::string_view tests, std::string_view function) {
  return Names(tests, function) || Names(tests, "candidate");
}

check::Finding TestsFinding(const sandbox::PythonTestResult& r) {
  check::Finding out;
  out.checker = "python_tests";
  out.reason = std::string(sandbox::TestOutcomeName(r.outcome));
  out.json = fmt::format(
      ",\"calls\":{},\"assertions\":{},\"line\":{},\"message\":{},\"call\":{},\"got\":{},"
      "\"expected\":{},\"wall_seconds\":{:.3f}",
      r.num_calls, r.num_assertions, r.line, JsonString(Cut(r.message, 4096)),
      JsonString(Cut(r.call, 4096)), JsonString(Cut(r.got, 4096)),
      JsonString(Cut(r.expected, 4096)), r.wall_seconds);
  const LocalText failure = FailureText(r);
  switch (r.outcome) {
    case sandbox::TestOutcome::kPassed:
      out.verdict = Verdict::kVerified;
      out.summary = {fmt::format("✓ 已验证（测试通过：断言 {} 条，调用 {} 次）", r.num_assertions,
                                 r.num_calls),
                     fmt::format("✓ verified (tests pass: {} assertions, {} calls)",
                                 r.num_assertions, r.num_calls)};
      return out;
    case sandbox::TestOutcome::kFailed:
      out.verdict = Verdict::kRefuted;
      out.summary = {fmt::format("✗ 已反驳：第 {} 行的测试不通过", r.line),
                     fmt::format("✗ refuted: the test in line {} fails", r.line)};
      out.facts.push_back(failure);
      out.feedback = {"测试不通过：\n" + failure.zh, "A test fails:\n" + failure.en};
      return out;
    case sandbox::TestOutcome::kError:
      out.summary = {"? 未验证（测试没有做完）",
                     "? not verified (the tests could not be carried out)"};
      break;
    case sandbox::TestOutcome::kLimit:
      out.summary = {"? 未验证（时间或内存用尽）", "? not verified (time or memory ran out)"};
      break;
  }
  if (r.by_code) RefuteCode(r.outcome, failure, out);
  out.facts.push_back(failure);
  return out;
}

// Given tests win over the examples of the question.
CodeExamples ExamplesOf(const VerifyRequest& request, std::string_view code) {
  if (!request.tests.empty()) return {};
  if (request.entry_point.empty()) return ExamplesFor(request.check.problem, code);
  return ExamplesIn(request.check.problem, request.entry_point);
}

}  // namespace

std::string CodeOf(std::string_view answer) {
  const size_t think = answer.rfind("</think>");
  if (think != answer.npos) answer.remove_prefix(think + std::string_view("</think>").size());
  const size_t close = answer.rfind("```");
  if (close == answer.npos || close == 0) return std::string(answer);
  const size_t open = answer.rfind("```", close - 1);
  if (open == answer.npos) return std::string(answer);
  const size_t line = answer.find('\n', open);
  return line < close ? std::string(answer.substr(line + 1, close - line - 1)) : "";
}

std::string GuessEntryPoint(std::string_view code, std::string_view tests) {
  std::string last;
  std::string named;
  for (size_t at = 0; at < code.size();) {
    const std::string_view line = code.substr(at, code.find('\n', at) - at);
    at += line.size() + 1;
    if (!line.starts_with("def ")) continue;
    size_t end = 4;
    while (end < line.size() && IsNameByte(line[end])) ++end;
    last = std::string(line.substr(4, end - 4));
    if (!last.empty() && Names(tests, last)) named = last;
  }
  return named.empty() ? last : named;
}

namespace {

// InvalidArgument: the name of the function is none.
Result<check::Finding> RunTests(const sandbox::PythonTestTask& task, TestMemo* memo) {
  const std::string key = task.entry_point + '\0' + task.tests + '\0' + task.code;
  if (memo != nullptr) {
    const auto known = memo->findings.find(key);
    if (known != memo->findings.end()) return known->second;
  }
  const auto result = sandbox::RunPythonTests(task);
  if (!result.ok()) {
    if (result.status().code() == StatusCode::kInvalidArgument) return result.status();
    return NotRun(result.status());
  }
  check::Finding out = TestsFinding(*result);
  if (memo != nullptr && result->outcome != sandbox::TestOutcome::kLimit) {
    memo->findings.emplace(key, out);
  }
  return out;
}

}  // namespace

Result<check::CheckReport> Verify(const VerifyRequest& request) {
  LEMMA_ASSIGN_OR_RETURN(check::CheckReport report, check::CheckText(request.check));
  sandbox::PythonTestTask task;
  task.code = CodeOf(request.check.answer.empty() ? request.check.chain : request.check.answer);
  const CodeExamples examples = ExamplesOf(request, task.code);
  task.tests = request.tests.empty() ? examples.tests : request.tests;
  if (task.tests.empty()) return report;
  task.support = request.support;
  task.entry_point = request.entry_point.empty() ? examples.function : request.entry_point;
  if (task.entry_point.empty()) task.entry_point = GuessEntryPoint(task.code, task.tests);
  if (task.entry_point.empty()) {
    report.findings.push_back(NoFunction({"回答里没有定义函数", "the answer defines no function"}));
  } else if (request.entry_point.empty() && !NamedIn(task.tests, task.entry_point)) {
    report.findings.push_back(
        NoFunction({"测试没有用到回答里的函数：" + task.entry_point,
                    "the tests name no function of the answer: " + task.entry_point}));
  } else {
    LEMMA_ASSIGN_OR_RETURN(check::Finding found, RunTests(task, request.memo));
    report.findings.push_back(std::move(found));
  }
  if (examples.count > 0) TellOfExamples(examples, report.findings.back());
  check::Combine(report);
  return report;
}

}  // namespace lemma::reasoning
