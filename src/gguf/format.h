// SPDX-License-Identifier: Apache-2.0
// What the GGUF reader and writer share: constants, the one table of value types, and the rule of
// the alignment. The byte layout is drawn in reader.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gguf/reader.h"

namespace lemma::gguf {

inline constexpr std::string_view kMagic = "GGUF";
inline constexpr uint32_t kOldestVersion = 2;
inline constexpr uint32_t kNewestVersion = 3;
inline constexpr uint32_t kDefaultAlignment = 32;
inline constexpr std::string_view kAlignmentKey = "general.alignment";
inline constexpr std::string_view kSplitNumberKey = "split.no";
inline constexpr std::string_view kSplitCountKey = "split.count";
inline constexpr std::string_view kSplitTensorsKey = "split.tensors.count";

// How a value is decoded.
enum class ValueKind : uint8_t { kUnsigned, kSigned, kFloat, kBool, kString, kArray };

struct ValueTypeInfo {
  ValueType type;
  std::string_view name;  // "uint32"
  uint32_t bytes;         // encoded size of one; 0 for strings and arrays, which vary
  ValueKind kind;
};

// nullptr for an id that GGUF does not define.
const ValueTypeInfo* FindValueType(uint32_t id);
const ValueTypeInfo& Info(ValueType type);

// A power of two from 8 to 65536. The format asks for a multiple of 8, which also keeps every
// scalar of the map aligned; above the largest memory page an alignment only wastes the file.
bool IsValidAlignment(uint64_t alignment);

// Keys and tensor names: not empty, UTF-8, no control characters.
bool IsValidName(std::string_view name);

// 'text' for messages: control and invalid bytes as \xNN, shortened after 80 bytes.
std::string Quote(std::string_view text);

}  // namespace lemma::gguf
