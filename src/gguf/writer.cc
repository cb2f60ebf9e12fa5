// SPDX-License-Identifier: Apache-2.0
#include "gguf/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/checked_math.h"
#include "base/file.h"
#include "gguf/format.h"

namespace lemma::gguf {
namespace {

template <typename T>
void AppendNumber(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

void AppendString(std::string& out, std::string_view text) {
  AppendNumber<uint64_t>(out, text.size());
  out += text;
}

void AppendType(std::string& out, ValueType type) {
  AppendNumber(out, static_cast<uint32_t>(type));
}

std::string ArrayHead(ValueType element, uint64_t count) {
  std::string out;
  AppendType(out, ValueType::kArray);
  AppendType(out, element);
  AppendNumber<uint64_t>(out, count);
  return out;
}

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

Status FileSink::Append(std::span<const std::byte> bytes) { return file_.Append(bytes); }

Status StringSink::Append(std::span<const std::byte> bytes) {
  out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return OkStatus();
}

Status Writer::Fail(Status status) {
  if (status_.ok()) status_ = std::move(status);
  return status_;
}

void Writer::Set(std::string_view key, std::string encoded) {
  if (phase_ != Phase::kDeclaring) {
    (void)Fail(FailedPrecondition(fmt::format("key {}: set after Begin", Quote(key))));
    return;
  }
  if (!IsValidName(key) || key.size() > Limits{}.max_key_bytes) {
    (void)Fail(InvalidArgument(fmt::format("key {}: not a valid key", Quote(key))));
    return;
  }
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& entry) { return entry.key == key; });
  if (at != entries_.end()) {
    at->encoded = std::move(encoded);
  } else {
    entries_.push_back({std::string(key), std::move(encoded)});
  }
}

template <typename T>
void Writer::SetScalar(std::string_view key, ValueType type, T value) {
  std::string encoded;
  AppendType(encoded, type);
  AppendNumber(encoded, value);
  Set(key, std::move(encoded));
}

template <typename T>
void Writer::SetArray(std::string_view key, ValueType type, std::span<const T> values) {
  std::string encoded = ArrayHead(type, values.size());
  encoded.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  Set(key, std::move(encoded));
}

void Writer::SetUint8(std::string_view key, uint8_t value) {
  SetScalar(key, ValueType::kUint8, value);
}
void Writer::SetInt8(std::string_view key, int8_t value) {
  SetScalar(key, ValueType::kInt8, value);
}
void Writer::SetUint16(std::string_view key, uint16_t value) {
  SetScalar(key, ValueType::kUint16, value);
}
void Writer::SetInt16(std::string_view key, int16_t value) {
  SetScalar(key, ValueType::kInt16, value);
}
void Writer::SetUint32(std::string_view key, uint32_t value) {
  SetScalar(key, ValueType::kUint32, value);
}
void Writer::SetInt32(std::string_view key, int32_t value) {
  SetScalar(key, ValueType::kInt32, value);
}
void Writer::SetUint64(std::string_view key, uint64_t value) {
  SetScalar(key, ValueType::kUint64, value);
}
void Writer::SetInt64(std::string_view key, int64_t value) {
  SetScalar(key, ValueType::kInt64, value);
}
void Writer::SetFloat32(std::string_view key, float value) {
  SetScalar(key, ValueType::kFloat32, value);
}
void Writer::SetFloat64(std::string_view key, double value) {
  SetScalar(key, ValueType::kFloat64, value);
}
void Writer::SetBool(std::string_view key, bool value) {
  SetScalar<uint8_t>(key, ValueType::kBool, value ? 1 : 0);
}

void Writer::SetString(std::string_view key, std::string_view value) {
  std::string encoded;
  AppendType(encoded, ValueType::kString);
  AppendString(encoded, value);
  Set(key, std::move(encoded));
}

void Writer::SetUint32s(std::string_view key, std::span<const uint32_t> values) {
  SetArray(key, ValueType::kUint32, values);
}
void Writer::SetInt32s(std::string_view key, std::span<const int32_t> values) {
  SetArray(key, ValueType::kInt32, values);
}
void Writer::SetFloat32s(std::string_view key, std::span<const float> values) {
  SetArray(key, ValueType::kFloat32, values);
}
void Writer::SetBools(std::string_view key, std::span<const bool> values) {
  std::string encoded = ArrayHead(ValueType::kBool, values.size());
  for (const bool value : values) encoded += value ? '\1' : '\0';
  Set(key, std::move(encoded));
}

void Writer::SetStrings(std::string_view key, std::span<const std::string_view> values) {
  std::string encoded = ArrayHead(ValueType::kString, values.size());
  for (const std::string_view value : values) AppendString(encoded, value);
  Set(key, std::move(encoded));
}

void Writer::Copy(const Pair& pair) {
  std::string encoded;
  if (pair.value.type() == ValueType::kArray) {
    encoded = ArrayHead(pair.value.element_type(), pair.value.count());
  } else {
    AppendType(encoded, pair.value.type());
  }
  const auto payload = pair.value.payload();
  encoded.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  Set(pair.key, std::move(encoded));
}

void Writer::Remove(std::string_view key) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.key == key; });
}

bool Writer::Has(std::string_view key) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.key == key; });
}

