// SPDX-License-Identifier: Apache-2.0
#include "gguf/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/checked_math.h"
#include "gguf/format.h"
#include "gguf/sniff.h"

namespace lemma::gguf {
namespace {

// The least bytes one encoded thing can take; a count that cannot fit is refused unallocated.
constexpr uint64_t kMinPairBytes = 8 + 1 + 4 + 1;            // key, type, value
constexpr uint64_t kMinTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;  // name, rank, dim, type, offset

// A tensor that ends beyond this is a damaged offset, not an unfinished download.
constexpr uint64_t kLargestFile = 1ULL << 44;

constexpr std::string_view kIncomplete = "the file is damaged or the download is incomplete";

}  // namespace

template <typename Item>
std::vector<uint32_t> SortedByName(std::span<const Item> items, std::string Item::*name) {
  std::vector<uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const int cmp = (items[a].*name).compare(items[b].*name);
    return cmp != 0 ? cmp < 0 : a < b;
  });
  return order;
}

template std::vector<uint32_t> SortedByName<Pair>(std::span<const Pair>, std::string Pair::*);
template std::vector<uint32_t> SortedByName<Tensor>(std::span<const Tensor>, std::string Tensor::*);

Result<ParsedFile> Parser::Parse() {
  LEMMA_RETURN_IF_ERROR(ParseHeader());
  LEMMA_RETURN_IF_ERROR(ParsePairs());
  LEMMA_RETURN_IF_ERROR(IndexKeys());
  LEMMA_RETURN_IF_ERROR(ReadAlignment());
  LEMMA_RETURN_IF_ERROR(ParseTensorInfos());
  LEMMA_RETURN_IF_ERROR(IndexTensors());
  LEMMA_RETURN_IF_ERROR(PlaceTensors());
  LEMMA_RETURN_IF_ERROR(CheckOverlap());
  return std::move(out_);
}

