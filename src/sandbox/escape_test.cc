// SPDX-License-Identifier: Apache-2.0
// The attempts of tests/sandbox/escapes_*.txt, each in a jail, with things outside that they may
// not reach: a secret in a file, in the environment and in inherited descriptors, sockets, shared
// memory, a process to be signalled. Twenty times each: --gtest_repeat=20. Head of an attempt: `===
// name | end=a,b tasks=N wall=S cpu=S scratch=MiB`; default end: exited.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/file.h"
#include "sandbox/python.h"

namespace lemma::sandbox {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kSecretName[] = "LEMMA_ESCAPE_SECRET";

struct Attempt {
  std::string name;
  std::map<std::string, std::string> options;
  std::string source;
};

void ParseHead(std::string_view head, Attempt& attempt) {
  const size_t bar = head.find(" | ");
  attempt.name = head.substr(0, bar);
  if (bar == head.npos) return;
  std::istringstream words{std::string(head.substr(bar + 3))};
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    attempt.options[word.substr(0, equals)] = word.substr(equals + 1);
  }
}

std::vector<Attempt> ReadAttempts() {
  std::vector<Attempt> attempts;
  for (const char* file : {"escapes_files.txt", "escapes_network.txt", "escapes_processes.txt"}) {
    std::ifstream in(std::string(LEMMA_SOURCE_DIR "/tests/sandbox/") + file);
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("=== ")) {
        ParseHead(std::string_view(line).substr(4), attempts.emplace_back());
      } else if (!attempts.empty()) {
        attempts.back().source += line + "\n";
      }
    }
  }
  return attempts;
}

uint32_t Number(const Attempt& attempt, const std::string& name, uint32_t otherwise) {
  const auto found = attempt.options.find(name);
  if (found == attempt.options.end()) return otherwise;
  uint32_t value = 0;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

// What lies outside of the jail, for the whole run of the tests.
class Outside {
 public:
  Outside();
  ~Outside();
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

  [[nodiscard]] std::string Fill(std::string text) const;
  // Everything is as it was, and no process of the jail with this mark is left.
  void ExpectUntouched(const std::string& mark);
  [[nodiscard]] const std::string& secret() const { return secret_; }

 private:
  void OpenSockets();
  [[nodiscard]] std::string Listing() const;

  std::string secret_;
  std::string folder_;
  std::string abstract_;
  std::string shm_;
  int tcp_ = -1;
  int udp_ = -1;
  int unix_ = -1;
  int abstract_socket_ = -1;
  int secret_fd_ = -1;
  int root_fd_ = -1;
  int tcp_port_ = 0;
  int udp_port_ = 0;
  int shm_id_ = -1;
  key_t shm_key_ = 0;
  pid_t victim_ = -1;
  std::string listing_;
};

int Bind(int type, const sockaddr* address, socklen_t size) {
  const int fd = socket(address->sa_family, type | SOCK_NONBLOCK, 0);
  EXPECT_EQ(bind(fd, address, size), 0);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(listen(fd, 8), 0);
  }
  return fd;
}

int BindLoopback(int type, int& port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = Bind(type, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  socklen_t size = sizeof(address);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port = ntohs(address.sin_port);
  return fd;
}

int BindUnix(const std::string& name, bool abstract) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path + (abstract ? 1 : 0), sizeof(address.sun_path) - 2);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1);
  return Bind(SOCK_STREAM, reinterpret_cast<sockaddr*>(&address), size);
}

void Outside::OpenSockets() {
  tcp_ = BindLoopback(SOCK_STREAM, tcp_port_);
  udp_ = BindLoopback(SOCK_DGRAM, udp_port_);
  unix_ = BindUnix(folder_ + "/socket", false);
  chmod((folder_ + "/socket").c_str(), 0777);
  abstract_ = fmt::format("lemma-escape-{}", getpid());
  abstract_socket_ = BindUnix(abstract_, true);
}

