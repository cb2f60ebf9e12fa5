// SPDX-License-Identifier: Apache-2.0
// One KV page as a file. All numbers are little-endian:
//
//   offset  bytes
//        0      8  "LMKVPAGE"
//        8      4  version, 2
//       12      4  n: bytes of the identity, at most kMaxIdentity
//       16      8  salt of the tenant
//       24      4  t: tokens up to the end of the page, a multiple of kPageTokens
//       28      4  how many of them, from the first, are tokens of the prompt
//       32      8  p: bytes of content
//       40      8  checksum of the content (XXH3, 64 bits)
//       48      8  checksum of bytes 0 to 48, identity and tokens
//       56      n  identity: model and types, whatever the content depends on
//     56+n     4t  the tokens
//  56+n+4t      p  the content
//
// All tokens are there, so that a page is used for exactly what it was made for, whatever hashes
// say. Files are untrusted: a checksum finds damage, not malice (they are private to their owner).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace lemma::engine {

inline constexpr size_t kMaxIdentity = 4096;

// What a page is the content of.
struct PageName {
  uint64_t salt = 0;
  std::vector<int32_t> tokens;  // of the sequence, up to the end of the page
  size_t prompt_tokens = 0;     // how many of them, from the first, belong to the prompt
};

// Bytes before the content.
size_t PageFileHeadBytes(size_t identity_bytes, size_t tokens);
// Everything before the content. REQUIRES: identity is not longer than kMaxIdentity.
std::string PageFileHead(std::string_view identity, const PageName& name,
                         std::span<const std::byte> content);

// The content of a file that is exactly the page asked for; DataLoss says what is wrong with it:
// damaged, or made by another model.
Result<std::span<const std::byte>> ParsePageFile(std::span<const std::byte> file,
                                                 std::string_view identity, const PageName& name);

// XXH3 of bytes, 64 bits: finds damage, at more than 10 GB/s. The same on every machine.
uint64_t Checksum(std::span<const std::byte> bytes);

}  // namespace lemma::engine
