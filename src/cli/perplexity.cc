// SPDX-License-Identifier: Apache-2.0
// lemma perplexity: how surprised a model is by a text.
#include "model/perplexity.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>

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
  std::string kl_reference;
  std::string kl_model;
  bool json = false;
};

// Files and pipes; a device may never end.
Result<std::string> ReadText(const std::string& file) {
  constexpr uint64_t kMaxBytes = 1ULL << 30;
  std::error_code error;
  const auto type = std::filesystem::status(file, error).type();
  using Type = std::filesystem::file_type;
  if (type != Type::not_found && type != Type::regular && type != Type::fifo) {
    return Unsupported(fmt::format("'{}' is no file, expected a text", file));
  }
  return ReadFile(file, kMaxBytes);
}

Status RunPerplexity(const PerplexityCommand& options) {
  LEMMA_ASSIGN_OR_RETURN(const std::string path, ResolveModelPath(options.model.model));
  LEMMA_ASSIGN_OR_RETURN(const auto file, gguf::File::Open(path));
  LEMMA_ASSIGN_OR_RETURN(const auto tokens, model::TokenizerFromGguf(*file));
  kernels::CpuOptions cpu;
  cpu.threads = options.model.threads;
  if (!options.model.isa.empty()) cpu.isa = options.model.isa;
  LEMMA_ASSIGN_OR_RETURN(const auto ops, kernels::MakeCpuOps(cpu));
  LEMMA_ASSIGN_OR_RETURN(const std::string text, ReadText(options.file));
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
  windowing.prefill_type = ChosenPrefillType(options.model);
  if (const auto type = kernels::FindKvType(options.kl_reference)) windowing.kl_reference = *type;
  std::unique_ptr<gguf::File> reference_file;
  std::unique_ptr<model::Model> reference;
  if (!options.kl_model.empty()) {
    LEMMA_ASSIGN_OR_RETURN(reference_file, gguf::File::Open(options.kl_model));
    LEMMA_ASSIGN_OR_RETURN(reference, model::Model::Load(*reference_file, *ops, {}));
    windowing.kl_model = reference.get();
    if (!windowing.kl_reference) windowing.kl_reference = kernels::KvType::kF32;
  }
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
    boost::json::object out{{"tokens", result.tokens},
                            {"nll", result.nll},
                            {"ppl", result.ppl},
                            {"ppl_error", result.ppl_error},
                            {"windows", result.windows},
                            {"window", options.window},
                            {"kv_type", kernels::KvTypesName(windowing.kv_type)},
                            {"prefill_type", kernels::MatmulTypeName(windowing.prefill_type)}};
    if (windowing.kl_reference) {
      out["kl"] = result.kl;
      out["kl_largest"] = result.kl_largest;
      out["same_top"] = result.same_top;
    }
    PrintJson(out);
  } else {
    PrintOut(fmt::format(
        "perplexity {:.4f} +/- {:.4f} (nll {:.5f} a token, {} tokens scored in {} "
        "windows of {})\n",
        result.ppl, result.ppl_error, result.nll, result.tokens, result.windows, options.window));
    if (windowing.kl_reference) {
      PrintOut(fmt::format(
          "KL({} KV of the reference || {}, {} products) {:.3g} a token, at most {:.3g}; same "
          "first token "
          "{:.3f} %\n",
          kernels::KvTypesName(*windowing.kl_reference), kernels::KvTypesName(windowing.kv_type),
          kernels::MatmulTypeName(windowing.prefill_type), result.kl, result.kl_largest,
          100 * result.same_top));
    }
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
  AddPrefillOption(*command, options->model);
  command
      ->add_option("--kl-reference", options->kl_reference,
                   "run twice and compare with this type of the KV cache")
      ->check(CLI::IsMember({"f32", "f16", "bf16", "q8_0"}));
  command->add_option("--kl-model", options->kl_model,
                      "file that runs the reference, as the unquantised original");
  command->add_flag("--json", options->json, "print {\"tokens\",\"nll\",\"ppl\"}");
  command->footer("Example:\n  lemma perplexity -m model.gguf -f wiki.test.raw --json");
  command->callback([options, &context] {
    if (const Status status = RunPerplexity(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
