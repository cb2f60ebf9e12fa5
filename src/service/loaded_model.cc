// SPDX-License-Identifier: Apache-2.0
#include "service/loaded_model.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/memory_info.h"
#include "gguf/reader.h"
#include "model/model.h"
#include "model/vocab_from_gguf.h"

namespace lemma::service {
namespace {

// Sampling that the file itself recommends (keys general.sampling.*).
Result<chat::SamplingDefaults> SamplingOfFile(const gguf::File& file) {
  chat::SamplingDefaults out;
  const auto number = [&file](const char* key, std::optional<float>& field) -> Status {
    LEMMA_ASSIGN_OR_RETURN(const auto value, file.GetDouble(key));
    if (value) field = static_cast<float>(*value);
    return OkStatus();
  };
  LEMMA_RETURN_IF_ERROR(number("general.sampling.temp", out.temperature));
  LEMMA_RETURN_IF_ERROR(number("general.sampling.top_p", out.top_p));
  LEMMA_RETURN_IF_ERROR(number("general.sampling.min_p", out.min_p));
  LEMMA_ASSIGN_OR_RETURN(const auto top_k, file.GetUint("general.sampling.top_k"));
  if (top_k) out.top_k = static_cast<int>(std::min<uint64_t>(*top_k, 1 << 20));
  return out;
}

void Apply(const chat::SamplingDefaults& from, engine::SamplingParams& to) {
  if (from.temperature) to.temperature = *from.temperature;
  if (from.top_p) to.top_p = *from.top_p;
  if (from.top_k) to.top_k = static_cast<size_t>(std::max(*from.top_k, 0));
  if (from.min_p) to.min_p = *from.min_p;
}

uint64_t WeightBytes(const gguf::File& file) {
  uint64_t sum = 0;
  for (const gguf::Tensor& tensor : file.tensors()) sum += tensor.view.bytes.size();
  return sum;
}

double Gigabytes(uint64_t bytes) { return static_cast<double>(bytes) / 1e9; }

// Weights are repacked into memory of our own; the smallest useful KV cache comes on top.
Status CheckMemory(const gguf::File& file, const model::ModelConfig& config,
                   const LoadOptions& options) {
  const uint64_t available = AvailableMemoryBytes();
  const uint64_t weights = WeightBytes(file);
  const size_t context = options.context.value_or(std::min<size_t>(config.context_length, 512));
  const uint64_t kv = config.kv_bytes_per_token(options.kv_type) * context;
  if (available == 0 || weights + kv <= available) return OkStatus();
  return ResourceExhausted(
      fmt::format("not enough memory: {:.2f} GB of weights and {:.2f} GB of KV cache for {} tokens "
                  "are needed, {:.2f} GB are available",
                  Gigabytes(weights), Gigabytes(kv), context, Gigabytes(available)));
}

Result<chat::ModelFacts> ReadFacts(const gguf::File& file, const tokenizer::Tokenizer& tokens) {
  chat::ModelFacts facts;
  const auto text = [&file](const char* key) -> Result<std::string> {
    LEMMA_ASSIGN_OR_RETURN(const auto value, file.GetString(key));
    return std::string(value.value_or(std::string_view()));
  };
  LEMMA_ASSIGN_OR_RETURN(facts.architecture, text("general.architecture"));
  LEMMA_ASSIGN_OR_RETURN(facts.name, text("general.name"));
  LEMMA_ASSIGN_OR_RETURN(const std::string base, text("general.basename"));
  if (!base.empty()) facts.name += " " + base;
  LEMMA_ASSIGN_OR_RETURN(facts.tokenizer_pre, text("tokenizer.ggml.pre"));
  LEMMA_ASSIGN_OR_RETURN(facts.chat_template, text("tokenizer.chat_template"));
  const auto spelling = [&tokens](std::optional<tokenizer::TokenId> id) {
    return id ? std::string(tokens.Piece(*id, tokenizer::ControlPieces::kRender)) : std::string();
  };
  facts.bos_text = spelling(tokens.bos());
  facts.eos_text = spelling(tokens.eos());
  for (tokenizer::TokenId id = 0; static_cast<size_t>(id) < tokens.size(); ++id) {
    const auto type = tokens.type(id);
    if (type == tokenizer::TokenType::kControl || type == tokenizer::TokenType::kUserDefined) {
      facts.control_tokens.push_back(spelling(id));
    }
  }
  return facts;
}

}  // namespace

// Destroyed from the bottom up: the engine first, the file last.
struct LoadedModel::Impl {
  std::filesystem::path path;
  std::string name;
  std::unique_ptr<gguf::File> file;
  std::unique_ptr<const tokenizer::Tokenizer> tokens;
  std::unique_ptr<chat::PromptBuilder> prompts;
  chat::SamplingDefaults file_sampling;
  std::vector<std::string> warnings;
  double load_seconds = 0;
  std::unique_ptr<kernels::Ops> ops;
  std::unique_ptr<model::Model> model;
  std::unique_ptr<engine::Engine> engine;

