// SPDX-License-Identifier: Apache-2.0
// Typed access to metadata values. The parser has checked that the payload holds `count` elements
// of the element type; here only the asked type and range are checked.
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "gguf/format.h"

namespace lemma::gguf {
namespace {

template <typename T>
T Load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

// An integer of any width. Signed ones are sign-extended.
struct Integer {
  uint64_t bits = 0;
  bool negative = false;
};

Integer LoadInteger(const ValueTypeInfo& info, const std::byte* at) {
  Integer out;
  std::memcpy(&out.bits, at, info.bytes);
  if (info.kind == ValueKind::kSigned) {
    const uint32_t shift = 64 - 8 * info.bytes;
    const int64_t value = static_cast<int64_t>(out.bits << shift) >> shift;
    out.bits = static_cast<uint64_t>(value);
    out.negative = value < 0;
  }
  return out;
}

double LoadFloat(const ValueTypeInfo& info, const std::byte* at) {
  return info.bytes == sizeof(float) ? static_cast<double>(Load<float>(at)) : Load<double>(at);
}

bool IsInteger(const ValueTypeInfo& info) {
  return info.kind == ValueKind::kUnsigned || info.kind == ValueKind::kSigned;
}

std::string TypeText(const Value& value) {
  const std::string_view element = Info(value.element_type()).name;
  return value.type() == ValueType::kArray ? fmt::format("an array of {}", element)
                                           : fmt::format("a {}", element);
}

Status WrongType(const Value& value, std::string_view expected) {
  return InvalidArgument(fmt::format("value at offset {}: expected {}, found {}", value.offset(),
                                     expected, TypeText(value)));
}

Status ElementOutOfRange(const Value& value, uint64_t idx, std::string_view expected) {
  return InvalidArgument(
      fmt::format("value at offset {}: element {} is no {}", value.offset(), idx, expected));
}

constexpr uint64_t kMaxInt64 = std::numeric_limits<int64_t>::max();
constexpr uint64_t kMaxExactDouble = 1ULL << 53;

std::optional<int64_t> ToInt64(const Integer& integer) {
  if (!integer.negative && integer.bits > kMaxInt64) return std::nullopt;
  return static_cast<int64_t>(integer.bits);
}

// nullopt for an integer that a double cannot hold exactly.
std::optional<double> ToDouble(const ValueTypeInfo& info, const std::byte* at) {
  if (info.kind == ValueKind::kFloat) return LoadFloat(info, at);
  const std::optional<int64_t> value = ToInt64(LoadInteger(info, at));
  if (!value || std::abs(static_cast<double>(*value)) > static_cast<double>(kMaxExactDouble)) {
    return std::nullopt;
  }
  return static_cast<double>(*value);
}

}  // namespace

Result<uint64_t> Value::AsUint() const {
  const ValueTypeInfo& info = Info(type_);
  if (!IsInteger(info)) return WrongType(*this, "an unsigned integer");
  const Integer integer = LoadInteger(info, bytes_.data());
  if (integer.negative) {
    return InvalidArgument(fmt::format("value at offset {}: expected an unsigned integer, found {}",
                                       offset_, static_cast<int64_t>(integer.bits)));
  }
  return integer.bits;
}

Result<int64_t> Value::AsInt() const {
  const ValueTypeInfo& info = Info(type_);
  if (!IsInteger(info)) return WrongType(*this, "an integer");
  const Integer integer = LoadInteger(info, bytes_.data());
  if (const auto value = ToInt64(integer)) return *value;
  return InvalidArgument(fmt::format(
      "value at offset {}: expected a 64-bit signed integer, found {}", offset_, integer.bits));
}

Result<double> Value::AsDouble() const {
  const ValueTypeInfo& info = Info(type_);
  if (info.kind != ValueKind::kFloat && !IsInteger(info)) return WrongType(*this, "a number");
  if (const auto value = ToDouble(info, bytes_.data())) return *value;
  return InvalidArgument(
      fmt::format("value at offset {}: the integer is too large for a double", offset_));
}

Result<bool> Value::AsBool() const {
  if (type_ != ValueType::kBool) return WrongType(*this, "a bool");
  return bytes_[0] != std::byte{0};
}

Result<std::string_view> Value::AsString() const {
  if (type_ != ValueType::kString) return WrongType(*this, "a string");
  const auto text = bytes_.subspan(sizeof(uint64_t));
  return std::string_view(reinterpret_cast<const char*>(text.data()), text.size());
}

Result<std::vector<std::string_view>> Value::AsStrings() const {
  if (type_ != ValueType::kArray || element_type_ != ValueType::kString) {
    return WrongType(*this, "an array of strings");
  }
  std::vector<std::string_view> out;
  out.reserve(count_);
  const std::byte* at = bytes_.data();
  for (uint64_t i = 0; i < count_; ++i) {
    const auto length = Load<uint64_t>(at);
    at += sizeof(length);
    out.emplace_back(reinterpret_cast<const char*>(at), length);
    at += length;
  }
  return out;
}

Result<std::vector<int64_t>> Value::AsInts() const {
  const ValueTypeInfo& info = Info(element_type_);
  if (type_ != ValueType::kArray || !IsInteger(info))
    return WrongType(*this, "an array of integers");
  std::vector<int64_t> out;
  out.reserve(count_);
  for (uint64_t i = 0; i < count_; ++i) {
    const auto value = ToInt64(LoadInteger(info, bytes_.data() + i * info.bytes));
    if (!value) return ElementOutOfRange(*this, i, "64-bit signed integer");
    out.push_back(*value);
  }
  return out;
}

Result<std::vector<double>> Value::AsDoubles() const {
  const ValueTypeInfo& info = Info(element_type_);
  if (type_ != ValueType::kArray || (info.kind != ValueKind::kFloat && !IsInteger(info))) {
    return WrongType(*this, "an array of numbers");
  }
  std::vector<double> out;
  out.reserve(count_);
  for (uint64_t i = 0; i < count_; ++i) {
    const auto value = ToDouble(info, bytes_.data() + i * info.bytes);
    if (!value) return ElementOutOfRange(*this, i, "integer that a double can hold");
    out.push_back(*value);
  }
  return out;
}

Result<std::vector<bool>> Value::AsBools() const {
  if (type_ != ValueType::kArray || element_type_ != ValueType::kBool) {
    return WrongType(*this, "an array of bools");
  }
  std::vector<bool> out;
  out.reserve(count_);
  for (const std::byte b : bytes_) out.push_back(b != std::byte{0});
  return out;
}

}  // namespace lemma::gguf
