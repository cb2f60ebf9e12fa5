// SPDX-License-Identifier: Apache-2.0
#include "service/model_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <system_error>

#include "base/utf8.h"
#include "gguf/split_name.h"

namespace lemma::service {
namespace {

namespace fs = std::filesystem;

struct FileFacts {
  uint64_t bytes = 0;
  double modified_seconds = 0;
};
FileFacts FactsOf(const fs::path& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  return {static_cast<uint64_t>(info.st_size), static_cast<double>(info.st_mtime)};
}

bool TakeEnd(std::string& text, std::string_view end) {
  if (text.size() <= end.size() || !text.ends_with(end)) return false;
  text.resize(text.size() - end.size());
  return true;
}

}  // namespace

ModelFile LookAtModelFile(const fs::path& path) {
  ModelFile file{path, SanitizeUtf8(path.stem().string()), 0, 0};
  const auto split = gguf::ParseSplitName(path);
  if (!split) {
    const FileFacts facts = FactsOf(path);
    file.bytes = facts.bytes;
    file.modified_seconds = facts.modified_seconds;
    return file;
  }
  file.name = SanitizeUtf8(fs::path(split->prefix).filename().string());
  for (uint32_t part = 1; part <= split->count; ++part) {
    const FileFacts facts = FactsOf(split->PartPath(part));
    file.bytes += facts.bytes;
    file.modified_seconds = std::max(file.modified_seconds, facts.modified_seconds);
  }
  return file;
}

std::vector<ModelFile> ModelFilesIn(const fs::path& folder) {
  std::vector<ModelFile> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() != ".gguf") continue;
    const auto split = gguf::ParseSplitName(path);
    if (split && split->number != 1) continue;
    ModelFile file = LookAtModelFile(path);
    if (file.bytes > 0) files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(),
            [](const ModelFile& a, const ModelFile& b) { return a.name < b.name; });
  return files;
}

std::string FoldModelName(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  TakeEnd(folded, ":latest");
  TakeEnd(folded, ".gguf");
  return folded;
}

}  // namespace lemma::service
