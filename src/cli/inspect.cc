// SPDX-License-Identifier: Apache-2.0
// lemma inspect: what is in a GGUF file, and what is odd about it.
#include "service/inspect.h"

#include "base/memory_info.h"
#include "cli/command.h"
#include "cli/output.h"
#include "gguf/reader.h"

namespace lemma::cli {
namespace {

struct InspectCommand {
  std::string file;
  std::optional<size_t> context;
  ModelOptions kv;  // only the types of its cache
  bool summary = false;
  bool scan = false;
  bool json = false;
};

Result<ExitCode> RunInspect(const InspectCommand& command) {
  LEMMA_ASSIGN_OR_RETURN(const std::string path, ResolveModelPath(command.file));
  LEMMA_ASSIGN_OR_RETURN(const auto file, gguf::File::Open(path));
  service::InspectOptions options;
  options.context = command.context;
  options.kv_type = ChosenKvTypes(command.kv);
  if (const uint64_t available = AvailableMemoryBytes(); available > 0) {
    options.available_bytes = available;
  }
  options.scan = command.scan ? service::Scan::kTensors : service::Scan::kMetadata;
  const service::InspectReport report = service::Inspect(*file, options);
  const auto detail = command.summary ? service::Detail::kSummary : service::Detail::kAll;
  PrintOut(command.json ? service::InspectToJson(report, detail) + "\n"
                        : service::InspectToText(report, detail));
  return service::HasErrors(report.findings) ? kExitBadInput : kExitOk;
}

}  // namespace

void AddInspect(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("inspect", "what is in a GGUF file, and what is odd about it");
  auto options = std::make_shared<InspectCommand>();
  command->add_option("file", options->file, "GGUF file; default: the bundled model");
  command->add_option("-c,--ctx", options->context, "context length of the memory estimate");
  AddKvOptions(*command, options->kv);
  command->add_flag("-s,--summary", options->summary, "without the metadata and the tensors");
  command->add_flag("--scan", options->scan, "read every tensor and look for NaN and infinity");
  command->add_flag("--json", options->json, "print JSON");
  command->footer(
      "Examples:\n  lemma inspect model.gguf\n  lemma inspect -s --ctx 8192 model.gguf");
  command->callback([options, &context] {
    const Result<ExitCode> code = RunInspect(*options);
    context.exit_code = code.ok() ? *code : ReportError(code.status());
  });
}

}  // namespace lemma::cli