  // Everything that is quick: metadata, vocabulary, chat format.
  Status ReadMetadata() {
    LEMMA_ASSIGN_OR_RETURN(tokens, model::TokenizerFromGguf(*file));
    for (const std::string& warning : tokens->warnings()) warnings.push_back(warning);
    LEMMA_ASSIGN_OR_RETURN(const chat::ModelFacts facts, ReadFacts(*file, *tokens));
    prompts = chat::PromptBuilder::Make(facts);
    for (const chat::Warning& warning : prompts->warnings()) warnings.push_back(warning.text);
    LEMMA_ASSIGN_OR_RETURN(file_sampling, SamplingOfFile(*file));
    LEMMA_ASSIGN_OR_RETURN(const auto title, file->GetString("general.name"));
    name = title && !title->empty() ? std::string(*title) : path.stem().string();
    return OkStatus();
  }

  Status LoadWeights(const LoadOptions& options) {
    LEMMA_ASSIGN_OR_RETURN(const model::ModelConfig config, model::ReadConfig(*file));
    if (tokens->size() > config.vocab) {
      return DataLoss(fmt::format("the vocabulary has {} tokens, the weights only {} rows for them",
                                  tokens->size(), config.vocab));
    }
    LEMMA_RETURN_IF_ERROR(CheckMemory(*file, config, options));
    kernels::CpuOptions cpu;
    cpu.threads = options.threads;
    cpu.isa = options.isa;
    LEMMA_ASSIGN_OR_RETURN(ops, kernels::MakeCpuOps(cpu));
    LEMMA_ASSIGN_OR_RETURN(model, model::Model::Load(*file, *ops, options.progress));
    engine::EngineOptions engine_options;
    engine_options.context_tokens = options.context.value_or(0);
    engine_options.kv_type = options.kv_type;
    LEMMA_ASSIGN_OR_RETURN(engine,
                           engine::Engine::Create(engine::WrapModel(*model), engine_options));
    return OkStatus();
  }
};

Result<std::unique_ptr<LoadedModel>> LoadedModel::Load(const std::filesystem::path& path,
                                                       const LoadOptions& options) {
  const Stopwatch watch;
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  LEMMA_ASSIGN_OR_RETURN(impl->file, gguf::File::Open(path));
  Status status = impl->ReadMetadata();
  if (status.ok()) status = impl->LoadWeights(options);
  if (!status.ok()) return status.WithContext(path.string());
  impl->load_seconds = watch.Seconds();
  return std::unique_ptr<LoadedModel>(new LoadedModel(std::move(impl)));
}

LoadedModel::LoadedModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LoadedModel::~LoadedModel() = default;

const std::string& LoadedModel::name() const { return impl_->name; }
const std::filesystem::path& LoadedModel::path() const { return impl_->path; }
const model::ModelConfig& LoadedModel::config() const { return impl_->model->config(); }
const tokenizer::Tokenizer& LoadedModel::tokens() const { return *impl_->tokens; }
const chat::PromptBuilder& LoadedModel::prompts() const { return *impl_->prompts; }
engine::Engine& LoadedModel::engine() { return *impl_->engine; }
std::string LoadedModel::kernels_name() const { return impl_->ops->name(); }
uint64_t LoadedModel::bytes_per_token() const { return impl_->model->bytes_per_token(); }
double LoadedModel::load_seconds() const { return impl_->load_seconds; }
std::span<const std::string> LoadedModel::warnings() const { return impl_->warnings; }

engine::SamplingParams LoadedModel::DefaultSampling(chat::Thinking thinking) const {
  engine::SamplingParams out;
  const chat::Family& family = impl_->prompts->family();
  Apply(family.sampling, out);
  if (thinking == chat::Thinking::kOff) Apply(family.sampling_no_thinking, out);
  Apply(impl_->file_sampling, out);
  return out;
}

}  // namespace lemma::service
