// SPDX-License-Identifier: Apache-2.0
// Files of KV pages: bytes as they are, and a good file with some of them changed. Whatever is
// accepted has the content that belongs to the name.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "engine/page_file.h"

namespace {

using lemma::engine::PageName;

std::span<const std::byte> BytesOf(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string identity = "model";
  PageName name;
  name.salt = 1;
  name.prompt_tokens = 64;
  for (int32_t i = 0; i < 64; ++i) name.tokens.push_back(i);

  const auto raw = std::as_bytes(std::span(data, size));
  (void)lemma::engine::ParsePageFile(raw, identity, name);

  const std::string content(100, 'c');
  const std::string good = lemma::engine::PageFileHead(identity, name, BytesOf(content)) + content;
  std::string file = good;
  for (size_t i = 0; i + 4 <= size; i += 4) {  // two bytes of place, a byte to add, one to cut
    uint16_t at = 0;
    std::memcpy(&at, data + i, sizeof(at));
    if (file.empty()) break;
    file[at % file.size()] = static_cast<char>(file[at % file.size()] + data[i + 2]);
    if (data[i + 3] > 250) file.resize(file.size() - file.size() % data[i + 3]);
  }
  const auto parsed = lemma::engine::ParsePageFile(BytesOf(file), identity, name);
  const bool same = file == good;
  if (parsed.ok() != same) std::abort();
  if (same && (*parsed).size() != content.size()) std::abort();
  return 0;
}