Status Parser::ParseHeader() {
  const std::string_view text(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  if (!text.starts_with(kMagic)) return NotGguf(bytes_);
  LEMMA_RETURN_IF_ERROR(reader_.Skip(kMagic.size(), "magic"));
  LEMMA_ASSIGN_OR_RETURN(out_.version, reader_.Read<uint32_t>("version"));
  if (out_.version != 0 && (out_.version & 0xFFFF) == 0) {
    return Unsupported(
        "version at offset 4: the file is big-endian GGUF; convert it on a little-endian machine");
  }
  if (out_.version < kOldestVersion || out_.version > kNewestVersion) {
    return Unsupported(fmt::format("version at offset 4: expected {} to {}, found {}{}",
                                   kOldestVersion, kNewestVersion, out_.version,
                                   out_.version == 1 ? "; convert the original model again" : ""));
  }
  LEMMA_ASSIGN_OR_RETURN(num_tensors_, reader_.Read<uint64_t>("tensor count"));
  LEMMA_ASSIGN_OR_RETURN(num_pairs_, reader_.Read<uint64_t>("metadata count"));
  LEMMA_RETURN_IF_ERROR(
      CheckCount("tensor count at offset 8", num_tensors_, limits_.max_tensors, kMinTensorBytes));
  return CheckCount("metadata count at offset 16", num_pairs_, limits_.max_pairs, kMinPairBytes);
}

Status Parser::CheckCount(std::string_view field, uint64_t count, uint64_t limit,
                          uint64_t min_bytes) {
  if (count > reader_.remaining() / min_bytes) {
    return DataLoss(
        fmt::format("{}: {} of at least {} bytes each cannot fit in the {} bytes left; {}", field,
                    count, min_bytes, reader_.remaining(), kIncomplete));
  }
  if (count > limit) {
    return ResourceExhausted(fmt::format("{}: {} is over the limit of {}", field, count, limit));
  }
  return OkStatus();
}

Result<std::string_view> Parser::ReadString(std::string_view field, uint64_t limit) {
  const uint64_t offset = reader_.position();
  LEMMA_ASSIGN_OR_RETURN(const auto length, reader_.Read<uint64_t>(field));
  if (length > reader_.remaining()) {
    return DataLoss(
        fmt::format("{} at offset {}: its length of {} bytes exceeds the {} bytes left; {}", field,
                    offset, length, reader_.remaining(), kIncomplete));
  }
  if (length > limit) {
    return ResourceExhausted(fmt::format(
        "{} at offset {}: its length of {} is over the limit of {}", field, offset, length, limit));
  }
  LEMMA_ASSIGN_OR_RETURN(const auto bytes, reader_.ReadBytes(length, field));
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<std::string> Parser::ReadName(std::string_view field, uint64_t limit) {
  const uint64_t offset = reader_.position();
  LEMMA_ASSIGN_OR_RETURN(const auto name, ReadString(field, limit));
  if (!IsValidName(name)) {
    return DataLoss(
        fmt::format("{} at offset {}: expected UTF-8 text without control characters, found {}",
                    field, offset, Quote(name)));
  }
  return std::string(name);
}

Status Parser::ParsePairs() {
  out_.pairs.resize(num_pairs_);
  for (uint64_t i = 0; i < num_pairs_; ++i) {
    Pair& pair = out_.pairs[i];
    auto key = ReadName("key", limits_.max_key_bytes);
    if (!key.ok()) return key.status().WithContext(fmt::format("metadata pair {}", i));
    pair.key = std::move(key).value();
    Status status = ParseValue(pair.value);
    if (status.ok()) status = CheckMetadataSize();
    if (!status.ok()) {
      return status.WithContext(fmt::format("metadata pair {} {}", i, Quote(pair.key)));
    }
  }
  return OkStatus();
}

Status Parser::CheckMetadataSize() const {
  if (reader_.position() <= limits_.max_metadata_bytes) return OkStatus();
  return ResourceExhausted(fmt::format("ends at offset {}, over the limit of {} bytes of metadata",
                                       reader_.position(), limits_.max_metadata_bytes));
}

Result<ValueType> Parser::ReadValueType(std::string_view field) {
  const uint64_t offset = reader_.position();
  LEMMA_ASSIGN_OR_RETURN(const auto id, reader_.Read<uint32_t>(field));
  const ValueTypeInfo* info = FindValueType(id);
  if (info == nullptr) {
    return DataLoss(fmt::format("{} at offset {}: expected 0 to 12, found {}", field, offset, id));
  }
  return info->type;
}

Status Parser::ParseValue(Value& value) {
  LEMMA_ASSIGN_OR_RETURN(value.type_, ReadValueType("value type"));
  value.element_type_ = value.type_;
  if (value.type_ == ValueType::kArray) {
    const uint64_t offset = reader_.position();
    LEMMA_ASSIGN_OR_RETURN(value.element_type_, ReadValueType("array element type"));
    if (value.element_type_ == ValueType::kArray) {
      return Unsupported(
          fmt::format("array element type at offset {}: expected numbers, bools or strings, found "
                      "nested arrays",
                      offset));
    }
    const uint64_t count_offset = reader_.position();
    LEMMA_ASSIGN_OR_RETURN(value.count_, reader_.Read<uint64_t>("array length"));
    const uint32_t fixed = Info(value.element_type_).bytes;
    LEMMA_RETURN_IF_ERROR(CheckCount(fmt::format("array length at offset {}", count_offset),
                                     value.count_, limits_.max_array_elements,
                                     fixed != 0 ? fixed : sizeof(uint64_t)));
  }
  return ParsePayload(value);
}

Status Parser::ParsePayload(Value& value) {
  value.offset_ = reader_.position();
  const ValueTypeInfo& info = Info(value.element_type_);
  if (info.kind == ValueKind::kString) {
    if (value.type_ == ValueType::kArray) {
      LEMMA_RETURN_IF_ERROR(SkipStrings(value.count_));
    } else {
      LEMMA_ASSIGN_OR_RETURN([[maybe_unused]] const auto text,
                             ReadString("string", limits_.max_string_bytes));
    }
    value.bytes_ = bytes_.subspan(value.offset_, reader_.position() - value.offset_);
    return OkStatus();
  }
  // Cannot overflow: CheckCount bounded an array, and a scalar counts as one.
  LEMMA_ASSIGN_OR_RETURN(value.bytes_, reader_.ReadBytes(value.count_ * info.bytes, "value"));
  return info.kind == ValueKind::kBool ? CheckBools(value.bytes_, value.offset_) : OkStatus();
}

// Vocabularies have hundreds of thousands of strings, a hostile file has millions: a plain loop,
// and the error is built by reading the bad one again.
Status Parser::SkipStrings(uint64_t count) {
  const uint64_t begin = reader_.position();
  uint64_t at = begin;
  uint64_t i = 0;
  for (; i < count; ++i) {
    uint64_t length = 0;
    if (bytes_.size() - at < sizeof(length)) break;
    std::memcpy(&length, bytes_.data() + at, sizeof(length));
    const uint64_t left = bytes_.size() - at - sizeof(length);
    if (length > left || length > limits_.max_string_bytes) break;
    at += sizeof(length) + length;
    if (at > limits_.max_metadata_bytes) break;
  }
  LEMMA_RETURN_IF_ERROR(reader_.Skip(at - begin, "strings"));
  LEMMA_RETURN_IF_ERROR(CheckMetadataSize());
  if (i == count) return OkStatus();
  return ReadString("string", limits_.max_string_bytes)
      .status()
      .WithContext(fmt::format("array element {}", i));
}

Status Parser::CheckBools(std::span<const std::byte> bytes, uint64_t offset) const {
  const auto bad =
      std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; });
  if (bad == bytes.end()) return OkStatus();
  return DataLoss(fmt::format("bool at offset {}: expected 0 or 1, found {}",
                              offset + static_cast<uint64_t>(bad - bytes.begin()),
                              static_cast<unsigned>(*bad)));
}

