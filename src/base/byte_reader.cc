// SPDX-License-Identifier: Apache-2.0
#include "base/byte_reader.h"

#include <fmt/format.h>

#include <bit>

namespace lemma {

static_assert(std::endian::native == std::endian::little, "the readers assume little-endian");

Status ByteReader::Short(std::string_view what, uint64_t needed) const {
  return DataLoss(fmt::format("{} at offset {}: expected {} bytes, only {} are left", what,
                              position_, needed, remaining()));
}

Result<std::span<const std::byte>> ByteReader::ReadBytes(uint64_t count, std::string_view what) {
  if (remaining() < count) return Short(what, count);
  const auto out = bytes_.subspan(position_, count);
  position_ += count;
  return out;
}

Status ByteReader::Skip(uint64_t count, std::string_view what) {
  if (remaining() < count) return Short(what, count);
  position_ += count;
  return OkStatus();
}

}  // namespace lemma
