// SPDX-License-Identifier: Apache-2.0
#include "model/synth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "base/file.h"
#include "base/rng.h"
#include "base/thread_pool.h"
#include "gguf/reader.h"
#include "model/quantize_mix.h"
#include "model/synth_blocks.h"
#include "model/synth_shapes.h"
#include "model/synth_vocab.h"

namespace lemma::model {
namespace {

// Filled by all threads, then written. Large enough that starting a phase costs nothing.
constexpr size_t kWindowBytes = 16U << 20;
constexpr size_t kGrainBytes = 256U << 10;

std::string KnownShapes() {
  std::string out = "tiny";
  for (const SynthShape& shape : SynthShapes()) out += fmt::format(", {}", shape.name);
  return out;
}

// Elements of a vector, within 0.1 of its center.
std::vector<float> VectorElements(const SynthShape& shape, const SynthTensor& tensor,
                                  uint64_t seed) {
  if (tensor.role == SynthRole::kRopeFactors) return Llama3RopeFactors(shape);
  std::vector<float> out(tensor.shape.elements());
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = tensor.center + 0.1F * (2.0F * static_cast<float>(RandomUniform(seed, i)) - 1.0F);
  }
  return out;
}

Result<FileType> FindType(std::string_view name) {
  if (const auto type = FindFileType(name)) return *type;
  std::string known;
  for (const FileTypeInfo& info : AllFileTypes()) {
    known += fmt::format("{}{}", known.empty() ? "" : ", ", info.name);
  }
  return InvalidArgument(fmt::format("unknown type '{}'; known: {}", name, known));
}

Result<std::vector<tensor::DType>> ChooseDTypes(FileType type, const SynthShape& shape,
                                                std::span<const SynthTensor> tensors) {
  MixModel model;
  model.architecture = shape.architecture;
  model.layers = shape.layers;
  model.heads = shape.heads;
  model.kv_heads = shape.kv_heads;
  std::vector<MixTensor> wanted;
  wanted.reserve(tensors.size());
  for (const SynthTensor& each : tensors) wanted.push_back({each.name, each.shape});
  LEMMA_ASSIGN_OR_RETURN(const auto choices, ChooseTypes(type, model, wanted));
  std::vector<tensor::DType> out;
  out.reserve(choices.size());
  for (const MixChoice& choice : choices) out.push_back(choice.dtype);
  return out;
}

class Synthesizer {
 public:
  Synthesizer(const SynthOptions& options, const SynthShape& shape)
      : options_(options), shape_(shape), pool_(std::max(options.threads, 1)) {}

  Status Prepare();
  Result<SynthReport> Write(gguf::Sink& sink);

 private:
  Result<uint64_t> PrepareVocab();
  Status WriteMatrix(const SynthTensor& tensor, tensor::DType dtype, uint64_t seed);
  Status AdvanceBy(uint64_t bytes);

