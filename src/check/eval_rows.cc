// SPDX-License-Identifier: Apache-2.0
#include "check/eval_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "base/utf8.h"

namespace lemma::check {
namespace {

// The string or number behind "key": of a JSON object on one line.
std::optional<std::string> JsonField(std::string_view line, std::string_view key) {
  const std::string mark = fmt::format("\"{}\":", key);
  size_t at = line.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  at = line.find_first_not_of(' ', at + mark.size());
  if (at == std::string_view::npos) return std::nullopt;
  if (line[at] != '"') {
    return std::string(line.substr(at, std::min(line.find_first_of(",}", at), line.size()) - at));
  }
  std::string out;
  for (++at; at < line.size() && line[at] != '"'; ++at) {
    if (line[at] != '\\') {
      out += line[at];
      continue;
    }
    const char c = ++at < line.size() ? line[at] : '\0';
    if (c == 'u' && at + 4 < line.size()) {
      uint32_t code = 0;
      for (int i = 0; i < 4; ++i) {
        const char h = line[++at];
        const size_t digit =
            std::string_view("0123456789abcdef").find(static_cast<char>(h >= 'A' ? h | 32 : h));
        code = code * 16 + static_cast<uint32_t>(digit & 15U);
      }
      AppendUtf8(code, out);
    } else {
      out += c == 'n' ? '\n' : (c == 't' ? '\t' : c);
    }
  }
  return out;
}

}  // namespace

std::vector<EvalRow> ReadEvalRows(const std::string& path) {
  std::vector<EvalRow> out;
  std::ifstream in(path);
  const bool table = path.ends_with(".tsv");
  for (std::string line; std::getline(in, line);) {
    EvalRow row;
    if (table) {
      const size_t tab = line.rfind('\t');
      if (tab == std::string::npos) continue;
      row = {line.substr(0, tab), line.substr(tab + 1), ""};
    } else {
      const auto question = JsonField(line, "question");
      row.question = question.value_or(JsonField(line, "input").value_or(""));
      row.answer = question ? JsonField(line, "answer").value_or("")
                            : JsonField(line, "golden").value_or("");
      const size_t mark = row.answer.rfind("#### ");
      if (mark != std::string::npos) {
        row.solution = row.answer.substr(0, mark);
        row.answer = row.answer.substr(mark + 5);
      }
    }
    if (!row.question.empty()) out.push_back(std::move(row));
  }
  return out;
}

bool IsTuned(std::string_view question) {
  uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : question) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return ((hash >> 32U) & 1U) == 0;
}

}  // namespace lemma::check
