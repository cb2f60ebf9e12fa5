// SPDX-License-Identifier: Apache-2.0
#include "sandbox/jail.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sandbox/python.h"

namespace lemma::sandbox {
namespace {

using ::testing::HasSubstr;

PythonProgram Program(std::string source) {
  PythonProgram program;
  program.source = std::move(source);
  program.limits.wall_seconds = 60;  // the machine may be busy; single tests set less
  return program;
}

JailResult MustRun(const PythonProgram& program) {
  Result<JailResult> result = RunPython(program);
  EXPECT_TRUE(result.ok()) << result.status().ToString();
  return result.ok() ? std::move(*result) : JailResult();
}

TEST(Jail, RunsPythonAndReturnsBothOutputs) {
  PythonProgram program = Program(
      "import sys\nprint(sys.stdin.read().upper())\nprint(open('data/in.txt').read())\n"
      "sys.stderr.write('to error')\nsys.exit(7)\n");
  program.input = "hello";
  program.files = {{"data/in.txt", "from a file"}};
  const JailResult result = MustRun(program);
  EXPECT_EQ(result.end, JailEnd::kExited);
  EXPECT_EQ(result.code, 7);
  EXPECT_EQ(result.out, "HELLO\nfrom a file\n");
  EXPECT_EQ(result.error, "to error");
  EXPECT_EQ(result.reason, "exited 7");
  EXPECT_GT(result.cpu_seconds, 0);
  EXPECT_GT(result.peak_rss_bytes, 1U << 20);
}

TEST(Jail, TellsExitStatusFromSignal) {
  EXPECT_EQ(MustRun(Program("import sys; sys.exit(137)")).reason, "exited 137");
  const JailResult killed = MustRun(Program("import os, signal; os.kill(os.getpid(), 9)"));
  EXPECT_EQ(killed.end, JailEnd::kSignal);
  EXPECT_EQ(killed.code, SIGKILL);
  EXPECT_EQ(MustRun(Program("import os; os.abort()")).code, SIGABRT);
}

TEST(Jail, IsTheSameEveryTime) {
  const std::string source =
      "import os, time\nprint(hash('lemma'), {str(i) for i in range(50)}, time.tzname, "
      "os.getcwd())\n"
      "print(sorted(os.environ.items()))";
  const std::string first = MustRun(Program(source)).out;
  EXPECT_EQ(MustRun(Program(source)).out, first);
  EXPECT_THAT(first, HasSubstr("/box"));
  EXPECT_THAT(first, ::testing::Not(HasSubstr("USER")));
}

TEST(Jail, NamesTheLimitThatWasReached) {
  PythonProgram program = Program("while True: pass");
  program.limits.cpu_seconds = 1;
  JailResult result = MustRun(program);
  EXPECT_EQ(result.end, JailEnd::kCpuLimit) << result.reason;
  EXPECT_EQ(result.reason, "cpu limit of 1 s");

  program = Program("import time\nprint('begun', flush=True)\ntime.sleep(1000)");
  program.limits.wall_seconds = 2;
  EXPECT_EQ(MustRun(program).end, JailEnd::kWallLimit);

  program = Program("x = bytearray(300 << 20)");
  program.limits.address_space_bytes = 200 << 20;
  EXPECT_EQ(MustRun(program).end, JailEnd::kMemoryLimit);

  program = Program("while True: print('x' * 1000)");
  program.limits.output_bytes = 5000;
  result = MustRun(program);
  EXPECT_EQ(result.end, JailEnd::kOutputLimit);
  EXPECT_EQ(result.out.size(), 5000U);
  EXPECT_EQ(result.reason, "output limit: cut after 5000 bytes");

  program = Program("i = 0\nwhile True:\n  open(f'f{i}', 'w').close()\n  i += 1");
  program.limits.scratch_files = 100;
  EXPECT_EQ(MustRun(program).end, JailEnd::kFileLimit);

  program = Program(
      "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
      "open('big', 'wb').write(bytes(2000))");
  program.limits.file_bytes = 1000;
  EXPECT_EQ(MustRun(program).end, JailEnd::kFileLimit);
}

TEST(Jail, ScratchIsBoundedAndCanBeLeftOut) {
  PythonProgram program = Program(
      "n = 0\ntry:\n  for i in range(100):\n    open(f'/tmp/f{i}', 'wb').write(bytes(1 << 20))\n"
      "    n += 1\nexcept OSError as e: print(n, e.errno)");
  program.limits.scratch_bytes = 4 << 20;
  EXPECT_EQ(MustRun(program).out, "4 28\n");
  program.limits.scratch_bytes = 0;
  program.source = "try: open('f', 'w')\nexcept OSError as e: print(e.errno)";
  EXPECT_EQ(MustRun(program).out, "30\n");
}

TEST(Jail, StopEndsItFromAnotherThread) {
  PythonProgram program = Program("import time\ntime.sleep(1000)");
  const Result<JailSpec> spec = PythonSpec(program);
  ASSERT_TRUE(spec.ok());
  Result<Jail> jail = Jail::Start(*spec);
  ASSERT_TRUE(jail.ok()) << jail.status().ToString();
  std::thread stopper([&] { jail->Stop(); });
  const Result<JailResult> result = jail->Wait();
  stopper.join();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->end, JailEnd::kStopped);
  EXPECT_FALSE(jail->Wait().ok());
}

TEST(Jail, ManyRunAtOnce) {
  std::vector<std::thread> threads;
  std::vector<std::string> outputs(6);
  for (size_t i = 0; i < outputs.size(); ++i) {
    threads.emplace_back([i, &outputs] {
      for (int round = 0; round < 3; ++round) {
        outputs[i] += MustRun(Program(fmt::format("import os; print({}, len(os.listdir('/box')))",
                                                  i * 10 + static_cast<size_t>(round))))
                          .out;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_EQ(outputs[i], fmt::format("{} 1\n{} 1\n{} 1\n", i * 10, i * 10 + 1, i * 10 + 2));
  }
}

TEST(Jail, LeavesNothingOpen) {
  const auto count = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  MustRun(Program("pass"));
  const auto before = count();
  for (int i = 0; i < 5; ++i) MustRun(Program("pass"));
  EXPECT_EQ(count(), before);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // no child is left, dead or alive
}

// Processes of this system with `mark` among their arguments.
int MarkedProcesses(const std::string& mark) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream in(entry.path() / "cmdline");
    const std::string line((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (line.find(mark) != line.npos) ++count;
  }
  return count;
}

TEST(Jail, DiesWithTheProcessThatMadeIt) {
  const std::string mark = fmt::format("mark-maker-{}-end", getpid());
  Result<Pipe> begun = MakePipe();
  ASSERT_TRUE(begun.ok());
  const pid_t maker = fork();
  if (maker == 0) {
    PythonProgram program = Program("import os, time\nos.write(3, b'x')\ntime.sleep(1000)");
    program.pass_fds = {begun->writer.get()};
    Result<JailSpec> spec = PythonSpec(program);
    spec->argv.push_back(mark);
    Result<Jail> jail = Jail::Start(*spec);
    if (jail.ok()) (void)jail->Wait();
    _exit(1);
  }
  begun->writer.Reset();
  char byte = 0;
  ASSERT_EQ(read(begun->reader.get(), &byte, 1), 1);  // the program runs
  EXPECT_GT(MarkedProcesses(mark), 0);
  kill(maker, SIGKILL);
  waitpid(maker, nullptr, 0);
  EXPECT_EQ(read(begun->reader.get(), &byte, 1), 0);  // nobody holds the other end
  for (int i = 0; i < 3000 && MarkedProcesses(mark) > 0; ++i) usleep(10000);
  EXPECT_EQ(MarkedProcesses(mark), 0);
}

TEST(Jail, OrdinaryProgramsWork) {
  const JailResult result = MustRun(Program(
      "import asyncio, collections, dataclasses, decimal, functools, hashlib, heapq, itertools\n"
      "import json, math, random, re, sqlite3, statistics, string, tempfile, typing\n"
      "async def f(): await asyncio.sleep(0.01); return 1\n"
      "assert asyncio.run(f()) == 1\n"
      "assert hashlib.md5(b'x').hexdigest() == '9dd4e461268c8034f5c8564e155c67a6'\n"
      "with tempfile.TemporaryDirectory() as d:\n"
      "  open(d + '/x', 'w').write('1')\n"
      "db = sqlite3.connect('/box/db')\n"
      "db.execute('create table t(a)'); db.execute('insert into t values (1)'); db.commit()\n"
      "assert decimal.Decimal('0.1') * 3 == decimal.Decimal('0.3')\n"
      "print(random.Random(1).random(), math.factorial(20))\n"));
  EXPECT_TRUE(result.succeeded()) << result.error;
}

TEST(Jail, PassesDescriptorsAsThreeAndUp) {
  Result<Pipe> pipe = MakePipe();
  ASSERT_TRUE(pipe.ok());
  PythonProgram program = Program("import os\nos.write(3, b'through')");
  program.pass_fds = {pipe->writer.get()};
  EXPECT_TRUE(MustRun(program).succeeded());
  pipe->writer.Reset();
  char buffer[32];
  EXPECT_EQ(read(pipe->reader.get(), buffer, sizeof(buffer)), 7);
  EXPECT_EQ(read(pipe->reader.get(), buffer, sizeof(buffer)), 0);  // nobody else holds it
}

TEST(Jail, RefusesBadRequestsByField) {
  const auto message = [](const PythonProgram& program) {
    const Result<JailResult> result = RunPython(program);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    return result.status().message();
  };
  PythonProgram program = Program("pass");
  program.limits.wall_seconds = 0;
  EXPECT_THAT(message(program), HasSubstr("limits.wall_seconds"));
  program = Program("pass");
  program.limits.tasks = 0;
  EXPECT_THAT(message(program), HasSubstr("limits.tasks"));
  for (const char* name : {"/etc/x", "../x", "a/../../x", "", "a b", "a//b", "./x", "x/"}) {
    program = Program("pass");
    program.files = {{name, ""}};
    EXPECT_THAT(message(program), HasSubstr("files")) << name;
  }
  program = Program("pass");
  program.files = {{"a", ""}, {"a", ""}};
  EXPECT_THAT(message(program), HasSubstr("twice"));
  JailSpec spec;
  spec.argv = {"python3"};
  EXPECT_THAT(RunInJail(spec).status().message(), HasSubstr("argv[0]"));
  spec.argv = {"/bin/true"};
  spec.read_only = {"/"};
  EXPECT_THAT(RunInJail(spec).status().message(), HasSubstr("read_only"));
}

// A stand-in for bubblewrap, in a folder that every user can read.
class FakeBwrap {
 public:
  explicit FakeBwrap(const std::string& body) {
    char name[] = "/tmp/lemma-fake-XXXXXX";
    folder_ = mkdtemp(name);
    chmod(folder_.c_str(), 0755);
    std::ofstream(path()) << "#!/bin/bash\n" << body;
    chmod(path().c_str(), 0755);
  }
  ~FakeBwrap() { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string path() const { return folder_ + "/bwrap"; }
  [[nodiscard]] std::string marker() const { return folder_ + "/ran"; }

 private:
  std::string folder_;
};

TEST(Jail, FailsClosedWithoutBubblewrap) {
  PythonProgram program = Program("print('ran')");
  program.bwrap = "/nonexistent/bwrap";
  const Status status = RunPython(program).status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("/nonexistent/bwrap"));
}

TEST(Jail, FailsClosedWhenNamespacesAreForbidden) {
  const FakeBwrap fake("echo 'bwrap: No permissions to create new namespace' >&2; exit 1");
  PythonProgram program = Program("print('ran')");
  program.bwrap = fake.path();
  const Status status = RunPython(program).status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("No permissions to create new namespace"));
}

TEST(Jail, FailsClosedWhenNothingConfinesIt) {
  // A "bubblewrap" that isolates nothing: process 1 must notice and not run the program.
  const FakeBwrap fake(
      "while [ $# -gt 0 ] && [ \"$1\" != -- ]; do\n"
      "  if [ \"$1\" = --file ] && [ \"$3\" = /.init ]; then init=$2; fi; shift; done\n"
      "shift 2\ncopy=$(mktemp /tmp/lemma-init-XXXXXX)\ncat <&$init >$copy\nchmod 700 $copy\n"
      "$copy \"$@\"\nrm -f $copy\n");
  PythonProgram program = Program("print('ran')");
  program.bwrap = fake.path();
  const Result<JailResult> result = RunPython(program);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(result.status().message(), HasSubstr("no process namespace"));
}

TEST(Jail, FailsClosedInsideAJailWithoutNamespaces) {
  // The real bubblewrap, where the kernel refuses it user namespaces.
  const char* bwrap = "/usr/bin/bwrap";
  const FakeBwrap nested(std::string("exec ") + bwrap +
                         " --unshare-user --disable-userns --dev-bind / / -- " + bwrap +
                         " \"$@\"\n");
  PythonProgram program = Program("print('ran')");
  program.bwrap = nested.path();
  const Result<JailResult> result = RunPython(program);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(result.status().message(), HasSubstr("namespace"));
}

TEST(Jail, WorksForAnOrdinaryUser) {
  if (geteuid() != 0) return;  // every other test is this one then
  const pid_t pid = fork();
  if (pid == 0) {
    if (setresgid(12345, 12345, 12345) != 0 || setresuid(12345, 12345, 12345) != 0) _exit(2);
    const Result<JailResult> result = RunPython(Program("import os; print(os.getuid())"));
    _exit(result.ok() && result->out == "65534\n" ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

TEST(Jail, OtherProgramsRunToo) {
  JailSpec spec;
  spec.argv = {"/usr/bin/sort", "-n"};
  spec.input = "10\n9\n1\n";
  const Result<JailResult> result = RunInJail(spec);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->out, "1\n9\n10\n");
  spec.argv = {"/usr/bin/no-such-program"};
  EXPECT_FALSE(RunInJail(spec).ok());
}

TEST(Jail, ThePythonSandboxIsThere) {
  const Status status = CheckPythonSandbox();
  EXPECT_TRUE(status.ok()) << status.ToString();
}

}  // namespace
}  // namespace lemma::sandbox
