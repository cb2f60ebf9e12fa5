// SPDX-License-Identifier: Apache-2.0
#include "model/quantize_mix.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace lemma::model {
namespace {

using tensor::DType;

// For which layers (or models) a rule holds. "n" is the number of layers.
enum class When : uint8_t {
  kNever,
  kAlways,
  kFirstTwo,
  kFirstFour,
  kFirstEighth,     // layer < n/8
  kFirstSixteenth,  // layer < n/16
  kMoreBits,        // the first and last eighth, and every third layer between
  kManyGroups,      // at least 4 query heads a KV head
  kFirstEighthWithImportance,
  kFirstEighthWithoutImportance,
};

struct Rule {
  When when = When::kNever;
  DType then = DType::kF32;
  std::optional<DType> otherwise;  // absent: the base
};

struct Mix {
  FileTypeInfo info;
  Rule value;   // attn_v, attn_qkv
  Rule down;    // ffn_down
  Rule output;  // attn_output
};

constexpr Rule kBase{};

// One row a file type: all that distinguishes the mixes.
constexpr std::array kMixes = {
    Mix{{FileType::kF32, "F32", DType::kF32}, kBase, kBase, kBase},
    Mix{{FileType::kF16, "F16", DType::kF16}, kBase, kBase, kBase},
    Mix{{FileType::kBF16, "BF16", DType::kBF16}, kBase, kBase, kBase},
    Mix{{FileType::kQ4_0, "Q4_0", DType::kQ4_0},
        kBase,
        {When::kFirstEighthWithImportance, DType::kQ4_1, {}},
        kBase},
    Mix{{FileType::kQ4_1, "Q4_1", DType::kQ4_1}, kBase, kBase, kBase},
    Mix{{FileType::kQ5_0, "Q5_0", DType::kQ5_0},
        kBase,
        {When::kFirstEighthWithImportance, DType::kQ5_1, {}},
        kBase},
    Mix{{FileType::kQ5_1, "Q5_1", DType::kQ5_1}, kBase, kBase, kBase},
    Mix{{FileType::kQ8_0, "Q8_0", DType::kQ8_0}, kBase, kBase, kBase},
    Mix{{FileType::kQ2K, "Q2_K", DType::kQ2K},
        {When::kManyGroups, DType::kQ4K, DType::kQ3K},
        {When::kAlways, DType::kQ3K, {}},
        {When::kAlways, DType::kQ3K, {}}},
    Mix{{FileType::kQ3KS, "Q3_K_S", DType::kQ3K}, kBase, kBase, kBase},
    Mix{{FileType::kQ3KM, "Q3_K_M", DType::kQ3K},
        {When::kFirstTwo, DType::kQ5K, DType::kQ4K},
        {When::kFirstSixteenth, DType::kQ5K, DType::kQ4K},
        {When::kAlways, DType::kQ4K, {}}},
    Mix{{FileType::kQ3KL, "Q3_K_L", DType::kQ3K},
        {When::kAlways, DType::kQ5K, {}},
        {When::kAlways, DType::kQ5K, {}},
        {When::kAlways, DType::kQ5K, {}}},
    Mix{{FileType::kQ4KS, "Q4_K_S", DType::kQ4K},
        {When::kFirstFour, DType::kQ5K, {}},
        {When::kFirstEighth, DType::kQ5K, {}},
        kBase},
    Mix{{FileType::kQ4KM, "Q4_K_M", DType::kQ4K},
        {When::kMoreBits, DType::kQ6K, {}},
        {When::kMoreBits, DType::kQ6K, {}},
        kBase},
    Mix{{FileType::kQ5KS, "Q5_K_S", DType::kQ5K}, kBase, kBase, kBase},
    Mix{{FileType::kQ5KM, "Q5_K_M", DType::kQ5K},
        {When::kMoreBits, DType::kQ6K, {}},
        {When::kMoreBits, DType::kQ6K, {}},
        kBase},
    Mix{{FileType::kQ6K, "Q6_K", DType::kQ6K}, kBase, kBase, kBase},
    Mix{{FileType::kIQ4NL, "IQ4_NL", DType::kIQ4NL},
        {When::kManyGroups, DType::kQ5K, {}},
        {When::kFirstEighthWithoutImportance, DType::kQ5K, {}},
        kBase},
    Mix{{FileType::kIQ4XS, "IQ4_XS", DType::kIQ4XS},
        {When::kManyGroups, DType::kQ5K, {}},
        {When::kFirstEighthWithoutImportance, DType::kQ5K, {}},
        kBase},
};

constexpr auto kInfos = [] {
  std::array<FileTypeInfo, kMixes.size()> infos{};
  for (size_t i = 0; i < infos.size(); ++i) infos[i] = kMixes[i].info;
  return infos;
}();

const Mix& MixOf(FileType type) {
  return *std::find_if(kMixes.begin(), kMixes.end(),
                       [&](const Mix& mix) { return mix.info.type == type; });
}

// What stands in for a format when a row is no multiple of 256.
struct StandIn {
  DType wanted;
  DType instead;
};
constexpr StandIn kStandIns[] = {
    {DType::kIQ4XS, DType::kIQ4NL}, {DType::kQ2K, DType::kQ4_0}, {DType::kQ3K, DType::kQ4_0},
    {DType::kQ4K, DType::kQ5_0},    {DType::kQ5K, DType::kQ5_1}, {DType::kQ6K, DType::kQ8_0},
};

MixChoice FitRow(DType wanted, uint64_t columns) {
  const auto fits = [&](DType type) { return columns % tensor::Info(type).block_elems == 0; };
  if (fits(wanted)) return {wanted, std::nullopt};
  for (const StandIn& stand_in : kStandIns) {
    if (stand_in.wanted == wanted && fits(stand_in.instead)) return {stand_in.instead, wanted};
  }
  return {DType::kF16, wanted};
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Matrices that are small and sensitive, or no matrices to multiply by.
constexpr std::string_view kKept[] = {
    "_norm.weight",
    "ffn_gate_inp.weight",
    "altup",
    "laurel",
    "per_layer_model_proj",
    "position_embd.weight",
    "token_types.weight",
    "ssm_conv1d",
    "shortconv.conv.weight",
    "time_mix_",
    "attn_rel_b.weight",
    ".patch_embd",
};

bool IsQuantizable(const MixTensor& tensor) {
  if (tensor.shape.rank < 2 || !tensor.name.ends_with("weight")) return false;
  return std::none_of(std::begin(kKept), std::end(kKept),
                      [&](std::string_view part) { return Contains(tensor.name, part); });
}

enum class Role : uint8_t { kOutput, kTokenEmbedding, kValue, kDown, kAttentionOutput, kOther };

Role RoleOf(std::string_view name) {
  if (name == "output.weight") return Role::kOutput;
  if (name == "token_embd.weight") return Role::kTokenEmbedding;
  if (Contains(name, "attn_v.weight") || Contains(name, "attn_qkv.weight") ||
      Contains(name, "attn_kv_b.weight")) {
    return Role::kValue;
  }
  if (Contains(name, "attn_output.weight")) return Role::kAttentionOutput;
  if (Contains(name, "ffn_down")) return Role::kDown;
  return Role::kOther;
}

// The layer in "blk.<layer>.", -1 without.
int64_t LayerOf(std::string_view name) {
  constexpr std::string_view kPrefix = "blk.";
  if (!name.starts_with(kPrefix)) return -1;
  int64_t layer = -1;
  std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), layer);
  return layer;
}