Outside::Outside() {
  secret_ = fmt::format("hush{}x{}", getpid(), time(nullptr));
  setenv(kSecretName, secret_.c_str(), 1);
  char name[] = "/tmp/lemma-escape-XXXXXX";
  folder_ = mkdtemp(name);
  chmod(folder_.c_str(), 0777);
  std::ofstream(folder_ + "/secret") << secret_;
  OpenSockets();
  // Without close-on-exec.
  secret_fd_ = open((folder_ + "/secret").c_str(), O_RDWR);
  root_fd_ = open("/", O_RDONLY | O_DIRECTORY);
  EXPECT_GE(secret_fd_, 0);
  EXPECT_GE(root_fd_, 0);
  shm_ = fmt::format("lemma-escape-{}", getpid());
  const int shm = shm_open(("/" + shm_).c_str(), O_CREAT | O_RDWR, 0666);
  EXPECT_EQ(write(shm, secret_.data(), secret_.size()), static_cast<ssize_t>(secret_.size()));
  close(shm);
  shm_key_ = 0x1e000000 + getpid();
  shm_id_ = shmget(shm_key_, 4096, IPC_CREAT | 0666);
  victim_ = fork();
  if (victim_ == 0) {
    while (true) pause();
  }
  listing_ = Listing();
}

Outside::~Outside() {
  for (const int fd : {tcp_, udp_, unix_, abstract_socket_, secret_fd_, root_fd_}) close(fd);
  kill(victim_, SIGKILL);
  waitpid(victim_, nullptr, 0);
  shmctl(shm_id_, IPC_RMID, nullptr);
  shm_unlink(("/" + shm_).c_str());
  shm_unlink(("/" + shm_ + "-escaped").c_str());  // of the control without a jail
  fs::remove_all(folder_);
}

// Names, sizes and rights of the folder and its files, and what is in the secret.
std::string Outside::Listing() const {
  std::map<std::string, std::string> lines;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    struct stat info = {};
    stat(entry.path().c_str(), &info);
    lines[entry.path().string()] = fmt::format("{} {:o} {}", static_cast<long>(info.st_size),
                                               info.st_mode, static_cast<long>(info.st_nlink));
  }
  std::string all;
  for (const auto& [path, line] : lines) all += path + " " + line + "\n";
  const Result<std::string> text = ReadFile(folder_ + "/secret");
  all += text.ok() ? *text : text.status().message();
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  return all + host;
}

std::string Outside::Fill(std::string text) const {
  const std::pair<std::string, std::string> values[] = {
      {"{DIR}", folder_},
      {"{SECRET}", folder_ + "/secret"},
      {"{SOCKET}", folder_ + "/socket"},
      {"{ABSTRACT}", abstract_},
      {"{TCP}", std::to_string(tcp_port_)},
      {"{UDP}", std::to_string(udp_port_)},
      {"{SHM}", shm_},
      {"{SHMKEY}", std::to_string(shm_key_)},
      {"{VICTIM}", std::to_string(victim_)},
      {"{PID}", std::to_string(getpid())},
  };
  for (const auto& [from, to] : values) {
    for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

// Processes of this system with `mark` among their arguments.
int CountMarked(const std::string& mark) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    std::ifstream in(entry.path() / "cmdline");
    std::string line(size_t{1} << 16, '\0');  // not by iterators, which throw when a process ends
    in.read(line.data(), static_cast<std::streamsize>(line.size()));
    line.resize(static_cast<size_t>(in.gcount()));
    if (line.find(mark) != line.npos) ++count;
  }
  return count;
}

void Outside::ExpectUntouched(const std::string& mark) {
  EXPECT_EQ(Listing(), listing_);
  EXPECT_LT(accept(tcp_, nullptr, nullptr), 0) << "a TCP connection arrived";
  EXPECT_LT(accept(unix_, nullptr, nullptr), 0) << "a connection arrived";
  EXPECT_LT(accept(abstract_socket_, nullptr, nullptr), 0) << "an abstract connection arrived";
  char packet[16];
  EXPECT_LT(recv(udp_, packet, sizeof(packet), 0), 0) << "a packet arrived";
  int status = 0;
  EXPECT_EQ(waitpid(victim_, &status, WNOHANG | WUNTRACED | WCONTINUED), 0) << "a signal arrived";
  EXPECT_EQ(CountMarked(mark), 0) << "processes are left";
  EXPECT_FALSE(fs::exists("/dev/shm/" + shm_ + "-escaped"));
}

class Escape : public ::testing::TestWithParam<Attempt> {
 protected:
  static void SetUpTestSuite() { outside_ = std::make_unique<Outside>(); }
  static void TearDownTestSuite() { outside_.reset(); }
  static std::unique_ptr<Outside> outside_;
};
std::unique_ptr<Outside> Escape::outside_;

