// SPDX-License-Identifier: Apache-2.0
#include "sandbox/python_tests.h"

#include <fmt/core.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <future>
#include <system_error>

#include "base/utf8.h"
#include "sandbox/python.h"
#include "sandbox/python_tests_source.h"

namespace lemma::sandbox {
namespace {

namespace json = boost::json;

constexpr int64_t kMaxMessageBytes = 16 << 20;
constexpr size_t kMaxReportBytes = 64 << 10;  // a pipe holds as much without a reader
// How long the code may take to be gone after its end of the pipe has closed.
constexpr auto kFarewell = std::chrono::seconds(1);

bool IsIdentifier(std::string_view name) {
  if (name.empty() || name.size() > 200 || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || static_cast<unsigned char>(c) >= 0x80;
    if (!plain) return false;
  }
  return IsValidUtf8(name);
}

bool IsLimit(JailEnd end) {
  return end == JailEnd::kCpuLimit || end == JailEnd::kWallLimit || end == JailEnd::kMemoryLimit ||
         end == JailEnd::kOutputLimit || end == JailEnd::kFileLimit;
}

std::string ReadReport(int fd) {
  std::string text(kMaxReportBytes, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = read(fd, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    size += static_cast<size_t>(count);
  }
  text.resize(size);
  return text;
}

// The tail of an error output, for a message.
std::string Tail(const std::string& text) {
  constexpr size_t kBytes = 400;
  const std::string tail = text.size() <= kBytes ? text : text.substr(text.size() - kBytes);
  return SanitizeUtf8(tail);
}

std::string TextField(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

int64_t NumberField(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->as_int64() : 0;
}

// The verdict that the tests' side wrote. False if it wrote none, or that the code was gone.
bool ReadVerdict(const std::string& report, PythonTestResult& result, bool& code_gone) {
  json::error_code error;
  const json::value parsed = json::parse(report, error);
  if (error || !parsed.is_object()) return false;
  const json::object& object = parsed.as_object();
  result.message = TextField(object, "message");
  result.line = static_cast<int>(NumberField(object, "line"));
  result.source = TextField(object, "source");
  result.call = TextField(object, "call");
  result.got = TextField(object, "got");
  result.expected = TextField(object, "expected");
  result.num_calls = NumberField(object, "calls");
  result.num_assertions = NumberField(object, "assertions");
  const std::string outcome = TextField(object, "outcome");
  code_gone = outcome == "gone";
  const json::value* by_code = object.if_contains("by_code");
  result.by_code = by_code != nullptr && by_code->is_bool() && by_code->as_bool();
  if (outcome == "passed") result.outcome = TestOutcome::kPassed;
  if (outcome == "failed") result.outcome = TestOutcome::kFailed;
  return outcome == "passed" || outcome == "failed" || outcome == "error";
}

// The pipes between the two sides, and the one for the verdict.
struct Pipes {
  Pipe requests;
  Pipe replies;
  Pipe report;
};

Result<Pipes> MakePipes() {
  Pipes pipes;
  LEMMA_ASSIGN_OR_RETURN(pipes.requests, MakePipe());
  LEMMA_ASSIGN_OR_RETURN(pipes.replies, MakePipe());
  LEMMA_ASSIGN_OR_RETURN(pipes.report, MakePipe());
  return pipes;
}

Result<Jail> StartCode(const PythonTestTask& task, const Pipes& pipes) {
  PythonProgram program;
  program.source = CandidateSource();
  program.files = {{"candidate.py", task.code}};
  program.pass_fds = {pipes.requests.reader.get(), pipes.replies.writer.get()};
  program.limits = task.limits;
  program.bwrap = task.bwrap;
  LEMMA_ASSIGN_OR_RETURN(const JailSpec spec, PythonSpec(program));
  return Jail::Start(spec);
}

Result<Jail> StartTests(const PythonTestTask& task, const Pipes& pipes) {
  PythonProgram program;
  program.source = TesterSource();
  const json::object settings = {{"entry_point", task.entry_point},
                                 {"max_message", kMaxMessageBytes}};
  program.files = {{"tests.py", task.tests},
                   {"support.py", task.support},
                   {"task.json", json::serialize(settings)}};
  program.pass_fds = {pipes.replies.reader.get(), pipes.requests.writer.get(),
                      pipes.report.writer.get()};
  program.limits = task.limits;
  program.bwrap = task.bwrap;
  LEMMA_ASSIGN_OR_RETURN(const JailSpec spec, PythonSpec(program));
  return Jail::Start(spec);
}

// What to say when there is no verdict: which side ended, and how.
void ExplainEnd(const JailResult& code, const JailResult& tests, bool code_gone,
                PythonTestResult& result) {
  if (IsLimit(code.end) || IsLimit(tests.end)) {
    const bool of_code = IsLimit(code.end) || tests.end == JailEnd::kWallLimit;
    result.outcome = TestOutcome::kLimit;
    // A machine that is busy may make anybody late.
    result.by_code = IsLimit(code.end) && code.end != JailEnd::kWallLimit;
    result.message = fmt::format("{}: {}", of_code ? "the code" : "the tests",
                                 IsLimit(code.end) ? code.reason : tests.reason);
  } else if (code_gone) {
    result.outcome = TestOutcome::kError;
    result.by_code = true;
    result.message =
        fmt::format("the code ended before its tests did ({})\n{}", code.reason, Tail(code.error));
  } else {
    result.outcome = TestOutcome::kError;
    result.message =
        fmt::format("the tests gave no verdict ({})\n{}", tests.reason, Tail(tests.error));
  }
}

}  // namespace

std::string_view TestOutcomeName(TestOutcome outcome) {
  switch (outcome) {
    case TestOutcome::kPassed:
      return "passed";
    case TestOutcome::kFailed:
      return "failed";
    case TestOutcome::kError:
      return "error";
    case TestOutcome::kLimit:
      return "limit";
  }
  return "unknown";
}

JailLimits PythonTestTask::DefaultLimits() {
  JailLimits limits;
  limits.scratch_bytes = 0;
  return limits;
}

Result<PythonTestResult> RunPythonTests(const PythonTestTask& task) {
  if (!IsIdentifier(task.entry_point)) {
    return InvalidArgument(fmt::format("entry_point: \"{}\" is no name", task.entry_point));
  }
  LEMMA_ASSIGN_OR_RETURN(Pipes pipes, MakePipes());
  LEMMA_ASSIGN_OR_RETURN(Jail code_jail, StartCode(task, pipes));
  LEMMA_ASSIGN_OR_RETURN(Jail tests_jail, StartTests(task, pipes));
  // Our own ends would keep a side waiting for the other that is gone.
  pipes.requests = Pipe();
  pipes.replies = Pipe();
  pipes.report.writer.Reset();
  std::future<Result<JailResult>> code_end;
  try {
    code_end = std::async(std::launch::async, [&code_jail] { return code_jail.Wait(); });
  } catch (const std::system_error& error) {
    return ResourceExhausted(fmt::format("cannot start a thread: {}", error.what()));
  }
  const Result<JailResult> tests = tests_jail.Wait();
  PythonTestResult result;
  bool code_gone = false;
  const bool decided =
      tests.ok() && ReadVerdict(ReadReport(pipes.report.reader.get()), result, code_gone);
  if (!decided) code_end.wait_for(kFarewell);
  code_jail.Stop();
  const Result<JailResult> code = code_end.get();
  if (!tests.ok()) return tests.status();
  if (!code.ok()) return code.status();
  result.output = code->out;
  result.wall_seconds = tests->wall_seconds;
  if (!decided) ExplainEnd(*code, *tests, code_gone, result);
  return result;
}

}  // namespace lemma::sandbox
