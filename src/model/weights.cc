// SPDX-License-Identifier: Apache-2.0
#include "model/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <unordered_set>

#include "tensor/dtype.h"
#include "tensor/view.h"

namespace lemma::model {
namespace {

enum class Presence : uint8_t { kRequired, kOptional };

// One tensor of the model: what the file must hold and where it goes. Either `matrix` or `vector`.
struct Slot {
  std::string name;
  uint64_t columns = 0;
  uint64_t rows = 0;  // matrices only
  Presence presence = Presence::kRequired;
  Matrix* matrix = nullptr;
  std::vector<float>* vector = nullptr;
  const gguf::Tensor* tensor = nullptr;  // found by CheckSlots; null: optional and absent

  [[nodiscard]] std::string ExpectedShape() const {
    return matrix != nullptr ? fmt::format("[{}, {}]", columns, rows)
                             : fmt::format("[{}]", columns);
  }
};

class SlotList {
 public:
  void Add(std::string name, uint64_t columns, uint64_t rows, Matrix& to) {
    slots_.push_back({std::move(name), columns, rows, Presence::kRequired, &to, nullptr, nullptr});
  }
  void Add(std::string name, uint64_t length, std::vector<float>& to,
           Presence presence = Presence::kRequired) {
    slots_.push_back({std::move(name), length, 0, presence, nullptr, &to, nullptr});
  }
  std::vector<Slot> Take() { return std::move(slots_); }

