// SPDX-License-Identifier: Apache-2.0
#include "gguf/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "gguf/format.h"
#include "gguf/parser.h"
#include "gguf/split_name.h"

namespace lemma::gguf {
namespace {

// The part of a set that the metadata of one file speaks of. Absent keys: a single file.
struct SplitKeys {
  uint64_t number = 0;  // from 0
  uint64_t count = 0;   // 0 or 1: a single file
  std::optional<uint64_t> tensors;
};

const Pair* FindPair(std::span<const Pair> pairs, std::string_view key) {
  const auto at =
      std::find_if(pairs.begin(), pairs.end(), [&](const Pair& p) { return p.key == key; });
  return at == pairs.end() ? nullptr : &*at;
}

Result<std::optional<uint64_t>> ReadUint(std::span<const Pair> pairs, std::string_view key) {
  const Pair* pair = FindPair(pairs, key);
  if (pair == nullptr) return std::optional<uint64_t>();
  auto value = pair->value.AsUint();
  if (!value.ok()) return value.status().WithContext(Quote(key));
  return std::optional<uint64_t>(*value);
}

Result<SplitKeys> ReadSplitKeys(std::span<const Pair> pairs) {
  SplitKeys out;
  LEMMA_ASSIGN_OR_RETURN(const auto number, ReadUint(pairs, kSplitNumberKey));
  LEMMA_ASSIGN_OR_RETURN(const auto count, ReadUint(pairs, kSplitCountKey));
  LEMMA_ASSIGN_OR_RETURN(out.tensors, ReadUint(pairs, kSplitTensorsKey));
  out.number = number.value_or(0);
  out.count = count.value_or(0);
  return out;
}

Result<ParsedFile> ParseOne(std::span<const std::byte> bytes, const Limits& limits,
                            uint32_t file_index) {
  return Parser(bytes, limits, file_index).Parse();
}

Status CheckPart(const SplitKeys& keys, uint64_t number, uint64_t count) {
  if (keys.number != number) {
    return DataLoss(fmt::format("{}: expected {} as its name says, found {}",
                                Quote(kSplitNumberKey), number, keys.number));
  }
  if (keys.count != count) {
    return DataLoss(fmt::format("{}: expected {} as in its name, found {}", Quote(kSplitCountKey),
                                count, keys.count));
  }
  return OkStatus();
}

}  // namespace

struct File::Impl {
  std::filesystem::path path;
  std::vector<MappedFile> maps;  // empty when parsed from memory
  uint64_t total_bytes = 0;
  size_t num_files = 1;
  ParsedFile parsed;

