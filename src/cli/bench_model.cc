// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/cpu_features.h"
#include "cli/output.h"

namespace lemma::cli {
namespace {

constexpr size_t PagesFor(size_t tokens) {
  return (tokens + kernels::kPageTokens - 1) / kernels::kPageTokens;
}

size_t Largest(const std::vector<size_t>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

}  // namespace

Result<std::unique_ptr<BenchModel>> BenchModel::Load(const BenchCommand& command,
                                                     const WrapOps& wrap) {
  std::unique_ptr<BenchModel> out(new BenchModel(command));
  const Stopwatch watch;
  LEMMA_ASSIGN_OR_RETURN(const std::string path, ResolveModelPath(command.model.model));
  LEMMA_ASSIGN_OR_RETURN(out->file_, gguf::File::Open(path));
  kernels::CpuOptions cpu;
  cpu.threads = command.model.threads;
  if (!command.model.isa.empty()) cpu.isa = command.model.isa;
  out->threads_ = cpu.threads > 0 ? cpu.threads : UsableCpus();
  LEMMA_ASSIGN_OR_RETURN(out->real_ops_, kernels::MakeCpuOps(cpu));
  if (wrap) out->wrapped_ops_ = wrap(*out->real_ops_, *out->file_);
  kernels::Ops& ops = out->wrapped_ops_ ? *out->wrapped_ops_ : *out->real_ops_;
  ProgressBar bar("loading");
  LEMMA_ASSIGN_OR_RETURN(out->model_, model::Model::Load(*out->file_, ops, [&](double share) {
                           bar.Update(share, path);
                           return !Interrupted();
                         }));
  LEMMA_RETURN_IF_ERROR(out->MakeCache());
  out->load_seconds_ = watch.Seconds();
  return out;
}

Status BenchModel::MakeCache() {
  const size_t decoded = Largest(command_.depths) + command_.generate;
  const size_t tokens = std::max(Largest(command_.prompts), decoded);
  if (tokens > model_->config().context_length) {
    return InvalidArgument(fmt::format("-p, -d and -n: {} tokens do not fit the context of {}",
                                       tokens, model_->config().context_length));
  }
  pages_each_ = PagesFor(std::max<size_t>(tokens, 1));
  const size_t sequences = std::max<size_t>(Largest(command_.batches), 1);
  LEMMA_ASSIGN_OR_RETURN(kv_,
                         model_->MakeKv(sequences * pages_each_, ChosenKvTypes(command_.model)));
  tables_.assign(sequences, std::vector<kernels::PageId>(pages_each_));
  kernels::PageId next = 0;
  for (auto& table : tables_) {
    for (auto& page : table) page = next++;
  }
  return OkStatus();
}

int32_t BenchModel::Token() { return static_cast<int32_t>(rng_.NextBelow(model_->config().vocab)); }

Status BenchModel::Prefill(size_t tokens) {
  for (size_t done = 0; done < tokens; done += command_.chunk) {
    model::ForwardBatch batch;
    model::SequenceSlice slice;
    slice.count = std::min(command_.chunk, tokens - done);
    slice.position = done;
    slice.pages = tables_[0];
    slice.matmul = ChosenPrefillType(command_.model);
    slice.logits =
        done + slice.count == tokens ? model::LogitsWanted::kLast : model::LogitsWanted::kNone;
    for (size_t i = 0; i < slice.count; ++i) batch.tokens.push_back(Token());
    batch.slices.push_back(slice);
    if (Interrupted()) return {StatusCode::kCancelled, "interrupted"};
    LEMMA_RETURN_IF_ERROR(model_->Forward(batch, *kv_, logits_));
  }
  return OkStatus();
}

Status BenchModel::Fill(size_t tokens, size_t sequences) {
  LEMMA_RETURN_IF_ERROR(Prefill(tokens));
  for (size_t s = 1; s < sequences; ++s) {
    for (size_t page = 0; page < PagesFor(tokens); ++page) {
      kv_->CopyPage(tables_[0][page], tables_[s][page]);
    }
  }
  return OkStatus();
}

Status BenchModel::Step(size_t position, size_t sequences) {
  model::ForwardBatch batch;
  for (size_t s = 0; s < sequences; ++s) {
    model::SequenceSlice slice;
    slice.token_begin = s;
    slice.count = 1;
    slice.position = position;
    slice.pages = tables_[s];
    batch.tokens.push_back(Token());
    batch.slices.push_back(slice);
  }
  if (Interrupted()) return {StatusCode::kCancelled, "interrupted"};
  return model_->Forward(batch, *kv_, logits_);
}

double BenchModel::StepBytes(size_t depth, size_t sequences) const {
  const double kv =
      static_cast<double>(model_->config().kv_bytes_per_token(ChosenKvTypes(command_.model)));
  return static_cast<double>(model_->bytes_per_token()) +
         kv * static_cast<double>(depth) * static_cast<double>(sequences);
}

uint64_t BenchModel::MacsPerToken() const {
  const model::ModelConfig& c = model_->config();
  const uint64_t attention = 2 * c.embedding * c.head_dim * (c.heads + c.kv_heads);
  return c.layers * (attention + uint64_t{3} * c.embedding * c.feed_forward);
}

}  // namespace lemma::cli
