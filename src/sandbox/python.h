// SPDX-License-Identifier: Apache-2.0
// Python 3 programs in a jail: the interpreter and its standard library, nothing else installed on
// the system. Deterministic as far as the interpreter goes: no hash randomisation, UTF-8, UTC.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "sandbox/jail.h"

namespace lemma::sandbox {

// An interpreter of this system that a jail can hold.
struct PythonInstall {
  std::string program;               // "/usr/bin/python3.11", no symbolic link
  std::vector<std::string> library;  // folders of its standard library
};

// Looks for python3 in the system's folders (never in a search path). kUnsupported if there is
// none.
Result<PythonInstall> FindPython();

struct PythonProgram {
  std::string source;           // runs as __main__, from /box/main.py
  std::vector<JailFile> files;  // beside it in /box, where it may also write
  std::string input;
  std::vector<int> pass_fds;  // as in JailSpec
  JailLimits limits;
  std::string bwrap;
};

// The jail for the program. Not with Python's -I: that would ignore PYTHONHASHSEED, and nothing of
// what -I guards against (environment, user folder, current folder) can exist in the jail.
Result<JailSpec> PythonSpec(const PythonProgram& program);

// Runs it. A program that ends with an uncaught MemoryError has the end kMemoryLimit.
Result<JailResult> RunPython(const PythonProgram& program);

// Ok if Python can be run in a jail here; otherwise the reason, for people. Runs a small program.
Status CheckPythonSandbox();

}  // namespace lemma::sandbox
