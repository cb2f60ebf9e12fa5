// SPDX-License-Identifier: Apache-2.0
#include "model/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <system_error>

#include "base/cpu_features.h"
#include "base/file.h"
#include "base/thread_pool.h"
#include "gguf/split_name.h"
#include "gguf/writer.h"

namespace lemma::model {
namespace {

namespace fs = std::filesystem;
using tensor::DType;

// A multiple of every block; a piece's 64 KB of floats stay in a core's second-level cache.
constexpr uint64_t kPieceElems = 16384;
constexpr uint64_t kChunkPieces = 512;  // converted together, then written: at most 32 MB
constexpr uint32_t kQuantizationVersion = 2;
constexpr uint64_t kDiskReserve = 16ULL << 20;

// Where a piece of a tensor lies. Rows are cut so that no piece crosses a row's end.
struct Piece {
  uint64_t row;
  uint64_t column;
  uint64_t count;
};

struct Job {
  const gguf::Tensor* source;
  DType target;
  const float* importance;  // columns of the first matrix, or nullptr
  uint64_t matrices;        // dims[2] * dims[3] when importance has one vector each, else 1

  [[nodiscard]] const tensor::Shape& shape() const { return source->view.shape; }
  [[nodiscard]] bool converts() const { return source->view.dtype != target; }
  [[nodiscard]] uint64_t pieces_per_row() const {
    return (shape().columns() + kPieceElems - 1) / kPieceElems;
  }
  [[nodiscard]] uint64_t pieces() const { return shape().rows() * pieces_per_row(); }
  [[nodiscard]] Piece piece(uint64_t index) const {
    const uint64_t column = index % pieces_per_row() * kPieceElems;
    return {index / pieces_per_row(), column, std::min(kPieceElems, shape().columns() - column)};
  }
  // Bytes of `elements` of the target; a multiple of its block.
  [[nodiscard]] uint64_t target_bytes(uint64_t elements) const {
    const tensor::DTypeInfo& info = tensor::Info(target);
    return elements / info.block_elems * info.block_bytes;
  }
  // Where a piece begins in the output.
  [[nodiscard]] uint64_t target_offset(const Piece& piece) const {
    return target_bytes(piece.row * shape().columns() + piece.column);
  }
};

Status CheckPaths(const fs::path& input, const fs::path& output) {
  std::vector<fs::path> inputs = {input};
  if (const auto split = gguf::ParseSplitName(input)) {
    for (uint32_t part = 1; part <= split->count; ++part) inputs.push_back(split->PartPath(part));
  }
  for (const fs::path& path : inputs) {
    std::error_code ignored;
    if (fs::equivalent(path, output, ignored)) {
      return InvalidArgument(
          fmt::format("the output {} is the input; give another name", output.string()));
    }
  }
  return OkStatus();
}

Status CheckDisk(const fs::path& output, uint64_t bytes) {
  const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) {
    const bool missing = error == std::errc::no_such_file_or_directory;
    return {missing ? StatusCode::kNotFound : StatusCode::kIo,
            fmt::format("{}: {}", folder.string(), error.message())};
  }
  if (space.available < bytes + kDiskReserve) {
    return ResourceExhausted(fmt::format("{}: {} MB needed, {} MB free", folder.string(),
                                         (bytes + kDiskReserve) / 1000000,
                                         space.available / 1000000));
  }
  return OkStatus();
}

// A count that some writers give once a layer: then the first one.
Result<uint64_t> GetCount(const gguf::File& file, std::string_view key, uint64_t otherwise) {
  const gguf::Value* value = file.Find(key);
  if (value == nullptr) return otherwise;
  if (value->type() != gguf::ValueType::kArray) {
    LEMMA_ASSIGN_OR_RETURN(const auto count, file.GetUint(key));
    return *count;
  }
  LEMMA_ASSIGN_OR_RETURN(const auto counts, value->AsInts());
  if (counts.empty() || counts[0] < 0) {
    return DataLoss(fmt::format("\"{}\": expected counts of at least 0", key));
  }
  return static_cast<uint64_t>(counts[0]);
}

Result<MixModel> ReadMixModel(const gguf::File& file, const QuantizeOptions& options) {
  MixModel model;
  LEMMA_ASSIGN_OR_RETURN(const auto architecture, file.GetString("general.architecture"));
  if (!architecture) return DataLoss("\"general.architecture\" is missing");
  model.architecture = *architecture;
  const auto key = [&](std::string_view name) { return fmt::format("{}.{}", *architecture, name); };
  LEMMA_ASSIGN_OR_RETURN(model.layers, GetCount(file, key("block_count"), 0));
  LEMMA_ASSIGN_OR_RETURN(model.heads, GetCount(file, key("attention.head_count"), 0));
  LEMMA_ASSIGN_OR_RETURN(model.kv_heads,
                         GetCount(file, key("attention.head_count_kv"), model.heads));
  LEMMA_ASSIGN_OR_RETURN(model.experts, GetCount(file, key("expert_count"), 0));
  if (options.importance != nullptr) model.importance = ImportanceData::kPresent;
  return model;
}

class Quantizer {
 public:
  Quantizer(const gguf::File& file, const QuantizeOptions& options)
      : file_(file),
        options_(options),
        pool_(options.threads > 0 ? options.threads : UsableCpus()),
        scratch_(static_cast<size_t>(pool_.threads()), std::vector<float>(kPieceElems)) {}