TEST_P(Escape, IsBlocked) {
  const Attempt& attempt = GetParam();
  const Result<std::string> prelude = ReadFile(LEMMA_SOURCE_DIR "/tests/sandbox/prelude.py");
  ASSERT_TRUE(prelude.ok());
  PythonProgram program;
  program.source = *prelude + outside_->Fill(attempt.source);
  // A busy machine slows everything down; only the attempts that wait for a limit set it low.
  program.limits.wall_seconds = Number(attempt, "wall", 60);
  program.limits.cpu_seconds = Number(attempt, "cpu", 20);
  program.limits.tasks = Number(attempt, "tasks", 1);
  program.limits.scratch_bytes = static_cast<uint64_t>(Number(attempt, "scratch", 64)) << 20;
  Result<JailSpec> spec = PythonSpec(program);
  ASSERT_TRUE(spec.ok()) << spec.status().ToString();
  static int run = 0;
  const std::string mark = fmt::format("mark-{}-{}-end", getpid(), run++);
  spec->argv.push_back(mark);
  const Result<JailResult> result = RunInJail(*spec);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  const std::string all = result->out + result->error;
  const auto wanted = attempt.options.find("end");
  std::string end(JailEndName(result->end));
  if (result->code == 1 && all.find("MemoryError") != all.npos) end = "memory limit";
  for (char& c : end) c = c == ' ' ? '_' : c;
  EXPECT_THAT("," + (wanted == attempt.options.end() ? "exited" : wanted->second) + ",",
              HasSubstr("," + end + ","))
      << result->reason << "\n"
      << all.substr(0, 2000);
  if (end == "exited") {
    EXPECT_EQ(result->code, 0) << all.substr(0, 3000);
    EXPECT_THAT(result->out, HasSubstr("blocked"));
  }
  EXPECT_EQ(all.find("ESCAPED"), all.npos) << all.substr(0, 3000);
  EXPECT_EQ(all.find(outside_->secret()), all.npos) << "the secret came out";
  outside_->ExpectUntouched(mark);
}

INSTANTIATE_TEST_SUITE_P(All, Escape, ::testing::ValuesIn(ReadAttempts()),
                         [](const auto& attempt) { return attempt.param.name; });

// The same attempts where nothing confines them: an attempt that cannot succeed proves nothing.
TEST(Escapes, SucceedWithoutAJail) {
  const Outside outside;
  const Result<PythonInstall> python = FindPython();
  const Result<std::string> prelude = ReadFile(LEMMA_SOURCE_DIR "/tests/sandbox/prelude.py");
  ASSERT_TRUE(python.ok() && prelude.ok());
  const std::set<std::string> harmless = {"read_host_folder",
                                          "root_holds_only_the_jail",
                                          "proc_is_absent",
                                          "sys_is_absent",
                                          "dotdot",
                                          "dirfd_walk",
                                          "tcp_to_host",
                                          "udp_to_host",
                                          "unix_socket_of_host",
                                          "abstract_socket",
                                          "other_families",
                                          "netlink",
                                          "listen",
                                          "fork_alone",
                                          "thread_alone",
                                          "shared_memory_posix",
                                          "inherited_descriptors",
                                          "environment",
                                          "environment_block_in_memory",
                                          "other_memory",
                                          "user_is_nobody",
                                          "openat2_outside"};
  size_t tried = 0;
  for (const Attempt& attempt : ReadAttempts()) {
    if (!harmless.contains(attempt.name)) continue;
    ++tried;
    const std::string path = outside.Fill("{DIR}/") + attempt.name + ".py";
    std::ofstream(path) << *prelude << outside.Fill(attempt.source);
    FILE* pipe = popen(fmt::format("cd /tmp && {} -S {} 2>&1", python->program, path).c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string all;
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) all.append(buffer, n);
    pclose(pipe);
    EXPECT_THAT(all, HasSubstr("ESCAPED")) << attempt.name;
  }
  EXPECT_EQ(tried, harmless.size());
}

TEST(Escapes, AreManyAndOfEveryKind) { EXPECT_GE(ReadAttempts().size(), 100U); }

}  // namespace
}  // namespace lemma::sandbox
