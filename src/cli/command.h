// SPDX-License-Identifier: Apache-2.0
// What every command of `lemma` is made of: a function that adds itself to the parser and leaves
// its exit code in the Context. Exit codes are documented in docs/cli.md.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "kernels/kv_type.h"
#include "kernels/matmul_type.h"

namespace lemma::cli {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,      // the work failed
  kExitUsage = 2,        // the command line is wrong
  kExitBadInput = 3,     // a file is damaged or not supported
  kExitNotFound = 4,     // a file, model or name does not exist
  kExitNoResources = 5,  // memory, disk, a limit
  kExitInterrupted = 130,
};

ExitCode ExitCodeFor(const Status& status);

// Filled by the command that ran.
struct Context {
  int exit_code = kExitOk;
};

// Prints "lemma: error: ..." on stderr and gives the exit code.
int ReportError(const Status& status);

// Options that every command with a model shares.
struct ModelOptions {
  std::string model;  // empty: the bundled one
  int threads = 0;    // 0: one a usable processor
  std::string isa;    // empty: LEMMA_ISA, or the best
  std::optional<size_t> context;
  std::string kv_type;  // of K and V; empty: what suits the kernels
  std::string k_type;   // empty: kv_type
  std::string v_type;
  std::string prefill_type;  // empty: what is fastest for the kernels
  std::string speculation = "auto";
};

// For a number of things: decimal digits, nothing else, `least` to 2^31 - 1.
CLI::Validator CountCheck(uint64_t least = 0);
// A finite number from `low` to `high`.
CLI::Validator NumberCheck(double low, double high);

// --kv-type, --k-type and --v-type.
void AddKvOptions(CLI::App& app, ModelOptions& options);
// The types that these options mean on this machine.
kernels::KvTypes ChosenKvTypes(const ModelOptions& options);

// --prefill-type, and what it means on this machine.
void AddPrefillOption(CLI::App& app, ModelOptions& options);
kernels::MatmulType ChosenPrefillType(const ModelOptions& options);

// What a person typed in place of a command, and what there is.
std::string UnknownCommand(const CLI::App& app, const std::string& name);

enum class WithEngine { kNo, kYes };
// All of the above; -m apart.
void AddRuntimeOptions(CLI::App& app, ModelOptions& options, WithEngine with_engine);
void AddModelOptions(CLI::App& app, ModelOptions& options, WithEngine with_engine);

// The file a model option means: a path as given, a name in the models folder, or the bundled one.
Result<std::string> ResolveModelPath(const std::string& model);

void AddRun(CLI::App& app, Context& context);
void AddGenerate(CLI::App& app, Context& context);
void AddTokenize(CLI::App& app, Context& context);
void AddDetokenize(CLI::App& app, Context& context);
void AddInspect(CLI::App& app, Context& context);
void AddQuantize(CLI::App& app, Context& context);
void AddPerplexity(CLI::App& app, Context& context);
void AddSynth(CLI::App& app, Context& context);
void AddBench(CLI::App& app, Context& context);
void AddCheck(CLI::App& app, Context& context);
void AddExtract(CLI::App& app, Context& context);
void AddEval(CLI::App& app, Context& context);
void AddNotebook(CLI::App& app, Context& context);
void AddSolve(CLI::App& app, Context& context);
void AddServe(CLI::App& app, Context& context);
void AddVersion(CLI::App& app, Context& context);

}  // namespace lemma::cli
