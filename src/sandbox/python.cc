// SPDX-License-Identifier: Apache-2.0
#include "sandbox/python.h"

#include <unistd.h>

#include <filesystem>

namespace lemma::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr char kSourceName[] = "main.py";

// "/usr/lib/python3.11" for "/usr/bin/python3.11", and its twins in lib64 and /usr/local.
std::vector<std::string> LibraryFolders(const fs::path& program) {
  std::vector<std::string> folders;
  const fs::path prefix = program.parent_path().parent_path();
  for (const char* lib : {"lib", "lib64"}) {
    const fs::path folder = prefix / lib / program.filename();
    std::error_code error;
    if (fs::is_directory(folder, error)) folders.push_back(folder.string());
  }
  return folders;
}

bool EndsWithMemoryError(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const size_t line = text.rfind('\n');
  if (line != text.npos) text.remove_prefix(line + 1);
  return text == "MemoryError" || text.substr(0, 12) == "MemoryError:";
}

}  // namespace

Result<PythonInstall> FindPython() {
  for (const char* path : {"/usr/bin/python3", "/usr/local/bin/python3"}) {
    std::error_code error;
    const fs::path program = fs::canonical(path, error);
    if (error || access(program.c_str(), X_OK) != 0) continue;
    PythonInstall install = {program.string(), LibraryFolders(program)};
    if (!install.library.empty()) return install;
  }
  return Unsupported(
      "no Python: expected /usr/bin/python3 or /usr/local/bin/python3 with its library beside it");
}

Result<JailSpec> PythonSpec(const PythonProgram& program) {
  LEMMA_ASSIGN_OR_RETURN(PythonInstall install, FindPython());
  JailSpec spec;
  spec.argv = {install.program, "-s", "-S", "-B", std::string("/box/") + kSourceName};
  spec.environment = {{"PYTHONHASHSEED", "0"}, {"PYTHONUTF8", "1"}, {"PYTHONSAFEPATH", "1"}};
  spec.read_only = std::move(install.library);
  spec.files = program.files;
  spec.files.push_back({kSourceName, program.source});
  spec.input = program.input;
  spec.pass_fds = program.pass_fds;
  spec.limits = program.limits;
  spec.bwrap = program.bwrap;
  return spec;
}

Result<JailResult> RunPython(const PythonProgram& program) {
  LEMMA_ASSIGN_OR_RETURN(const JailSpec spec, PythonSpec(program));
  LEMMA_ASSIGN_OR_RETURN(JailResult result, RunInJail(spec));
  if (result.end == JailEnd::kExited && result.code == 1 && EndsWithMemoryError(result.error)) {
    result.end = JailEnd::kMemoryLimit;
    result.reason = JailReason(result, spec.limits);
  }
  return result;
}

Status CheckPythonSandbox() {
  PythonProgram program;
  program.source = "print(6 * 7)\n";
  program.limits.scratch_bytes = 0;
  const Result<JailResult> result = RunPython(program);
  if (!result.ok()) return result.status();
  if (result->succeeded() && result->out == "42\n") return OkStatus();
  return Unsupported("no sandbox: Python did not run in it: " + result->reason + ": " +
                     result->error.substr(0, 300));
}

}  // namespace lemma::sandbox
