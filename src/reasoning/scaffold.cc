// SPDX-License-Identifier: Apache-2.0
#include "reasoning/scaffold.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/file.h"
#include "reasoning/scaffold_data.h"

namespace lemma::reasoning {
namespace {

constexpr std::string_view kPlace = "{question}";
constexpr size_t kMaxFileBytes = 64 << 10;

using service::TextLanguage;

// "four-steps.zh.txt" -> name and language.
Status ReadName(std::string_view file_name, Scaffold& out) {
  const auto take = [&](std::string_view ending, TextLanguage language) {
    if (!file_name.ends_with(ending) || file_name.size() == ending.size()) return false;
    out.name = file_name.substr(0, file_name.size() - ending.size());
    out.language = language;
    return true;
  };
  if (take(".zh.txt", TextLanguage::kChinese) || take(".en.txt", TextLanguage::kEnglish)) {
    return OkStatus();
  }
  return DataLoss(fmt::format("{}: expected a name like NAME.zh.txt or NAME.en.txt", file_name));
}

std::string WithoutComments(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (text.front() != '#') out += text.substr(0, end);
    text.remove_prefix(end);
  }
  while (out.ends_with('\n')) out.pop_back();
  out.erase(0, std::min(out.find_first_not_of('\n'), out.size()));
  return out;
}

}  // namespace

Result<Scaffold> ParseScaffold(std::string_view file_name, std::string_view text) {
  Scaffold out;
  LEMMA_RETURN_IF_ERROR(ReadName(file_name, out));
  out.text = WithoutComments(text);
  const size_t place = out.text.find(kPlace);
  if (place == out.text.npos) {
    return DataLoss(fmt::format("{}: expected {} where the question goes", file_name, kPlace));
  }
  if (out.text.find(kPlace, place + 1) != out.text.npos) {
    return DataLoss(fmt::format("{}: {} is there more than once", file_name, kPlace));
  }
  return out;
}

Scaffolds::Scaffolds() {
  for (const auto& [name, text] : scaffold_files) {
    auto parsed = ParseScaffold(name, text);
    if (parsed.ok()) Add(*std::move(parsed));  // the test reads them all
  }
}

void Scaffolds::Add(Scaffold scaffold) {
  for (Scaffold& each : all_) {
    if (each.name == scaffold.name && each.language == scaffold.language) {
      each = std::move(scaffold);
      return;
    }
  }
  all_.push_back(std::move(scaffold));
}

Status Scaffolds::Load(const std::filesystem::path& folder) {
  std::error_code error;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".txt") files.insert(entry.path());
  }
  if (error) return NotFound(folder.string() + ": " + error.message());
  for (const auto& path : files) {
    LEMMA_ASSIGN_OR_RETURN(const std::string text, ReadFile(path.string(), kMaxFileBytes));
    auto parsed = ParseScaffold(path.filename().string(), text);
    if (!parsed.ok()) return parsed.status().WithContext(folder.string());
    Add(*std::move(parsed));
  }
  return OkStatus();
}

Result<std::string> Scaffolds::Apply(std::string_view name, TextLanguage language,
                                     std::string_view question) const {
  if (name.empty()) return std::string(question);
  const Scaffold* best = nullptr;
  std::set<std::string_view> names;
  for (const Scaffold& each : all_) {
    names.insert(each.name);
    if (each.name != name) continue;
    if (best == nullptr || each.language == language) best = &each;
  }
  if (best == nullptr) {
    return NotFound(fmt::format("scaffold: '{}' is not known, expected one of {}", name,
                                fmt::join(names, ", ")));
  }
  std::string out = best->text;
  return out.replace(out.find(kPlace), kPlace.size(), question);
}

}  // namespace lemma::reasoning