Status Parser::IndexKeys() {
  out_.pair_order = SortedByName<Pair>(out_.pairs, &Pair::key);
  const auto& order = out_.pair_order;
  for (size_t i = 1; i < order.size(); ++i) {
    const Pair& first = out_.pairs[order[i - 1]];
    const Pair& second = out_.pairs[order[i]];
    if (first.key != second.key) continue;
    return DataLoss(fmt::format(
        "metadata pair {} {}: the key was already used by pair {} (values at offsets {} and {})",
        order[i], Quote(second.key), order[i - 1], second.value.offset(), first.value.offset()));
  }
  return OkStatus();
}

Status Parser::ReadAlignment() {
  out_.alignment = kDefaultAlignment;
  const auto pair = std::find_if(out_.pairs.begin(), out_.pairs.end(),
                                 [](const Pair& p) { return p.key == kAlignmentKey; });
  if (pair == out_.pairs.end()) return OkStatus();
  const auto alignment = pair->value.AsUint();
  if (!alignment.ok()) return alignment.status().WithContext(Quote(kAlignmentKey));
  if (!IsValidAlignment(*alignment)) {
    return DataLoss(
        fmt::format("{} at offset {}: expected a power of two from 8 to 65536, found {}",
                    Quote(kAlignmentKey), pair->value.offset(), *alignment));
  }
  out_.alignment = static_cast<uint32_t>(*alignment);
  return OkStatus();
}

Status Parser::ParseTensorInfos() {
  out_.tensors.resize(num_tensors_);
  infos_.resize(num_tensors_);
  for (uint64_t i = 0; i < num_tensors_; ++i) {
    Tensor& tensor = out_.tensors[i];
    Status status = ParseTensorInfo(tensor, infos_[i]);
    if (status.ok()) status = CheckMetadataSize();
    if (!status.ok()) {
      return status.WithContext(tensor.name.empty()
                                    ? fmt::format("tensor info {}", i)
                                    : fmt::format("tensor {} {}", i, Quote(tensor.name)));
    }
  }
  return OkStatus();
}

Status Parser::ParseTensorInfo(Tensor& out, TensorInfo& info) {
  out.file_index = file_index_;
  info.info_offset = reader_.position();
  LEMMA_ASSIGN_OR_RETURN(out.name, ReadName("tensor name", limits_.max_tensor_name_bytes));
  const uint64_t dims_offset = reader_.position() + sizeof(uint32_t);  // after the rank
  LEMMA_ASSIGN_OR_RETURN(out.view.shape, ReadShape());
  const uint64_t type_offset = reader_.position();
  LEMMA_ASSIGN_OR_RETURN(const auto type_id, reader_.Read<uint32_t>("tensor type"));
  auto dtype = tensor::DTypeFromGgufId(type_id);
  if (!dtype.ok()) {
    return dtype.status().WithContext(fmt::format("tensor type at offset {}", type_offset));
  }
  out.view.dtype = *dtype;
  const auto size = tensor::TensorBytes(out.view.dtype, out.view.shape);
  if (!size.ok()) {
    return DataLoss(size.status().message())
        .WithContext(fmt::format("dimensions at offset {}", dims_offset));
  }
  info.data_bytes = *size;
  info.data_offset_field = reader_.position();
  LEMMA_ASSIGN_OR_RETURN(info.data_offset, reader_.Read<uint64_t>("tensor data offset"));
  if (info.data_offset % out_.alignment != 0) {
    return DataLoss(fmt::format(
        "tensor data offset at offset {}: expected a multiple of the alignment {}, found {}",
        info.data_offset_field, out_.alignment, info.data_offset));
  }
  return OkStatus();
}

