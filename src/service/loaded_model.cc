// SPDX-License-Identifier: Apache-2.0
#include "service/loaded_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/memory_info.h"
#include "base/mutex.h"
#include "engine/step_model.h"
#include "gguf/reader.h"
#include "kernels/ops.h"
#include "model/model.h"
#include "model/vocab_from_gguf.h"
#include "model/weights.h"
#include "service/memory.h"
#include "service/model_facts.h"
#include "service/model_fingerprint.h"
#include "service/prompt_tokens.h"

namespace lemma::service {

// In the order of use: what is above outlives what is below.
struct LoadedModel::Impl {
  std::filesystem::path path;
  std::string name;
  std::vector<std::string> warnings;
  double load_seconds = 0;
  uint64_t memory_bytes = 0;
  size_t sequences_at_once = 0;
  std::unique_ptr<gguf::File> file;
  std::unique_ptr<const tokenizer::Tokenizer> tokens;
  std::unique_ptr<PromptEncoder> encoder;
  std::unique_ptr<chat::PromptBuilder> prompts;
  engine::SamplingParams sampling;              // by the file and the family
  engine::SamplingParams sampling_no_thinking;  // the same, thinking switched off
  std::unique_ptr<kernels::Ops> ops;
  std::unique_ptr<model::Model> model;
  std::unique_ptr<engine::Engine> engine;
  Mutex speed_mutex;
  std::optional<ModelSpeed> speed LEMMA_GUARDED_BY(speed_mutex);

  void Warn(std::string text) { warnings.push_back(std::move(text)); }

  Status ReadText() {
    LEMMA_ASSIGN_OR_RETURN(tokens, model::TokenizerFromGguf(*file));
    for (const std::string& text : tokens->warnings()) Warn(text);
    encoder = std::make_unique<PromptEncoder>(*tokens);
    const chat::ModelFacts facts = FactsFromGguf(*file, *tokens, warnings);
    prompts = chat::PromptBuilder::Make(facts);
    for (const chat::Warning& warning : prompts->warnings()) Warn(warning.text);
    const chat::Family& family = prompts->family();
    ApplyFamilySampling(family.sampling, sampling);
    ApplyFamilySampling(family.sampling_no_thinking, sampling_no_thinking);
    ApplyFileSampling(*file, sampling, warnings);
    std::vector<std::string> told_already;
    ApplyFileSampling(*file, sampling_no_thinking, told_already);
    return OkStatus();
  }

  static kernels::KvTypes KvTypesOf(const LoadOptions& options) {
    return options.kv_type.value_or(kernels::UsualKvTypes(options.isa));
  }

  Result<MemoryPlan> CheckMemory(const model::ModelConfig& config, const LoadOptions& options) {
    MemoryNeeds needs;
    for (const gguf::Tensor& tensor : file->tensors())
      needs.weight_bytes += tensor.view.bytes.size();
    needs.kv_bytes_per_token = config.kv_bytes_per_token(KvTypesOf(options));
    needs.trained_context = config.context_length;
    needs.asked_context = options.context;
    if (const uint64_t available = AvailableMemoryBytes(); available > 0) {
      needs.available = available;
    }
    if (options.memory_bytes) {
      needs.available =
          std::min(needs.available.value_or(*options.memory_bytes), *options.memory_bytes);
    }
    LEMMA_ASSIGN_OR_RETURN(MemoryPlan plan, PlanMemory(needs));
    if (!plan.warning.empty()) Warn(plan.warning);
    return plan;
  }

  // Other kernels may round otherwise, so their pages are not taken for ours.
  [[nodiscard]] engine::PageStoreOptions StoreOf(const PrefixStoreOptions& options) const {
    engine::PageStoreOptions store;
    store.directory = options.directory;
    store.max_bytes = options.max_bytes;
    store.identity = fmt::format("{} {}", FingerprintOf(*file), ops->name());
    return store;
  }

  // Everything that can be found wrong before the weights are read.
  Result<MemoryPlan> Prepare(const LoadOptions& options) {
    LEMMA_RETURN_IF_ERROR(ReadText());
    LEMMA_ASSIGN_OR_RETURN(const model::ModelConfig config, model::ReadConfig(*file));
    // The other way round is common: rows are padded to a round number.
    if (tokens->size() > config.vocab) {
      return DataLoss(fmt::format("the vocabulary has {} tokens, the weights only {} rows for them",
                                  tokens->size(), config.vocab));
    }
    const std::vector<Status> problems = model::CheckTensors(*file, config);
    if (!problems.empty()) return problems.front();
    return CheckMemory(config, options);
  }

