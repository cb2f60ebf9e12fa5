// SPDX-License-Identifier: Apache-2.0
#include "engine/page_file.h"

#define XXH_INLINE_ALL  // nothing to link
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/byte_reader.h"
#include "base/rng.h"

namespace lemma::engine {
namespace {

constexpr std::string_view kMagic = "LMKVPAGE";
constexpr uint32_t kVersion = 2;
constexpr size_t kHeadBytes = 56;
constexpr size_t kHeadChecked = 48;

template <typename T>
void Put(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof(T));
  out.append(bytes.data(), bytes.size());
}

std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

uint64_t HeadChecksum(std::span<const std::byte> head, std::span<const std::byte> rest) {
  return RandomBits(Checksum(head), Checksum(rest));
}

}  // namespace

uint64_t Checksum(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

size_t PageFileHeadBytes(size_t identity_bytes, size_t tokens) {
  return kHeadBytes + identity_bytes + tokens * sizeof(int32_t);
}

std::string PageFileHead(std::string_view identity, const PageName& name,
                         std::span<const std::byte> content) {
  std::string out(kMagic);
  Put(out, kVersion);
  Put(out, static_cast<uint32_t>(identity.size()));
  Put(out, name.salt);
  Put(out, static_cast<uint32_t>(name.tokens.size()));
  Put(out, static_cast<uint32_t>(name.prompt_tokens));
  Put(out, static_cast<uint64_t>(content.size()));
  Put(out, Checksum(content));
  std::string rest(identity);
  rest.append(reinterpret_cast<const char*>(name.tokens.data()),
              name.tokens.size() * sizeof(int32_t));
  Put(out, HeadChecksum(BytesOf(out), BytesOf(rest)));
  return out + rest;
}

Result<std::span<const std::byte>> ParsePageFile(std::span<const std::byte> file,
                                                 std::string_view identity, const PageName& name) {
  ByteReader reader(file);
  LEMMA_ASSIGN_OR_RETURN(const auto magic, reader.ReadBytes(kMagic.size(), "magic"));
  if (!std::ranges::equal(magic, BytesOf(kMagic))) return DataLoss("not a KV page");
  LEMMA_ASSIGN_OR_RETURN(const auto version, reader.Read<uint32_t>("version"));
  if (version != kVersion)
    return DataLoss(fmt::format("version {}, expected {}", version, kVersion));
  LEMMA_ASSIGN_OR_RETURN(const auto identity_bytes, reader.Read<uint32_t>("identity size"));
  LEMMA_ASSIGN_OR_RETURN(const auto salt, reader.Read<uint64_t>("salt"));
  LEMMA_ASSIGN_OR_RETURN(const auto token_count, reader.Read<uint32_t>("token count"));
  LEMMA_ASSIGN_OR_RETURN(const auto prompt_count, reader.Read<uint32_t>("prompt token count"));
  LEMMA_ASSIGN_OR_RETURN(const auto content_bytes, reader.Read<uint64_t>("content size"));
  LEMMA_ASSIGN_OR_RETURN(const auto content_sum, reader.Read<uint64_t>("content checksum"));
  LEMMA_ASSIGN_OR_RETURN(const auto head_sum, reader.Read<uint64_t>("head checksum"));
  const uint64_t rest_bytes = uint64_t{identity_bytes} + 4 * uint64_t{token_count};
  LEMMA_ASSIGN_OR_RETURN(const auto rest, reader.ReadBytes(rest_bytes, "identity and tokens"));
  if (HeadChecksum(file.first(kHeadChecked), rest) != head_sum) {
    return DataLoss(
        fmt::format("the checksum of the first {} bytes is wrong", kHeadBytes + rest_bytes));
  }
  if (!std::ranges::equal(rest.first(identity_bytes), BytesOf(identity))) {
    return DataLoss("it belongs to another model or type of KV cache");
  }
  const auto tokens = std::as_bytes(std::span(name.tokens));
  if (salt != name.salt || prompt_count != name.prompt_tokens ||
      !std::ranges::equal(rest.subspan(identity_bytes), tokens)) {
    return DataLoss("it holds another text than its name says");
  }
  LEMMA_ASSIGN_OR_RETURN(const auto content, reader.ReadBytes(content_bytes, "content"));
  if (reader.remaining() != 0) {
    return DataLoss(fmt::format("{} bytes behind the content", reader.remaining()));
  }
  if (Checksum(content) != content_sum) return DataLoss("the checksum of the content is wrong");
  return content;
}

}  // namespace lemma::engine