// The first and the last eighth of the layers, and every third between.
bool WantsMoreBits(uint64_t layer, uint64_t layers) {
  const uint64_t eighth = layers / 8;
  return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

// `index` counts the tensors of a role, `count` is how many there are.
bool Holds(When when, uint64_t index, uint64_t count, const MixModel& model) {
  const bool first_eighth = index < count / 8;
  const bool importance = model.importance == ImportanceData::kPresent;
  switch (when) {
    case When::kNever:
      return false;
    case When::kAlways:
      return true;
    case When::kFirstTwo:
      return index < 2;
    case When::kFirstFour:
      return index < 4;
    case When::kFirstEighth:
      return first_eighth;
    case When::kFirstSixteenth:
      return index < count / 16;
    case When::kMoreBits:
      return WantsMoreBits(index, count);
    case When::kManyGroups:
      return model.kv_heads > 0 && model.heads / model.kv_heads >= 4;
    case When::kFirstEighthWithImportance:
      return first_eighth && importance;
    case When::kFirstEighthWithoutImportance:
      return first_eighth && !importance;
  }
  return false;
}

DType Apply(const Rule& rule, DType base, uint64_t index, uint64_t count, const MixModel& model) {
  if (Holds(rule.when, index, count, model)) return rule.then;
  return rule.otherwise.value_or(base);
}

// The 70B shapes share each attn_v among so many heads that more bits there cost next to nothing.
bool Is70B(const MixModel& model) {
  return model.layers == 80 && ((model.architecture == "llama" && model.heads != model.kv_heads) ||
                                model.architecture == "qwen2");
}

// Walks the tensors in order of layer, counting roles.
class Chooser {
 public:
  Chooser(const Mix& mix, const MixModel& model, std::span<const MixTensor> tensors)
      : mix_(mix), model_(model) {
    for (const MixTensor& tensor : tensors) {
      const Role role = RoleOf(tensor.name);
      values_ += role == Role::kValue;
      tied_ = tied_ && role != Role::kOutput;
    }
  }

  MixChoice Next(const MixTensor& tensor) {
    if (!IsQuantizable(tensor)) return {tensor.dtype, std::nullopt};
    const DType base = mix_.info.base;
    if (!tensor::IsQuantized(base)) return {base, std::nullopt};
    return FitRow(Wanted(tensor), tensor.shape.columns());
  }

 private:
  DType Wanted(const MixTensor& tensor) {
    const DType base = mix_.info.base;
    switch (RoleOf(tensor.name)) {
      case Role::kTokenEmbedding:
        return tied_ ? OutputType(tensor.shape.columns()) : base;
      case Role::kOutput:
        return OutputType(tensor.shape.columns());
      case Role::kValue: {
        const DType type = Apply(mix_.value, base, value_index_++, values_, model_);
        const bool few_bits = type == DType::kQ3K || type == DType::kQ4K;
        return few_bits && Is70B(model_) ? DType::kQ5K : type;
      }
      case Role::kDown:
        return Apply(mix_.down, base, down_index_++, model_.layers, model_);
      case Role::kAttentionOutput:
        return Apply(mix_.output, base, 0, 1, model_);
      case Role::kOther:
        return base;
    }
    return base;
  }

  [[nodiscard]] DType OutputType(uint64_t columns) const {
    const DType base = mix_.info.base;
    const bool fits = columns % tensor::Info(base).block_elems == 0;
    return fits && base != DType::kQ8_0 ? DType::kQ6K : DType::kQ8_0;
  }

  const Mix& mix_;
  const MixModel& model_;
  bool tied_ = true;
  uint64_t values_ = 0;
  uint64_t value_index_ = 0;
  uint64_t down_index_ = 0;
};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

}  // namespace