  Status Start(const LoadOptions& options) {
    LEMMA_ASSIGN_OR_RETURN(const MemoryPlan plan, Prepare(options));
    memory_bytes = plan.total_bytes;
    LEMMA_ASSIGN_OR_RETURN(model, model::Model::Load(*file, *ops, options.progress));
    engine::EngineOptions engine_options;
    engine_options.context_tokens = plan.context;
    engine_options.kv_pages = plan.kv_pages;
    engine_options.kv_type = KvTypesOf(options);
    engine_options.prefill_type =
        options.prefill_type.value_or(kernels::UsualPrefillType(options.isa));
    engine_options.speculation = options.speculation;
    sequences_at_once = engine_options.scheduler.sequences;
    if (options.max_queued) engine_options.max_queued = *options.max_queued;
    if (options.prefix_store) engine_options.store = StoreOf(*options.prefix_store);
    auto made = engine::Engine::Create(engine::WrapModel(*model), engine_options);
    if (!made.ok() && engine_options.store) {
      // Computed prompts are a help, not a need.
      engine_options.store.reset();
      const Status reason = made.status();
      made = engine::Engine::Create(engine::WrapModel(*model), engine_options);
      if (made.ok()) Warn(fmt::format("prompts are not kept on disk: {}", reason.message()));
    }
    LEMMA_ASSIGN_OR_RETURN(engine, std::move(made));
    return OkStatus();
  }
};

LoadedModel::LoadedModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LoadedModel::~LoadedModel() = default;

Result<std::unique_ptr<LoadedModel>> LoadedModel::Load(const std::filesystem::path& path,
                                                       const LoadOptions& options) {
  const Stopwatch watch;
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  LEMMA_ASSIGN_OR_RETURN(impl->file, gguf::File::Open(path));
  const auto name = impl->file->GetString("general.name");
  impl->name = name.ok() && name->has_value() && !(*name)->empty() ? std::string(**name)
                                                                   : path.stem().string();
  // No fault of the file: without its name.
  LEMMA_ASSIGN_OR_RETURN(impl->ops, kernels::MakeCpuOps({options.threads, options.isa}));
  if (const Status status = impl->Start(options); !status.ok()) {
    return status.WithContext(fmt::format("'{}'", path.string()));
  }
  impl->load_seconds = watch.Seconds();
  return std::unique_ptr<LoadedModel>(new LoadedModel(std::move(impl)));
}

Status LoadedModel::Check(const std::filesystem::path& path, const LoadOptions& options) {
  Impl impl;
  LEMMA_ASSIGN_OR_RETURN(impl.file, gguf::File::Open(path));
  LEMMA_RETURN_IF_ERROR(kernels::MakeCpuOps({1, options.isa}).status());
  return impl.Prepare(options).status().WithContext(fmt::format("'{}'", path.string()));
}

const std::string& LoadedModel::name() const { return impl_->name; }
const std::filesystem::path& LoadedModel::path() const { return impl_->path; }
const model::ModelConfig& LoadedModel::config() const { return impl_->model->config(); }
const tokenizer::Tokenizer& LoadedModel::tokens() const { return *impl_->tokens; }
const chat::PromptBuilder& LoadedModel::prompts() const { return *impl_->prompts; }
engine::Engine& LoadedModel::engine() { return *impl_->engine; }
ModelSpeed LoadedModel::MeasuredSpeed() {
  const MutexLock lock(impl_->speed_mutex);
  if (!impl_->speed) impl_->speed = MeasureSpeed(*impl_->engine);
  return impl_->speed.value_or(ModelSpeed{});
}
std::string LoadedModel::kernels_name() const { return impl_->ops->name(); }
uint64_t LoadedModel::bytes_per_token() const { return impl_->model->bytes_per_token(); }
double LoadedModel::load_seconds() const { return impl_->load_seconds; }
size_t LoadedModel::sequences_at_once() const { return impl_->sequences_at_once; }
uint64_t LoadedModel::memory_bytes() const { return impl_->memory_bytes; }
std::span<const std::string> LoadedModel::warnings() const { return impl_->warnings; }

engine::SamplingParams LoadedModel::DefaultSampling(chat::Thinking thinking) const {
  return thinking == chat::Thinking::kOff ? impl_->sampling_no_thinking : impl_->sampling;
}

std::vector<int32_t> LoadedModel::EncodeParts(const std::vector<chat::PromptPart>& parts) const {
  return impl_->encoder->Encode(parts);
}

std::vector<int32_t> LoadedModel::EncodePrompt(const chat::Prompt& prompt) const {
  std::vector<int32_t> ids = impl_->encoder->Encode(prompt.parts);
  // The formats in code know whether a BOS belongs there; templates often leave it to the file.
  const bool in_code =
      !impl_->prompts->uses_template() && impl_->prompts->family().id != chat::FamilyId::kPlain;
  const auto bos = impl_->tokens->bos();
  if (!in_code && bos && impl_->tokens->add_bos() && (ids.empty() || ids.front() != *bos)) {
    ids.insert(ids.begin(), *bos);
  }
  return ids;
}

}  // namespace lemma::service