Result<tensor::Shape> Parser::ReadShape() {
  const uint64_t offset = reader_.position();
  LEMMA_ASSIGN_OR_RETURN(const auto rank, reader_.Read<uint32_t>("rank"));
  if (rank == 0 || rank > tensor::kMaxDims) {
    return DataLoss(fmt::format("rank at offset {}: expected 1 to {}, found {}", offset,
                                tensor::kMaxDims, rank));
  }
  uint64_t dims[tensor::kMaxDims] = {};
  for (uint32_t d = 0; d < rank; ++d) {
    LEMMA_ASSIGN_OR_RETURN(dims[d], reader_.Read<uint64_t>("dimension"));
  }
  auto shape = tensor::MakeShape(std::span(dims, rank));
  if (!shape.ok()) {
    return DataLoss(shape.status().message())
        .WithContext(fmt::format("dimensions at offset {}", offset + sizeof(rank)));
  }
  return shape;
}

Status Parser::IndexTensors() {
  out_.tensor_order = SortedByName<Tensor>(out_.tensors, &Tensor::name);
  const auto& order = out_.tensor_order;
  for (size_t i = 1; i < order.size(); ++i) {
    const uint32_t first = order[i - 1];
    const uint32_t second = order[i];
    if (out_.tensors[first].name != out_.tensors[second].name) continue;
    return DataLoss(fmt::format(
        "tensor {} {} at offset {}: the name was already used by tensor {} at offset {}", second,
        Quote(out_.tensors[second].name), infos_[second].info_offset, first,
        infos_[first].info_offset));
  }
  return OkStatus();
}

Status Parser::PlaceTensors() {
  if (out_.tensors.empty()) return OkStatus();
  // Cannot overflow: a position is at most the size of the file.
  const uint64_t data_begin =
      CheckedAlignUp<uint64_t>(reader_.position(), out_.alignment).value_or(UINT64_MAX);
  for (size_t i = 0; i < out_.tensors.size(); ++i) {
    const auto begin = CheckedAdd(data_begin, infos_[i].data_offset);
    const auto end = begin ? CheckedAdd(*begin, infos_[i].data_bytes) : std::nullopt;
    if (!end || *end > bytes_.size()) return Truncated(i, data_begin);
    out_.tensors[i].file_offset = *begin;
    out_.tensors[i].view.bytes = bytes_.subspan(*begin, infos_[i].data_bytes);
  }
  return OkStatus();
}

// `first` is the first tensor that does not fit; the end of the last one says what is missing.
Status Parser::Truncated(size_t first, uint64_t data_begin) const {
  const TensorInfo& info = infos_[first];
  const std::string head =
      fmt::format("tensor {} {}: its data ({} bytes, offset field at {})", first,
                  Quote(out_.tensors[first].name), info.data_bytes, info.data_offset_field);
  unsigned __int128 needed = 0;
  for (const TensorInfo& each : infos_) {
    needed = std::max(
        needed, static_cast<unsigned __int128>(data_begin) + each.data_offset + each.data_bytes);
  }
  if (needed > kLargestFile) {
    return DataLoss(fmt::format("{} lies beyond any file: offset {}", head, info.data_offset));
  }
  return DataLoss(fmt::format(
      "{} goes past the end of the file: {} bytes are missing of {}; the download may be "
      "incomplete",
      head, static_cast<uint64_t>(needed) - bytes_.size(), static_cast<uint64_t>(needed)));
}

Status Parser::CheckOverlap() const {
  std::vector<uint32_t> order(out_.tensors.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return infos_[a].data_offset < infos_[b].data_offset; });
  for (size_t i = 1; i < order.size(); ++i) {
    const TensorInfo& low = infos_[order[i - 1]];
    const TensorInfo& high = infos_[order[i]];
    if (high.data_offset - low.data_offset >= low.data_bytes) continue;
    return DataLoss(fmt::format(
        "tensor {} {}: its data offset {} (field at offset {}) lies inside tensor {} {}, "
        "which covers [{}, {})",
        order[i], Quote(out_.tensors[order[i]].name), high.data_offset, high.data_offset_field,
        order[i - 1], Quote(out_.tensors[order[i - 1]].name), low.data_offset,
        low.data_offset + low.data_bytes));
  }
  return OkStatus();
}

}  // namespace lemma::gguf
