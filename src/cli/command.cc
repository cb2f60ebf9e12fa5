// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "cli/output.h"
#include "kernels/ops.h"

namespace lemma::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBundledModel = "lemma-bundled-v2-q8_0.gguf";

std::optional<std::string> Environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

// Digits that are too many count as too large, not as wrong.
template <typename T>
std::optional<T> Parsed(std::string_view text) {
  T value{};
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || rest != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::numeric_limits<T>::max();
  return error == std::errc() ? std::optional<T>(value) : std::nullopt;
}

// Where models may lie: LEMMA_MODELS, the data folder of the user, and folders named "models" or
// "share/lemma/models" beside or above the program.
std::vector<fs::path> ModelFolders() {
  std::vector<fs::path> out;
  if (const auto folder = Environment("LEMMA_MODELS")) out.emplace_back(*folder);
  if (const auto data = Environment("XDG_DATA_HOME")) {
    out.push_back(fs::path(*data) / "lemma" / "models");
  } else if (const auto home = Environment("HOME")) {
    out.push_back(fs::path(*home) / ".local" / "share" / "lemma" / "models");
  }
  std::error_code error;
  fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (int level = 0; level < 5 && !folder.empty(); ++level) {
    out.push_back(folder / "models");
    out.push_back(folder / "share" / "lemma" / "models");
    if (folder == folder.root_path()) break;
    folder = folder.parent_path();
  }
  return out;
}

std::optional<std::string> FindInFolders(const std::string& name) {
  std::error_code error;
  for (const fs::path& folder : ModelFolders()) {
    for (const fs::path& candidate : {folder / name, folder / (name + ".gguf")}) {
      if (fs::is_regular_file(candidate, error)) return candidate.string();
    }
  }
  return std::nullopt;
}

}  // namespace

ExitCode ExitCodeFor(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return kExitOk;
    case StatusCode::kInvalidArgument:
      return kExitUsage;
    case StatusCode::kDataLoss:
    case StatusCode::kUnsupported:
      return kExitBadInput;
    case StatusCode::kNotFound:
      return kExitNotFound;
    case StatusCode::kResourceExhausted:
      return kExitNoResources;
    case StatusCode::kCancelled:
      return kExitInterrupted;
    default:
      return kExitFailure;
  }
}

int ReportError(const Status& status) {
  PrintErr(fmt::format("lemma: error: {}\n", status.message()));
  return ExitCodeFor(status);
}

CLI::Validator CountCheck(uint64_t least) {
  static constexpr uint64_t kMost = (1ULL << 31) - 1;
  return {[least](const std::string& value) {
            const auto number = Parsed<uint64_t>(value);
            if (number && *number > kMost) {
              return fmt::format("'{}': expected at most {}", value, kMost);
            }
            return number && *number >= least
                       ? std::string()
                       : fmt::format("'{}': expected a whole number, {} or more", value, least);
          },
          "COUNT"};
}

CLI::Validator NumberCheck(double low, double high) {
  return {[low, high](const std::string& value) {
            const auto number = Parsed<double>(value);
            return number && *number >= low && *number <= high
                       ? std::string()
                       : fmt::format("'{}': expected a number from {} to {}", value, low, high);
          },
          "NUMBER"};
}

std::string UnknownCommand(const CLI::App& app, const std::string& name) {
  std::string known;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    known += (known.empty() ? "" : ", ") + command->get_name();
  }
  return fmt::format("there is no command '{}'; the commands are: {}", name, known);
}

void AddKvOptions(CLI::App& app, ModelOptions& options) {
  const CLI::IsMember types({"f32", "f16", "bf16", "q8_0"});
  app.add_option("--kv-type", options.kv_type,
                 "type of the KV cache: f32, f16, bf16, q8_0; default: bf16 with AMX, else f16")
      ->check(types);
  app.add_option("--k-type", options.k_type, "type of the keys alone")->check(types);
  app.add_option("--v-type", options.v_type, "type of the values alone")->check(types);
}

void AddPrefillOption(CLI::App& app, ModelOptions& options) {
  app.add_option("--prefill-type", options.prefill_type,
                 "arithmetic of prompts: int8 (as for generated tokens), bf16; default: bf16 with "
                 "AMX, else int8")
      ->check(CLI::IsMember({"int8", "bf16"}));
}

kernels::MatmulType ChosenPrefillType(const ModelOptions& options) {
  const auto isa = options.isa.empty() ? std::nullopt : std::optional(options.isa);
  return kernels::FindMatmulType(options.prefill_type).value_or(kernels::UsualPrefillType(isa));
}

kernels::KvTypes ChosenKvTypes(const ModelOptions& options) {
  const auto isa = options.isa.empty() ? std::nullopt : std::optional(options.isa);
  kernels::KvTypes types = kernels::UsualKvTypes(isa);
  types.k = kernels::FindKvType(options.kv_type).value_or(types.k);
  types.v = kernels::FindKvType(options.kv_type).value_or(types.v);
  types.k = kernels::FindKvType(options.k_type).value_or(types.k);
  types.v = kernels::FindKvType(options.v_type).value_or(types.v);
  return types;
}

void AddModelOptions(CLI::App& app, ModelOptions& options, WithEngine with_engine) {
  app.add_option("-m,--model", options.model, "GGUF file, or the name of one in the models folder")
      ->envname("LEMMA_MODEL")
      ->check(CLI::Validator(
          [](const std::string& value) {
            return value.empty() ? "a file or a name is expected, not an empty text"
                                 : std::string();
          },
          ""));
  AddRuntimeOptions(app, options, with_engine);
}

void AddRuntimeOptions(CLI::App& app, ModelOptions& options, WithEngine with_engine) {
  app.add_option("-t,--threads", options.threads, "threads; 0 = one for each usable processor")
      ->envname("LEMMA_THREADS")
      ->check(CLI::Range(0, 1024));
  app.add_option("--isa", options.isa,
                 "kernels: scalar, avx2, avxvnni, avx512, amx, neon; default: the best");
  if (with_engine == WithEngine::kNo) return;
  app.add_option("-c,--ctx", options.context, "context length in tokens; default: the model's")
      ->envname("LEMMA_CTX")
      ->check(CLI::Range(8, 1 << 24));
  AddKvOptions(app, options);
  AddPrefillOption(app, options);
  app.add_option("--speculation", options.speculation,
                 "compute tokens ahead where the text repeats itself (same output): auto or off")
      ->envname("LEMMA_SPECULATION")
      ->check(CLI::IsMember({"auto", "off"}));
}

Result<std::string> ResolveModelPath(const std::string& model) {
  std::error_code error;
  if (model.empty()) {
    if (auto found = FindInFolders(kBundledModel)) return *found;
    return NotFound(fmt::format(
        "no model given, and the bundled one ({}) was not found; use -m FILE", kBundledModel));
  }
  if (fs::is_directory(model, error)) {
    return Unsupported(fmt::format("model '{}' is a folder, expected a GGUF file", model));
  }
  if (fs::exists(model, error)) return model;
  if (model.find('/') == std::string::npos) {
    if (auto found = FindInFolders(model)) return *found;
  }
  return NotFound(
      fmt::format("model '{}': no such file, and no such name in a models folder", model));
}

}  // namespace lemma::cli