 private:
  std::vector<Slot> slots_;
};

void AddLayer(const ModelConfig& config, size_t index, LayerWeights& layer, SlotList& list) {
  const uint64_t d = config.embedding;
  const uint64_t h = config.heads * config.head_dim;
  const uint64_t g = config.kv_heads * config.head_dim;
  const uint64_t f = config.feed_forward;
  const Presence bias = config.qkv_bias ? Presence::kRequired : Presence::kOptional;
  const auto name = [index](std::string_view tail) {
    return fmt::format("blk.{}.{}", index, tail);
  };

  list.Add(name("attn_norm.weight"), d, layer.attention_norm);
  list.Add(name("attn_q.weight"), d, h, layer.q);
  list.Add(name("attn_k.weight"), d, g, layer.k);
  list.Add(name("attn_v.weight"), d, g, layer.v);
  list.Add(name("attn_q.bias"), h, layer.q_bias, bias);
  list.Add(name("attn_k.bias"), g, layer.k_bias, bias);
  list.Add(name("attn_v.bias"), g, layer.v_bias, bias);
  if (config.qk_norm) {
    list.Add(name("attn_q_norm.weight"), config.head_dim, layer.q_norm);
    list.Add(name("attn_k_norm.weight"), config.head_dim, layer.k_norm);
  }
  list.Add(name("attn_output.weight"), h, d, layer.o);
  list.Add(name("attn_output.bias"), d, layer.o_bias, Presence::kOptional);
  list.Add(name("ffn_norm.weight"), d, layer.feed_forward_norm);
  list.Add(name("ffn_gate.weight"), d, f, layer.gate);
  list.Add(name("ffn_up.weight"), d, f, layer.up);
  list.Add(name("ffn_down.weight"), f, d, layer.down);
}

// Pointers into `weights`, which must not move until they are used.
std::vector<Slot> MakeSlots(const ModelConfig& config, Weights& weights) {
  SlotList list;
  list.Add("token_embd.weight", config.embedding, config.vocab, weights.token_embedding);
  weights.layers.resize(config.layers);
  for (size_t i = 0; i < config.layers; ++i) AddLayer(config, i, weights.layers[i], list);
  list.Add("output_norm.weight", config.embedding, weights.output_norm);
  if (!config.tied_output) {
    list.Add("output.weight", config.embedding, config.vocab, weights.output);
  }
  return list.Take();
}

uint64_t SourceBytes(const Slot& slot) {
  return slot.tensor == nullptr ? 0 : slot.tensor->view.bytes.size();
}

Status CheckSlot(const gguf::File& file, Slot& slot) {
  slot.tensor = file.FindTensor(slot.name);
  if (slot.tensor == nullptr) {
    if (slot.presence == Presence::kOptional) return OkStatus();
    return DataLoss(
        fmt::format("tensor {} is missing, expected {}", slot.name, slot.ExpectedShape()));
  }
  const tensor::TensorView& view = slot.tensor->view;
  const uint64_t rows = slot.matrix != nullptr ? slot.rows : 1;
  if (view.shape.columns() != slot.columns || view.shape.rows() != rows) {
    return DataLoss(fmt::format("tensor {} has shape {}, expected {}", slot.name,
                                tensor::ShapeToString(view.shape), slot.ExpectedShape()));
  }
  const tensor::DTypeInfo& info = tensor::Info(view.dtype);
  if (slot.vector != nullptr && info.block_elems != 1) {
    return DataLoss(
        fmt::format("tensor {} has type {}, expected F32, F16 or BF16", slot.name, info.name));
  }
  return OkStatus();
}

// A tensor that we would leave unread is a part of the model that we would leave out.
void RefuseUnusedTensors(const gguf::File& file, const std::vector<Slot>& slots,
                         std::vector<Status>& problems) {
  std::unordered_set<std::string_view> used = {"rope_freqs.weight"};  // read by ReadConfig
  for (const Slot& slot : slots) used.insert(slot.name);
  for (const gguf::Tensor& tensor : file.tensors()) {
    if (!used.contains(tensor.name)) {
      problems.push_back(
          Unsupported(fmt::format("tensor {} {} is no part of this architecture as supported",
                                  tensor.name, tensor::ShapeToString(tensor.view.shape))));
    }
  }
}

// Finds the tensor of each slot.
std::vector<Status> CheckSlots(const gguf::File& file, std::vector<Slot>& slots) {
  std::vector<Status> problems;
  for (Slot& slot : slots) {
    if (Status status = CheckSlot(file, slot); !status.ok()) problems.push_back(std::move(status));
  }
  RefuseUnusedTensors(file, slots, problems);
  return problems;
}

Status ReadVector(const Slot& slot) {
  const tensor::TensorView& view = slot.tensor->view;
  slot.vector->resize(slot.columns);
  tensor::Info(view.dtype).decode(view.bytes.data(), slot.vector->data(), slot.columns);
  const auto bad = std::find_if(slot.vector->begin(), slot.vector->end(),
                                [](float value) { return !std::isfinite(value); });
  if (bad == slot.vector->end()) return OkStatus();
  return DataLoss(fmt::format("tensor {} holds {} at {}, expected a finite number", slot.name, *bad,
                              bad - slot.vector->begin()));
}

Status FillSlot(const Slot& slot, kernels::Ops& ops) {
  if (slot.vector != nullptr) return ReadVector(slot);
  Result<Matrix> packed = ops.Pack(slot.tensor->view);
  if (!packed.ok()) return packed.status().WithContext(fmt::format("tensor {}", slot.name));
  *slot.matrix = std::move(packed).value();
  return OkStatus();
}

}  // namespace

uint64_t Weights::bytes_per_token() const {
  uint64_t bytes = output_head().bytes() + token_embedding->bytes() / token_embedding->rows();
  const auto add_matrix = [&bytes](const Matrix& matrix) { bytes += matrix->bytes(); };
  const auto add_vector = [&bytes](const std::vector<float>& vector) {
    bytes += vector.size() * sizeof(float);
  };
  for (const LayerWeights& layer : layers) {
    for (const Matrix* matrix :
         {&layer.q, &layer.k, &layer.v, &layer.o, &layer.gate, &layer.up, &layer.down}) {
      add_matrix(*matrix);
    }
    for (const std::vector<float>* vector :
         {&layer.attention_norm, &layer.q_bias, &layer.k_bias, &layer.v_bias, &layer.q_norm,
          &layer.k_norm, &layer.o_bias, &layer.feed_forward_norm}) {
      add_vector(*vector);
    }
  }
  add_vector(output_norm);
  return bytes;
}

std::vector<Status> CheckTensors(const gguf::File& file, const ModelConfig& config) {
  Weights weights;
  std::vector<Slot> slots = MakeSlots(config, weights);
  return CheckSlots(file, slots);
}

Result<Weights> LoadWeights(const gguf::File& file, const ModelConfig& config, kernels::Ops& ops,
                            const std::function<bool(double)>& progress) {
  Weights weights;
  std::vector<Slot> slots = MakeSlots(config, weights);
  const std::vector<Status> problems = CheckSlots(file, slots);
  if (!problems.empty()) return problems.front();
  uint64_t total = 0;
  for (const Slot& slot : slots) total += SourceBytes(slot);
  // A tensor is in memory twice while it is packed: largest first keeps the peak low.
  std::stable_sort(slots.begin(), slots.end(),
                   [](const Slot& a, const Slot& b) { return SourceBytes(a) > SourceBytes(b); });

  uint64_t done = 0;
  for (const Slot& slot : slots) {
    if (slot.tensor == nullptr) continue;
    LEMMA_RETURN_IF_ERROR(FillSlot(slot, ops));
    file.DropTensor(*slot.tensor);
    done += SourceBytes(slot);
    if (progress && !progress(static_cast<double>(done) / static_cast<double>(total))) {
      return Status(StatusCode::kCancelled, "loading the model was cancelled");
    }
  }
  return weights;
}

}  // namespace lemma::model