  const SynthOptions& options_;
  const SynthShape& shape_;
  ThreadPool pool_;
  gguf::Writer writer_;
  std::vector<SynthTensor> tensors_;
  std::vector<tensor::DType> dtypes_;  // parallel to tensors_
  std::vector<std::byte> window_;
  uint64_t done_ = 0;
  uint64_t total_ = 0;
};

Result<uint64_t> Synthesizer::PrepareVocab() {
  if (!options_.vocab) {
    WriteSyntheticVocab(shape_, writer_);
    return uint64_t{shape_.vocab};
  }
  LEMMA_ASSIGN_OR_RETURN(const auto file, gguf::File::Open(*options_.vocab));
  const bool tiny = shape_.name.starts_with("tiny");
  return CopyVocab(*file, shape_, tiny ? VocabFit::kTakeSize : VocabFit::kPadToShape, writer_);
}

Status Synthesizer::Prepare() {
  LEMMA_ASSIGN_OR_RETURN(const FileType file_type, FindType(options_.type));
  WriteSynthMetadata(shape_, writer_);
  writer_.SetUint32("general.file_type", static_cast<uint32_t>(file_type));
  writer_.SetUint32("general.quantization_version", 2);
  LEMMA_ASSIGN_OR_RETURN(const uint64_t vocab, PrepareVocab());
  if (writer_.Has("llama.vocab_size")) {
    writer_.SetUint32("llama.vocab_size", static_cast<uint32_t>(vocab));
  }
  tensors_ = SynthTensors(shape_, vocab);
  LEMMA_ASSIGN_OR_RETURN(dtypes_, ChooseDTypes(file_type, shape_, tensors_));
  for (size_t i = 0; i < tensors_.size(); ++i) {
    LEMMA_RETURN_IF_ERROR(writer_.AddTensor(tensors_[i].name, dtypes_[i], tensors_[i].shape));
  }
  return OkStatus();
}

Status Synthesizer::AdvanceBy(uint64_t bytes) {
  done_ += bytes;
  const double share = static_cast<double>(done_) / static_cast<double>(std::max(total_, done_));
  if (options_.progress && !options_.progress(share)) {
    return {StatusCode::kCancelled, "cancelled"};
  }
  return OkStatus();
}

Status Synthesizer::WriteMatrix(const SynthTensor& tensor, tensor::DType dtype, uint64_t seed) {
  const BlockFiller filler(dtype, seed, tensor.deviation);
  const tensor::DTypeInfo& info = tensor::Info(dtype);
  const size_t window_blocks = kWindowBytes / info.block_bytes;
  window_.resize(kWindowBytes);
  const uint64_t blocks = tensor.shape.elements() / info.block_elems;
  for (uint64_t first = 0; first < blocks; first += window_blocks) {
    const size_t count = std::min<uint64_t>(window_blocks, blocks - first);
    pool_.ParallelFor(count, kGrainBytes / info.block_bytes, [&](size_t begin, size_t end, int) {
      filler.Fill(first + begin, std::span(window_).subspan(begin * info.block_bytes,
                                                            (end - begin) * info.block_bytes));
    });
    const auto bytes = std::span(window_).first(count * info.block_bytes);
    LEMMA_RETURN_IF_ERROR(writer_.AppendData(bytes));
    LEMMA_RETURN_IF_ERROR(AdvanceBy(bytes.size()));
  }
  return OkStatus();
}

Result<SynthReport> Synthesizer::Write(gguf::Sink& sink) {
  SynthReport report;
  LEMMA_ASSIGN_OR_RETURN(report.file_bytes, writer_.TotalBytes());
  total_ = report.file_bytes;
  LEMMA_RETURN_IF_ERROR(writer_.Begin(sink));
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const SynthTensor& tensor = tensors_[i];
    const uint64_t seed = RandomBits(options_.seed, i);
    if (tensor.role == SynthRole::kMatrix) {
      LEMMA_RETURN_IF_ERROR(WriteMatrix(tensor, dtypes_[i], seed));
    } else {
      const std::vector<float> elements = VectorElements(shape_, tensor, seed);
      LEMMA_RETURN_IF_ERROR(writer_.AppendData(std::as_bytes(std::span(elements))));
      LEMMA_RETURN_IF_ERROR(AdvanceBy(elements.size() * sizeof(float)));
    }
    report.parameters += tensor.shape.elements();
  }
  report.tensors = tensors_.size();
  LEMMA_RETURN_IF_ERROR(writer_.Finish());
  return report;
}

}  // namespace

Result<SynthReport> WriteSynth(const SynthOptions& options, gguf::Sink& sink) {
  const SynthShape* shape = FindSynthShape(options.shape);
  if (shape == nullptr) {
    return InvalidArgument(
        fmt::format("unknown shape '{}'; known: {}", options.shape, KnownShapes()));
  }
  Synthesizer synthesizer(options, *shape);
  LEMMA_RETURN_IF_ERROR(synthesizer.Prepare());
  return synthesizer.Write(sink);
}

Result<SynthReport> WriteSynthFile(const SynthOptions& options, const std::filesystem::path& out) {
  LEMMA_ASSIGN_OR_RETURN(AtomicFileWriter file, AtomicFileWriter::Create(out));
  gguf::FileSink sink(file);
  LEMMA_ASSIGN_OR_RETURN(const SynthReport report, WriteSynth(options, sink));
  LEMMA_RETURN_IF_ERROR(file.Commit());
  return report;
}

}  // namespace lemma::model
