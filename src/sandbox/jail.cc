// SPDX-License-Identifier: Apache-2.0
#include "sandbox/jail.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <system_error>

#include "base/clock.h"
#include "base/utf8.h"
#include "sandbox/bwrap.h"
#include "sandbox/init/init_protocol.h"
#include "sandbox/launch.h"

// The bytes of process 1 (jail_init_blob.S).
extern "C" const char lemma_jail_init_begin[];
extern "C" const char lemma_jail_init_end[];

namespace lemma::sandbox {
namespace {

constexpr double kGraceSeconds = 2;  // from the order to end until bubblewrap itself is killed
constexpr size_t kMaxReasonBytes = 400;

std::string_view StageText(int32_t stage) {
  switch (static_cast<InitStage>(stage)) {
    case InitStage::kArguments:
      return "bad arguments of process 1";
    case InitStage::kNotFirstProcess:
      return "there is no process namespace";
    case InitStage::kPrivileged:
      return "rights are left";
    case InitStage::kNewPrivileges:
      return "a program could gain rights";
    case InitStage::kNetwork:
      return "the network is reachable";
    case InitStage::kFork:
      return "cannot start a process";
    case InitStage::kDescriptors:
      return "cannot arrange the file descriptors";
    case InitStage::kLimits:
      return "cannot set the limits";
    case InitStage::kFilter:
      return "cannot install the system call filter";
    case InitStage::kExecute:
      return "cannot execute the program";
  }
  return "unknown stage";
}

// One output of the program: what is kept of it, and whether there was more.
struct Stream {
  UniqueFd fd;
  std::string text;
  bool over = false;

  // Still to be read. A stream that is over stays open, and its writer stands still until its end:
  // from a closed one it would learn of the limit, and could act on that.
  [[nodiscard]] int PollFd() const { return over ? -1 : fd.get(); }
  [[nodiscard]] bool AtEnd() const { return over || !fd.valid(); }
  // Reads what is there. Closes at the end.
  void Drain(uint64_t max_bytes) {
    char buffer[16384];
    for (;;) {
      const ssize_t count = read(fd.get(), buffer, sizeof(buffer));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) return fd.Reset();
      const size_t room = static_cast<size_t>(max_bytes) - text.size();
      text.append(buffer, std::min(room, static_cast<size_t>(count)));
      if (static_cast<size_t>(count) > room) {
        over = true;
        return;
      }
    }
  }
};

Status SetNonBlocking(int fd) {
  if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0) return OkStatus();
  return SystemError("cannot prepare a pipe", errno);
}

// How the program ended, from its wait status and the CPU time it used.
void SetEnd(int wait_status, const JailLimits& limits, JailResult& result) {
  if (WIFEXITED(wait_status)) {
    result.end = JailEnd::kExited;
    result.code = WEXITSTATUS(wait_status);
    return;
  }
  result.end = JailEnd::kSignal;
  result.code = WTERMSIG(wait_status);
  // The clock of the limit and that of the report differ a little; half tells a sent SIGXCPU apart.
  const double share = result.cpu_seconds / limits.cpu_seconds;
  if ((result.code == SIGXCPU && share > 0.5) || (result.code == SIGKILL && share > 0.95)) {
    result.end = JailEnd::kCpuLimit;
  }
  if (result.code == SIGXFSZ) result.end = JailEnd::kFileLimit;
}

}  // namespace

struct Jail::State {
  JailLimits limits;
  pid_t pid = -1;  // of bubblewrap; -1 once it is gone
  Stream out;
  Stream error;
  Stream status;     // the records of process 1
  UniqueFd control;  // process 1 ends when this closes
  UniqueFd stop_event;
  Stopwatch since_start;
  std::optional<JailEnd> imposed;  // why we ended it, if we did
  double order_time = 0;           // of `imposed`

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();
  void End(JailEnd why);
  void PollOnce();
  // Waits until bubblewrap, and with it everything in the jail, is gone.
  void Collect();
  bool Reaped();
  [[nodiscard]] Result<JailResult> Outcome();
};

std::string_view JailEndName(JailEnd end) {
  switch (end) {
    case JailEnd::kExited:
      return "exited";
    case JailEnd::kSignal:
      return "signal";
    case JailEnd::kCpuLimit:
      return "cpu limit";
    case JailEnd::kWallLimit:
      return "wall limit";
    case JailEnd::kMemoryLimit:
      return "memory limit";
    case JailEnd::kOutputLimit:
      return "output limit";
    case JailEnd::kFileLimit:
      return "file limit";
    case JailEnd::kStopped:
      return "stopped";
  }
  return "unknown";
}