std::span<const FileTypeInfo> AllFileTypes() { return kInfos; }

const FileTypeInfo& FileTypeOf(FileType type) {
  return *std::find_if(kInfos.begin(), kInfos.end(),
                       [&](const FileTypeInfo& info) { return info.type == type; });
}

std::optional<FileType> FindFileType(std::string_view name) {
  std::string wanted = Lower(name);
  if (wanted == "q3_k" || wanted == "q4_k" || wanted == "q5_k") wanted += "_m";
  for (const FileTypeInfo& info : kInfos) {
    if (Lower(info.name) == wanted) return info.type;
  }
  return std::nullopt;
}

Result<std::vector<MixChoice>> ChooseTypes(FileType type, const MixModel& model,
                                           std::span<const MixTensor> tensors) {
  if (model.experts > 0 || model.architecture == "falcon") {
    return Unsupported(fmt::format(
        "choosing formats for architecture \"{}\" with {} experts: only dense models without "
        "rules of their own are supported",
        model.architecture, model.experts));
  }
  std::vector<size_t> order(tensors.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const auto key = [&](size_t i) { return std::pair(LayerOf(tensors[i].name), tensors[i].name); };
    return key(a) < key(b);
  });
  Chooser chooser(MixOf(type), model, tensors);
  std::vector<MixChoice> choices(tensors.size());
  for (const size_t i : order) choices[i] = chooser.Next(tensors[i]);
  return choices;
}

}  // namespace lemma::model
