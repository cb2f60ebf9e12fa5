// SPDX-License-Identifier: Apache-2.0
#include "gguf/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/utf8.h"

namespace lemma::gguf {
namespace {

// Indexed by the id.
constexpr std::array<ValueTypeInfo, 13> kValueTypes = {{
    {ValueType::kUint8, "uint8", 1, ValueKind::kUnsigned},
    {ValueType::kInt8, "int8", 1, ValueKind::kSigned},
    {ValueType::kUint16, "uint16", 2, ValueKind::kUnsigned},
    {ValueType::kInt16, "int16", 2, ValueKind::kSigned},
    {ValueType::kUint32, "uint32", 4, ValueKind::kUnsigned},
    {ValueType::kInt32, "int32", 4, ValueKind::kSigned},
    {ValueType::kFloat32, "float32", 4, ValueKind::kFloat},
    {ValueType::kBool, "bool", 1, ValueKind::kBool},
    {ValueType::kString, "string", 0, ValueKind::kString},
    {ValueType::kArray, "array", 0, ValueKind::kArray},
    {ValueType::kUint64, "uint64", 8, ValueKind::kUnsigned},
    {ValueType::kInt64, "int64", 8, ValueKind::kSigned},
    {ValueType::kFloat64, "float64", 8, ValueKind::kFloat},
}};

constexpr uint64_t kMinAlignment = 8;
constexpr uint64_t kMaxAlignment = 65536;

bool IsControl(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
}

}  // namespace

const ValueTypeInfo* FindValueType(uint32_t id) {
  return id < kValueTypes.size() ? &kValueTypes[id] : nullptr;
}

const ValueTypeInfo& Info(ValueType type) { return kValueTypes[static_cast<size_t>(type)]; }

bool IsValidAlignment(uint64_t alignment) {
  return std::has_single_bit(alignment) && alignment >= kMinAlignment && alignment <= kMaxAlignment;
}

bool IsValidName(std::string_view name) {
  if (name.empty()) return false;
  // Nearly all names are printable ASCII: one pass that the compiler vectorises.
  uint32_t odd = 0;
  for (const char c : name) odd |= c < ' ' || c > '~' ? 1U : 0U;
  if (odd == 0) return true;
  while (!name.empty()) {
    const Utf8Char c = DecodeUtf8(name);
    if (c.code_point == kInvalidUtf8 || IsControl(c.code_point)) return false;
    name.remove_prefix(c.length);
  }
  return true;
}

std::string Quote(std::string_view text) {
  constexpr size_t kShown = 80;
  std::string out = "'";
  std::string_view rest = text.substr(0, kShown);
  while (!rest.empty()) {
    const Utf8Char c = DecodeUtf8(rest);
    if (c.code_point == kInvalidUtf8 || IsControl(c.code_point)) {
      for (size_t i = 0; i < c.length; ++i) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(rest[i]));
      }
    } else {
      out += rest.substr(0, c.length);
    }
    rest.remove_prefix(c.length);
  }
  out += text.size() > kShown ? fmt::format("...' ({} bytes)", text.size()) : "'";
  return out;
}

}  // namespace lemma::gguf
