// SPDX-License-Identifier: Apache-2.0
#include "gguf/sniff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "gguf/format.h"

namespace lemma::gguf {
namespace {

struct Signature {
  std::string_view prefix;
  std::string_view looks_like;  // with advice
};

using std::string_view_literals::operator""sv;

constexpr Signature kSignatures[] = {
    {"version https://git-lfs"sv,
     "a git-lfs pointer; the file itself was not downloaded (git lfs pull)"},
    {"<!DOCTYPE"sv, "an HTML page; the download gave a web page instead of the file"},
    {"<!doctype"sv, "an HTML page; the download gave a web page instead of the file"},
    {"<html"sv, "an HTML page; the download gave a web page instead of the file"},
    {"<HTML"sv, "an HTML page; the download gave a web page instead of the file"},
    {"<?xml"sv, "an XML page; the download gave an error message instead of the file"},
    {"lmgg"sv, "a GGML legacy file from before GGUF; convert the original model again"},
    {"fmgg"sv, "a GGML legacy file (ggmf) from before GGUF; convert the original model again"},
    {"tjgg"sv, "a GGML legacy file (ggjt) from before GGUF; convert the original model again"},
    {"algg"sv, "a GGML legacy adapter (ggla) from before GGUF; convert the original again"},
    {"FUGG"sv, "a big-endian GGUF file, which is not supported; convert it on this machine"},
    {"PK\x03\x04"sv, "a zip archive or PyTorch checkpoint; convert it to GGUF first"},
    {"\x80\x02"sv, "a Python pickle (PyTorch checkpoint); convert it to GGUF first"},
    {"\x80\x04"sv, "a Python pickle (PyTorch checkpoint); convert it to GGUF first"},
    {"\x1f\x8b"sv, "a gzip archive; unpack it first"},
    {"\x28\xb5\x2f\xfd"sv, "a zstd archive; unpack it first"},
    {"\xfd"
     "7zXZ"sv,
     "an xz archive; unpack it first"},
    {"7z\xbc\xaf"sv, "a 7z archive; unpack it first"},
    {"\x89HDF"sv, "an HDF5 file; convert it to GGUF first"},
    {"%PDF"sv, "a PDF file"},
    {"\x7f"
     "ELF"sv,
     "a program"},
    {"{"sv, "a JSON file; give the .gguf file that belongs to it"},
};

// safetensors: u64 header length, then a JSON object.
bool LooksLikeSafetensors(std::string_view text) {
  uint64_t header = 0;
  if (text.size() < sizeof(header) + 2) return false;
  std::memcpy(&header, text.data(), sizeof(header));
  return header >= 2 && header <= text.size() - sizeof(header) && text[sizeof(header)] == '{';
}

std::string_view LooksLike(std::string_view text) {
  for (const Signature& row : kSignatures) {
    if (text.starts_with(row.prefix)) return row.looks_like;
  }
  if (LooksLikeSafetensors(text)) return "a safetensors file; convert it to GGUF first";
  const std::string_view head = text.substr(0, 4096);
  if (std::all_of(head.begin(), head.end(), [](char c) { return c == '\0'; })) {
    return "zeros; the download reserved the space but did not finish";
  }
  return {};
}

}  // namespace

Status NotGguf(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.empty()) return DataLoss("magic at offset 0: expected 'GGUF', but the file is empty");
  if (kMagic.starts_with(text)) {
    return DataLoss(fmt::format("magic at offset 0: the file ends after {} bytes", text.size()));
  }
  const std::string found = Quote(text.substr(0, kMagic.size()));
  const std::string_view looks_like = LooksLike(text);
  if (looks_like.empty()) {
    return DataLoss(fmt::format("magic at offset 0: expected 'GGUF', found {}", found));
  }
  return DataLoss(fmt::format("magic at offset 0: expected 'GGUF', found {}: this looks like {}",
                              found, looks_like));
}

}  // namespace lemma::gguf