  Status Plan() {
    LEMMA_ASSIGN_OR_RETURN(const MixModel model, ReadMixModel(file_, options_));
    std::vector<MixTensor> mix;
    for (const gguf::Tensor& t : file_.tensors()) {
      mix.push_back({t.name, t.view.shape, t.view.dtype});
    }
    LEMMA_ASSIGN_OR_RETURN(const auto choices, ChooseTypes(options_.type, model, mix));
    for (const gguf::Pair& pair : file_.pairs()) {
      if (!pair.key.starts_with("split.")) writer_.Copy(pair);
    }
    writer_.SetUint32("general.quantization_version", kQuantizationVersion);
    writer_.SetUint32("general.file_type", static_cast<uint32_t>(options_.type));
    for (size_t i = 0; i < choices.size(); ++i) {
      LEMMA_RETURN_IF_ERROR(AddJob(file_.tensors()[i], choices[i]));
    }
    LEMMA_ASSIGN_OR_RETURN(report_.output_bytes, writer_.TotalBytes());
    report_.input_bytes = file_.total_bytes();
    report_.tensors = jobs_.size();
    return OkStatus();
  }

  Status Write(gguf::Sink& sink) {
    LEMMA_RETURN_IF_ERROR(writer_.Begin(sink));
    progress_.tensors = jobs_.size();
    for (const Job& job : jobs_) {
      progress_.tensor = job.source->name;
      const Status status = job.converts() ? Convert(job) : CopyBytes(job);
      if (!status.ok()) return status.WithContext(fmt::format("tensor {}", job.source->name));
      ++progress_.tensors_done;
      file_.DropTensor(*job.source);
    }
    return writer_.Finish();
  }

  [[nodiscard]] QuantizeReport& report() { return report_; }

 private:
  Status AddJob(const gguf::Tensor& source, const MixChoice& choice) {
    const tensor::TensorView& view = source.view;
    const bool converts = view.dtype != choice.dtype;
    if (converts && tensor::IsQuantized(view.dtype) && options_.requantize == Requantize::kRefuse) {
      return FailedPrecondition(fmt::format(
          "tensor {} is {} already, and quantising it again to {} adds to its errors; use the "
          "original F16, BF16 or F32 file, or allow requantising",
          source.name, tensor::Info(view.dtype).name, tensor::Info(choice.dtype).name));
    }
    Job job{&source, choice.dtype, nullptr, 1};
    if (converts) {
      ++report_.converted;
      LEMMA_RETURN_IF_ERROR(FindImportance(job));
    }
    if (choice.wanted) {
      report_.stand_ins.push_back(
          fmt::format("{}: {} for {}, rows of {}", source.name, tensor::Info(choice.dtype).name,
                      tensor::Info(*choice.wanted).name, view.shape.columns()));
    }
    LEMMA_RETURN_IF_ERROR(writer_.AddTensor(source.name, choice.dtype, view.shape));
    progress_.bytes += job.target_bytes(view.shape.elements());
    jobs_.push_back(job);
    return OkStatus();
  }

  Status FindImportance(Job& job) {
    if (options_.importance == nullptr) return OkStatus();
    const auto found = options_.importance->find(job.source->name);
    if (found == options_.importance->end()) {
      report_.without_importance.push_back(job.source->name);
      return OkStatus();
    }
    const std::vector<float>& weights = found->second;
    const tensor::Shape& shape = job.shape();
    const uint64_t matrices = shape.dims[2] * shape.dims[3];
    if (weights.size() != shape.columns() * matrices) {
      return InvalidArgument(fmt::format("importance of {} has {} values, expected {}",
                                         job.source->name, weights.size(),
                                         shape.columns() * matrices));
    }
    for (const float w : weights) {
      if (!(std::isfinite(w) && w >= 0.0F)) {
        return InvalidArgument(
            fmt::format("importance of {} holds {}, expected finite numbers of "
                        "at least 0",
                        job.source->name, w));
      }
    }
    job.importance = weights.data();
    job.matrices = matrices;
    return OkStatus();
  }

