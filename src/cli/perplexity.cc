// SPDX-License-Identifier: Apache-2.0
// lemma perplexity: how surprised a model is by a text.
#include "model/perplexity.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "cli/command.h"
#include "cli/output.h"
#include "gguf/reader.h"
#include "model/model.h"
#include "model/vocab_from_gguf.h"
#include "tokenizer/tokenizer.h"

namespace lemma::cli {
namespace {

struct PerplexityCommand {
  ModelOptions model;
  std::string file;
  size_t window = 512;
  std::optional<size_t> windows;
  bool json = false;
};

Status RunPerplexity(const PerplexityCommand& options) {
  LEMMA_ASSIGN_OR_RETURN(const std::string path, ResolveModelPath(options.model.model));
  LEMMA_ASSIGN_OR_RETURN(const auto file, gguf::File::Open(path));
  LEMMA_ASSIGN_OR_RETURN(const auto tokens, model::TokenizerFromGguf(*file));
  kernels::CpuOptions cpu;
  cpu.threads = options.model.threads;
  if (!options.model.isa.empty()) cpu.isa = options.model.isa;
  LEMMA_ASSIGN_OR_RETURN(const auto ops, kernels::MakeCpuOps(cpu));
  LEMMA_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.file));
  LEMMA_ASSIGN_OR_RETURN(const auto model, model::Model::Load(*file, *ops, {}));
  std::vector<tokenizer::TokenId> ids;
  const bool bos = tokens->add_bos() && tokens->bos().has_value();
  if (bos) ids.push_back(*tokens->bos());
  tokens->EncodeAppend(text, tokenizer::SpecialTokens::kPlainText, ids);

  model::PerplexityOptions windowing;
  windowing.window = options.window;
  if (bos) windowing.bos = *tokens->bos();
  windowing.max_windows = options.windows;
  windowing.kv_type = ChosenKvTypes(options.model);
  ProgressBar bar("perplexity");
  InstallInterrupt();
  LEMMA_ASSIGN_OR_RETURN(
      const auto result,
      model::Perplexity(*model, ids, windowing, [&](uint64_t done, uint64_t total, const auto& r) {
        bar.Update(static_cast<double>(done) / static_cast<double>(total),
                   fmt::format("{}/{} windows, ppl {:.4f}", done, total, r.ppl));
        return !Interrupted();
      }));
  if (options.json) {
    PrintJson(boost::json::object{{"tokens", result.tokens},
                                  {"nll", result.nll},
                                  {"ppl", result.ppl},
                                  {"ppl_error", result.ppl_error},
                                  {"windows", result.windows},
                                  {"window", options.window}});
  } else {
    PrintOut(fmt::format(
        "perplexity {:.4f} +/- {:.4f} (nll {:.5f} a token, {} tokens scored in {} "
        "windows of {})\n",
        result.ppl, result.ppl_error, result.nll, result.tokens, result.windows, options.window));
  }
  return OkStatus();
}

}  // namespace

void AddPerplexity(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("perplexity", "perplexity of a text, windows as in llama.cpp");
  auto options = std::make_shared<PerplexityCommand>();
  AddModelOptions(*command, options->model, WithEngine::kNo);
  command->add_option("-f,--file", options->file, "text file")->required();
  command->add_option("-c,--ctx", options->window, "window in tokens")
      ->check(CLI::Range(4, 1 << 20));
  command->add_option("--chunks", options->windows, "at most so many windows");
  AddKvOptions(*command, options->model);
  command->add_flag("--json", options->json, "print {\"tokens\",\"nll\",\"ppl\"}");
  command->footer("Example:\n  lemma perplexity -m model.gguf -f wiki.test.raw --json");
  command->callback([options, &context] {
    if (const Status status = RunPerplexity(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