std::string JailReason(const JailResult& result, const JailLimits& limits) {
  switch (result.end) {
    case JailEnd::kExited:
      return fmt::format("exited {}", result.code);
    case JailEnd::kSignal: {
      const char* name = strsignal(result.code);  // NOLINT(concurrency-mt-unsafe): glibc's is safe
      return fmt::format("signal {} ({})", result.code, name == nullptr ? "unknown" : name);
    }
    case JailEnd::kCpuLimit:
      return fmt::format("cpu limit of {} s", limits.cpu_seconds);
    case JailEnd::kWallLimit:
      return fmt::format("wall limit of {} s", limits.wall_seconds);
    case JailEnd::kMemoryLimit:
      return fmt::format("memory limit of {} MiB", limits.address_space_bytes >> 20);
    case JailEnd::kOutputLimit:
      return fmt::format("output limit: cut after {} bytes", limits.output_bytes);
    case JailEnd::kFileLimit:
      return fmt::format("file limit: one longer than {} bytes, or more than {} of them",
                         limits.file_bytes, limits.scratch_files);
    case JailEnd::kStopped:
      return "stopped";
  }
  return "unknown";
}

Jail::State::~State() {
  if (pid > 0) {
    End(JailEnd::kStopped);
    Collect();
  }
}

void Jail::State::End(JailEnd why) {
  if (imposed) return;
  imposed = why;
  order_time = since_start.Seconds();
  control.Reset();
}

bool Jail::State::Reaped() {
  if (pid <= 0) return true;
  const pid_t got = waitpid(pid, nullptr, WNOHANG);
  if (got == 0 || (got < 0 && errno == EINTR)) return false;
  pid = -1;  // ECHILD: somebody else took it, so it has ended
  return true;
}

void Jail::State::Collect() {
  control.Reset();
  const double begin = since_start.Seconds();
  while (!Reaped()) {
    if (since_start.Seconds() - begin > kGraceSeconds) {
      // Its death kills process 1 of the jail (--die-with-parent), and that everything else.
      kill(pid, SIGKILL);
      while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
      }
      pid = -1;
      return;
    }
    poll(nullptr, 0, 1);
  }
}

void Jail::State::PollOnce() {
  pollfd watched[] = {{out.PollFd(), POLLIN, 0},
                      {error.PollFd(), POLLIN, 0},
                      {status.fd.get(), POLLIN, 0},
                      {imposed ? -1 : stop_event.get(), POLLIN, 0}};
  const double deadline = imposed ? order_time + kGraceSeconds : limits.wall_seconds;
  const double left = deadline - since_start.Seconds();
  const int ready = poll(watched, 4, left <= 0 ? 0 : static_cast<int>(left * 1000) + 1);
  if (ready < 0 && errno != EINTR) return End(JailEnd::kStopped);
  if (ready > 0) {
    if (watched[0].revents != 0) out.Drain(limits.output_bytes);
    if (watched[1].revents != 0) error.Drain(limits.output_bytes);
    if (watched[2].revents != 0) status.Drain(16 * sizeof(InitRecord));
    if (out.over || error.over) End(JailEnd::kOutputLimit);
    if (watched[3].revents != 0) End(JailEnd::kStopped);
  }
  if (since_start.Seconds() >= limits.wall_seconds) End(JailEnd::kWallLimit);
}