  Status OpenParts(const SplitKeys& keys, const Limits& limits);
  Status AddPart(const std::filesystem::path& part_path, uint32_t index, uint64_t count,
                 const Limits& limits);
  Status IndexAllParts();
};

// Opens the siblings of a first part that is already parsed.
Status File::Impl::OpenParts(const SplitKeys& keys, const Limits& limits) {
  if (keys.count > limits.max_files) {
    return ResourceExhausted(fmt::format("{}: {} parts are over the limit of {}",
                                         Quote(kSplitCountKey), keys.count, limits.max_files));
  }
  const auto name = ParseSplitName(path);
  if (keys.number != 0) {
    const std::string first = name ? name->PartPath(1).filename().string() : "the first part";
    return InvalidArgument(fmt::format("this is part {} of {} of a split file; open {} instead",
                                       keys.number + 1, keys.count, first));
  }
  if (!name) {
    return InvalidArgument(fmt::format(
        "this is part 1 of {0} of a split file; it must be named NAME-00001-of-{0:05}.gguf, with "
        "the other parts beside it",
        keys.count));
  }
  LEMMA_RETURN_IF_ERROR(CheckPart(keys, name->number - 1, name->count));
  for (uint32_t part = 2; part <= name->count; ++part) {
    const auto part_path = name->PartPath(part);
    const Status status = AddPart(part_path, part - 1, name->count, limits);
    if (!status.ok()) {
      return status.WithContext(fmt::format("part {} of {} ({})", part, name->count,
                                            Quote(part_path.filename().string())));
    }
  }
  if (keys.tensors && *keys.tensors != parsed.tensors.size()) {
    return DataLoss(fmt::format("{}: expected {} tensors, the {} parts hold {}",
                                Quote(kSplitTensorsKey), *keys.tensors, keys.count,
                                parsed.tensors.size()));
  }
  return IndexAllParts();
}

Status File::Impl::AddPart(const std::filesystem::path& part_path, uint32_t index, uint64_t count,
                           const Limits& limits) {
  LEMMA_ASSIGN_OR_RETURN(MappedFile map, MappedFile::Open(part_path));
  LEMMA_ASSIGN_OR_RETURN(ParsedFile part, ParseOne(map.bytes(), limits, index));
  LEMMA_ASSIGN_OR_RETURN(const SplitKeys keys, ReadSplitKeys(part.pairs));
  LEMMA_RETURN_IF_ERROR(CheckPart(keys, index, count));
  if (part.tensors.size() > limits.max_tensors - parsed.tensors.size()) {
    return ResourceExhausted(
        fmt::format("tensor count of the set is over the limit of {}", limits.max_tensors));
  }
  std::move(part.tensors.begin(), part.tensors.end(), std::back_inserter(parsed.tensors));
  total_bytes += map.bytes().size();
  maps.push_back(std::move(map));
  num_files = maps.size();
  return OkStatus();
}

// The index of the first part covers its own tensors only.
Status File::Impl::IndexAllParts() {
  parsed.tensor_order = SortedByName<Tensor>(parsed.tensors, &Tensor::name);
  const auto& order = parsed.tensor_order;
  for (size_t i = 1; i < order.size(); ++i) {
    const Tensor& first = parsed.tensors[order[i - 1]];
    const Tensor& second = parsed.tensors[order[i]];
    if (first.name != second.name) continue;
    return DataLoss(fmt::format("tensor {} is in part {} and in part {}", Quote(first.name),
                                first.file_index + 1, second.file_index + 1));
  }
  return OkStatus();
}

File::File(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
File::~File() = default;

Result<std::unique_ptr<File>> File::Open(const std::filesystem::path& path, const Limits& limits) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  LEMMA_ASSIGN_OR_RETURN(MappedFile map, MappedFile::Open(path));
  impl->total_bytes = map.bytes().size();
  impl->maps.push_back(std::move(map));
  auto load = [&]() -> Status {
    LEMMA_ASSIGN_OR_RETURN(impl->parsed, ParseOne(impl->maps[0].bytes(), limits, 0));
    LEMMA_ASSIGN_OR_RETURN(const SplitKeys keys, ReadSplitKeys(impl->parsed.pairs));
    return keys.count > 1 ? impl->OpenParts(keys, limits) : OkStatus();
  };
  const Status status = load();
  if (!status.ok()) return status.WithContext(Quote(path.string()));
  return std::unique_ptr<File>(new File(std::move(impl)));
}

Result<std::unique_ptr<File>> File::Parse(std::span<const std::byte> bytes, const Limits& limits) {
  auto impl = std::make_unique<Impl>();
  impl->total_bytes = bytes.size();
  LEMMA_ASSIGN_OR_RETURN(impl->parsed, ParseOne(bytes, limits, 0));
  LEMMA_ASSIGN_OR_RETURN(const SplitKeys keys, ReadSplitKeys(impl->parsed.pairs));
  if (keys.count > 1) {
    return Unsupported(fmt::format("{}: this is one of {} parts; a split file is opened by path",
                                   Quote(kSplitCountKey), keys.count));
  }
  return std::unique_ptr<File>(new File(std::move(impl)));
}

uint32_t File::version() const { return impl_->parsed.version; }
uint32_t File::alignment() const { return impl_->parsed.alignment; }
uint64_t File::total_bytes() const { return impl_->total_bytes; }
size_t File::num_files() const { return impl_->num_files; }
const std::filesystem::path& File::path() const { return impl_->path; }
std::span<const Pair> File::pairs() const { return impl_->parsed.pairs; }
std::span<const Tensor> File::tensors() const { return impl_->parsed.tensors; }

const Value* File::Find(std::string_view key) const {
  const auto& order = impl_->parsed.pair_order;
  const auto at = std::lower_bound(
      order.begin(), order.end(), key,
      [&](uint32_t i, std::string_view wanted) { return impl_->parsed.pairs[i].key < wanted; });
  if (at == order.end() || impl_->parsed.pairs[*at].key != key) return nullptr;
  return &impl_->parsed.pairs[*at].value;
}

const Tensor* File::FindTensor(std::string_view name) const {
  const auto& order = impl_->parsed.tensor_order;
  const auto at = std::lower_bound(
      order.begin(), order.end(), name,
      [&](uint32_t i, std::string_view wanted) { return impl_->parsed.tensors[i].name < wanted; });
  if (at == order.end() || impl_->parsed.tensors[*at].name != name) return nullptr;
  return &impl_->parsed.tensors[*at];
}

namespace {

// Applies a typed accessor; absence gives nullopt, and an error names the key.
template <typename T>
Result<std::optional<T>> Get(const Value* value, std::string_view key,
                             Result<T> (Value::*accessor)() const) {
  if (value == nullptr) return std::optional<T>();
  auto out = (value->*accessor)();
  if (!out.ok()) return out.status().WithContext(Quote(key));
  return std::optional<T>(std::move(out).value());
}

}  // namespace

Result<std::optional<uint64_t>> File::GetUint(std::string_view key) const {
  return Get(Find(key), key, &Value::AsUint);
}

Result<std::optional<double>> File::GetDouble(std::string_view key) const {
  return Get(Find(key), key, &Value::AsDouble);
}

Result<std::optional<bool>> File::GetBool(std::string_view key) const {
  return Get(Find(key), key, &Value::AsBool);
}

Result<std::optional<std::string_view>> File::GetString(std::string_view key) const {
  return Get(Find(key), key, &Value::AsString);
}

void File::DropTensor(const Tensor& tensor) const {
  if (tensor.file_index >= impl_->maps.size()) return;
  impl_->maps[tensor.file_index].DropRange(tensor.file_offset, tensor.view.bytes.size());
}

}  // namespace lemma::gguf