Status Writer::AddTensor(std::string_view name, tensor::DType dtype, const tensor::Shape& shape) {
  if (!status_.ok()) return status_;
  if (phase_ != Phase::kDeclaring) {
    return Fail(FailedPrecondition(fmt::format("tensor {}: added after Begin", Quote(name))));
  }
  if (!IsValidName(name) || name.size() > Limits{}.max_tensor_name_bytes) {
    return Fail(InvalidArgument(fmt::format("tensor {}: not a valid name", Quote(name))));
  }
  auto checked = tensor::MakeShape(std::span(shape.dims.data(), std::min<size_t>(shape.rank, 4)));
  if (!checked.ok()) return Fail(checked.status().WithContext(Quote(name)));
  auto bytes = tensor::TensorBytes(dtype, *checked);
  if (!bytes.ok()) return Fail(bytes.status().WithContext(Quote(name)));
  const auto at = std::lower_bound(names_.begin(), names_.end(), name);
  if (at != names_.end() && *at == name) {
    return Fail(InvalidArgument(fmt::format("tensor {}: added twice", Quote(name))));
  }
  names_.insert(at, std::string(name));
  tensors_.push_back({std::string(name), dtype, *checked, *bytes});
  return OkStatus();
}

Result<uint64_t> Writer::Alignment() const {
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [](const Entry& entry) { return entry.key == kAlignmentKey; });
  if (at == entries_.end()) return uint64_t{kDefaultAlignment};
  std::string expected_type;
  AppendType(expected_type, ValueType::kUint32);
  uint32_t alignment = 0;
  if (at->encoded.starts_with(expected_type)) {
    std::memcpy(&alignment, at->encoded.data() + expected_type.size(), sizeof(alignment));
  }
  if (!IsValidAlignment(alignment)) {
    return InvalidArgument(
        fmt::format("{}: expected a uint32, a power of two from 8 to 65536", Quote(kAlignmentKey)));
  }
  return uint64_t{alignment};
}

Result<std::string> Writer::EncodeHeader(uint64_t& data_bytes) const {
  if (!status_.ok()) return status_;
  LEMMA_ASSIGN_OR_RETURN(const uint64_t alignment, Alignment());
  std::string out(kMagic);
  AppendNumber<uint32_t>(out, kNewestVersion);
  AppendNumber<uint64_t>(out, tensors_.size());
  AppendNumber<uint64_t>(out, entries_.size());
  for (const Entry& entry : entries_) {
    AppendString(out, entry.key);
    out += entry.encoded;
  }
  data_bytes = 0;
  for (const TensorEntry& each : tensors_) {
    AppendString(out, each.name);
    AppendNumber<uint32_t>(out, each.shape.rank);
    for (uint32_t d = 0; d < each.shape.rank; ++d) AppendNumber(out, each.shape.dims[d]);
    AppendNumber<uint32_t>(out, tensor::Info(each.dtype).gguf_id);
    AppendNumber<uint64_t>(out, data_bytes);
    const auto end = CheckedAdd(data_bytes, each.bytes);
    const auto padded = end ? CheckedAlignUp(*end, alignment) : std::nullopt;
    if (!padded) return InvalidArgument("the tensors together exceed 2^64 bytes");
    data_bytes = *padded;
  }
  if (!tensors_.empty()) out.resize((out.size() + alignment - 1) / alignment * alignment, '\0');
  return out;
}

Result<uint64_t> Writer::TotalBytes() const {
  uint64_t data_bytes = 0;
  LEMMA_ASSIGN_OR_RETURN(const std::string header, EncodeHeader(data_bytes));
  const auto total = CheckedAdd<uint64_t>(header.size(), data_bytes);
  if (!total) return InvalidArgument("the tensors together exceed 2^64 bytes");
  return *total;
}

Status Writer::Begin(Sink& sink) {
  if (!status_.ok()) return status_;
  if (phase_ != Phase::kDeclaring) return Fail(FailedPrecondition("Begin was already called"));
  uint64_t data_bytes = 0;
  auto header = EncodeHeader(data_bytes);
  if (!header.ok()) return Fail(header.status());
  alignment_ = *Alignment();
  sink_ = &sink;
  phase_ = Phase::kData;
  return Fail(sink_->Append(AsBytes(*header)));
}

Status Writer::AppendData(std::span<const std::byte> bytes) {
  if (!status_.ok()) return status_;
  if (phase_ != Phase::kData) return Fail(FailedPrecondition("AppendData outside Begin..Finish"));
  if (bytes.empty()) return OkStatus();
  if (current_ == tensors_.size()) {
    return Fail(FailedPrecondition("AppendData after the last tensor was complete"));
  }
  const TensorEntry& entry = tensors_[current_];
  if (bytes.size() > entry.bytes - current_done_) {
    return Fail(
        InvalidArgument(fmt::format("tensor {}: got {} bytes, {} were missing", Quote(entry.name),
                                    bytes.size(), entry.bytes - current_done_)));
  }
  LEMMA_RETURN_IF_ERROR(Fail(sink_->Append(bytes)));
  current_done_ += bytes.size();
  if (current_done_ < entry.bytes) return OkStatus();
  LEMMA_RETURN_IF_ERROR(Pad());
  ++current_;
  current_done_ = 0;
  return OkStatus();
}

// Zeros after a complete tensor, the last one included, as GGUF writers do.
Status Writer::Pad() {
  const uint64_t padding = (alignment_ - current_done_ % alignment_) % alignment_;
  return Fail(sink_->Append(AsBytes(std::string(padding, '\0'))));
}

Status Writer::Finish() {
  if (!status_.ok()) return status_;
  if (phase_ != Phase::kData) return Fail(FailedPrecondition("Finish without Begin"));
  if (current_ != tensors_.size()) {
    const TensorEntry& entry = tensors_[current_];
    return Fail(FailedPrecondition(fmt::format("tensor {}: only {} of {} bytes were written",
                                               Quote(entry.name), current_done_, entry.bytes)));
  }
  phase_ = Phase::kFinished;
  return OkStatus();
}

}  // namespace lemma::gguf