Result<JailResult> Jail::State::Outcome() {
  JailResult result;
  result.wall_seconds = since_start.Seconds();
  result.out = std::move(out.text);
  result.error = std::move(error.text);
  InitRecord record = {};
  const bool reported = status.text.size() >= sizeof(record);
  if (reported) std::memcpy(&record, status.text.data(), sizeof(record));
  if (reported && record.kind == InitRecordKind::kRefused) {
    const std::string why =
        record.error == 0 ? std::string() : ": " + std::generic_category().message(record.error);
    return Unsupported(fmt::format("the sandbox refused: {}{}", StageText(record.detail), why));
  }
  // A program that had ended by itself before our order arrived says so.
  const bool ended_itself = reported && record.kind == InitRecordKind::kEnded;
  if (imposed && (!ended_itself || *imposed == JailEnd::kOutputLimit)) {
    result.end = *imposed;
  } else if (!reported) {
    std::string said = SanitizeUtf8(std::string_view(result.error).substr(0, kMaxReasonBytes));
    while (!said.empty() && said.back() == '\n') said.pop_back();
    return Unsupported(fmt::format("no sandbox: bubblewrap could not make the jail: {}",
                                   said.empty() ? "it said nothing" : said));
  } else if (record.kind == InitRecordKind::kFileLimit) {
    result.end = JailEnd::kFileLimit;
  } else {
    result.cpu_seconds = static_cast<double>(record.cpu_microseconds) * 1e-6;
    result.peak_rss_bytes = record.peak_rss_bytes;
    SetEnd(record.detail, limits, result);
  }
  result.reason = JailReason(result, limits);
  return result;
}

Jail::Jail(std::unique_ptr<State> state) : state_(std::move(state)) {}
Jail::Jail(Jail&& other) noexcept = default;
Jail& Jail::operator=(Jail&& other) noexcept = default;
Jail::~Jail() = default;

Result<Jail> Jail::Start(const JailSpec& spec) {
  LEMMA_RETURN_IF_ERROR(ValidateSpec(spec));
  LEMMA_ASSIGN_OR_RETURN(const std::string bwrap, FindBwrap(spec.bwrap));
  auto state = std::make_unique<State>();
  state->limits = spec.limits;
  BwrapFds fds;
  LEMMA_ASSIGN_OR_RETURN(fds.init, MakeSealedMemory({lemma_jail_init_begin, lemma_jail_init_end}));
  for (const JailFile& file : spec.files) {
    LEMMA_ASSIGN_OR_RETURN(UniqueFd fd, MakeSealedMemory(file.bytes));
    fds.files.push_back(std::move(fd));
  }
  LEMMA_ASSIGN_OR_RETURN(const UniqueFd input, MakeSealedMemory(spec.input));
  LEMMA_ASSIGN_OR_RETURN(Pipe out, MakePipe());
  LEMMA_ASSIGN_OR_RETURN(Pipe error, MakePipe());
  LEMMA_ASSIGN_OR_RETURN(Pipe status, MakePipe());
  LEMMA_ASSIGN_OR_RETURN(Pipe control, MakePipe());
  state->stop_event = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!state->stop_event.valid()) return SystemError("cannot make an event", errno);
  for (const Pipe* pipe : {&out, &error, &status}) {
    LEMMA_RETURN_IF_ERROR(SetNonBlocking(pipe->reader.get()));
  }
  fds.status = status.writer.get();
  fds.control = control.reader.get();
  LaunchPlan plan = {BwrapCommand(bwrap, spec, fds),
                     input.get(),
                     out.writer.get(),
                     error.writer.get(),
                     {fds.init.get(), fds.status, fds.control}};
  for (const UniqueFd& fd : fds.files) plan.kept.push_back(fd.get());
  plan.kept.insert(plan.kept.end(), spec.pass_fds.begin(), spec.pass_fds.end());
  state->since_start.Restart();
  LEMMA_ASSIGN_OR_RETURN(state->pid, Launch(plan));
  state->out.fd = std::move(out.reader);
  state->error.fd = std::move(error.reader);
  state->status.fd = std::move(status.reader);
  state->control = std::move(control.writer);
  return Jail(std::move(state));
}

Result<JailResult> Jail::Wait() {
  State& state = *state_;
  if (state.pid <= 0) return FailedPrecondition("a jail is waited for once");
  // The pipes end with the last process that holds them; after an order to end, or when the time
  // for it has passed, they are not waited for.
  while (!state.out.AtEnd() || !state.error.AtEnd() || !state.status.AtEnd()) {
    if (state.imposed && state.since_start.Seconds() > state.order_time + kGraceSeconds) break;
    state.PollOnce();
  }
  state.Collect();
  return state.Outcome();
}

void Jail::Stop() const {
  const uint64_t one = 1;
  (void)!write(state_->stop_event.get(), &one, sizeof(one));
}

Result<JailResult> RunInJail(const JailSpec& spec) {
  LEMMA_ASSIGN_OR_RETURN(Jail jail, Jail::Start(spec));
  return jail.Wait();
}

}  // namespace lemma::sandbox
