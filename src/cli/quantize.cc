// SPDX-License-Identifier: Apache-2.0
// lemma quantize: a smaller copy of a model.
#include "model/quantize.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/output.h"

namespace lemma::cli {
namespace {

struct QuantizeCommand {
  std::string in;
  std::string out;
  std::string type;
  int threads = 0;
  bool allow_requantize = false;
  bool json = false;
};

std::string TypeNames() {
  std::string out;
  for (const auto& info : model::AllFileTypes()) {
    out += (out.empty() ? "" : ", ") + std::string(info.name);
  }
  return out;
}

Status RunQuantize(const QuantizeCommand& command) {
  const auto type = model::FindFileType(command.type);
  if (!type && (command.type.starts_with("IQ") || command.type.starts_with("iq"))) {
    return InvalidArgument(fmt::format(
        "type '{}' cannot be written (it needs measurements of the model on a text); the smallest "
        "that can: Q2_K, Q3_K_M, Q4_K_M; known: {}",
        command.type, TypeNames()));
  }
  if (!type) {
    return InvalidArgument(
        fmt::format("type '{}' is unknown; known: {}", command.type, TypeNames()));
  }
  std::atomic<bool> cancel = false;
  model::QuantizeOptions options;
  options.type = *type;
  options.threads = command.threads;
  options.requantize =
      command.allow_requantize ? model::Requantize::kAllow : model::Requantize::kRefuse;
  options.cancel = &cancel;
  InstallInterrupt();
  ProgressBar bar("quantize");
  options.on_progress = [&](const model::QuantizeProgress& p) {
    if (Interrupted()) cancel = true;
    const double share =
        p.bytes == 0 ? 1 : static_cast<double>(p.bytes_done) / static_cast<double>(p.bytes);
    bar.Update(share, p.tensor);
  };
  const Stopwatch watch;
  LEMMA_ASSIGN_OR_RETURN(const auto report, model::QuantizeFile(command.in, command.out, options));
  for (const std::string& note : report.stand_ins) PrintWarning(note);
  if (command.json) {
    PrintJson(boost::json::object{{"file", command.out},
                                  {"type", model::FileTypeOf(*type).name},
                                  {"input_bytes", report.input_bytes},
                                  {"output_bytes", report.output_bytes},
                                  {"tensors", report.tensors},
                                  {"converted", report.converted},
                                  {"seconds", watch.Seconds()}});
  } else {
    PrintOut(fmt::format("{}: {}, {:.1f} MB from {:.1f} MB, {} of {} tensors converted, {:.1f} s\n",
                         command.out, model::FileTypeOf(*type).name,
                         static_cast<double>(report.output_bytes) / 1e6,
                         static_cast<double>(report.input_bytes) / 1e6, report.converted,
                         report.tensors, watch.Seconds()));
  }
  return OkStatus();
}

}  // namespace

void AddQuantize(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("quantize", "write a smaller copy of a model");
  auto options = std::make_shared<QuantizeCommand>();
  command->add_option("in", options->in, "GGUF file, F32, F16 or BF16 as a rule")->required();
  command->add_option("out", options->out, "file to write")->required();
  command->add_option("type", options->type, TypeNames())->required();
  command->add_option("-t,--threads", options->threads, "threads; 0 = all")
      ->check(CLI::Range(0, 1024));
  command->add_flag("--allow-requantize", options->allow_requantize,
                    "also take tensors that are quantised already; quality suffers");
  command->add_flag("--json", options->json, "print JSON");
  command->footer("Example:\n  lemma quantize model-f16.gguf model-q4_k_m.gguf Q4_K_M");
  command->callback([options, &context] {
    if (const Status status = RunQuantize(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