  Status CopyBytes(const Job& job) {
    std::span<const std::byte> rest = job.source->view.bytes;
    if (!tensor::RowIsFinite(job.target, rest)) return DataLoss("it holds an infinity or NaN");
    constexpr size_t kCopyBytes = 16 << 20;
    while (!rest.empty()) {
      const auto part = rest.first(std::min(rest.size(), kCopyBytes));
      LEMMA_RETURN_IF_ERROR(Emit(part));
      rest = rest.subspan(part.size());
    }
    return OkStatus();
  }

  Status Convert(const Job& job) {
    const uint64_t pieces = job.pieces();
    for (uint64_t first = 0; first < pieces; first += kChunkPieces) {
      const uint64_t count = std::min(kChunkPieces, pieces - first);
      const Piece last = job.piece(first + count - 1);
      const uint64_t begin = job.target_offset(job.piece(first));
      const uint64_t end = job.target_offset(last) + job.target_bytes(last.count);
      output_.resize(end - begin);
      std::atomic<bool> bad_input = false;
      std::atomic<bool> bad_output = false;
      pool_.ParallelFor(count, 1, [&](size_t from, size_t to, int worker) {
        std::vector<float>& values = scratch_[static_cast<size_t>(worker)];
        for (size_t i = from; i < to; ++i) {
          const Piece piece = job.piece(first + i);
          const std::span<std::byte> out = std::span(output_).subspan(
              job.target_offset(piece) - begin, job.target_bytes(piece.count));
          if (!Decode(job, piece, values)) {
            bad_input = true;
            return;  // the encoders take finite numbers only
          }
          Encode(job, piece, values, out);
          if (!tensor::RowIsFinite(job.target, out)) bad_output = true;
        }
      });
      if (bad_input) return DataLoss("it holds an infinity or NaN");
      if (bad_output) {
        return InvalidArgument(
            fmt::format("it holds numbers too large for {}", tensor::Info(job.target).name));
      }
      LEMMA_RETURN_IF_ERROR(Emit(output_));
    }
    return OkStatus();
  }

  // False when the source is not finite.
  static bool Decode(const Job& job, const Piece& piece, std::vector<float>& values) {
    const tensor::TensorView& view = job.source->view;
    const tensor::DTypeInfo& info = tensor::Info(view.dtype);
    const std::byte* bytes =
        view.row(piece.row) + piece.column / info.block_elems * info.block_bytes;
    info.decode(bytes, values.data(), piece.count);
    return info.all_finite(bytes, piece.count);
  }

  static void Encode(const Job& job, const Piece& piece, const std::vector<float>& values,
                     std::span<std::byte> out) {
    const float* importance = job.importance;
    if (importance != nullptr) {
      const uint64_t matrix = job.matrices == 1 ? 0 : piece.row / job.shape().dims[1];
      importance += matrix * job.shape().columns() + piece.column;
    }
    tensor::Info(job.target).encode(values.data(), out.data(), piece.count, importance);
  }

  Status Emit(std::span<const std::byte> bytes) {
    if (options_.cancel != nullptr && options_.cancel->load(std::memory_order_relaxed)) {
      return Status(StatusCode::kCancelled, "stopped; no output was left");
    }
    LEMMA_RETURN_IF_ERROR(writer_.AppendData(bytes));
    progress_.bytes_done += bytes.size();
    if (options_.on_progress) options_.on_progress(progress_);
    return OkStatus();
  }

  const gguf::File& file_;
  const QuantizeOptions& options_;
  ThreadPool pool_;
  gguf::Writer writer_;
  std::vector<Job> jobs_;
  std::vector<std::vector<float>> scratch_;  // one a worker
  std::vector<std::byte> output_;
  QuantizeProgress progress_;
  QuantizeReport report_;
};

}  // namespace

Result<QuantizeReport> QuantizeFile(const fs::path& input, const fs::path& output,
                                    const QuantizeOptions& options) {
  LEMMA_RETURN_IF_ERROR(CheckPaths(input, output));
  LEMMA_ASSIGN_OR_RETURN(const auto file, gguf::File::Open(input));
  Quantizer quantizer(*file, options);
  const Status planned = quantizer.Plan();
  if (!planned.ok()) return planned.WithContext(input.string());
  LEMMA_RETURN_IF_ERROR(CheckDisk(output, quantizer.report().output_bytes));
  LEMMA_ASSIGN_OR_RETURN(AtomicFileWriter writer, AtomicFileWriter::Create(output));
  gguf::FileSink sink(writer);
  const Status written = quantizer.Write(sink);
  if (!written.ok()) return written.WithContext(input.string());
  LEMMA_RETURN_IF_ERROR(writer.Commit());
  return std::move(quantizer.report());
}

}  // namespace lemma::model
