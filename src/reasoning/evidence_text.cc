// SPDX-License-Identifier: Apache-2.0
#include "reasoning/evidence_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace lemma::reasoning {
namespace {

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// One space for each run of white space.
std::string Folded(std::string_view text) {
  std::string out;
  for (const char c : Trimmed(text)) {
    if (!IsBlank(c)) {
      out += c;
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

// Linear, whatever the texts repeat (Knuth, Morris, Pratt); std::string's own search is not.
bool Stands(std::string_view part, std::string_view where) {
  std::vector<size_t> border(part.size() + 1, 0);
  const auto step = [&](size_t matched, char c) {
    while (matched > 0 && (matched == part.size() || part[matched] != c)) matched = border[matched];
    return matched < part.size() && part[matched] == c ? matched + 1 : matched;
  };
  for (size_t i = 1; i < part.size(); ++i) border[i + 1] = step(border[i], part[i]);
  size_t matched = 0;
  for (const char c : where) {
    if (matched == part.size()) break;
    matched = step(matched, c);
  }
  return matched == part.size();
}

// Everything that the model reads anyway.
class KnownTexts {
 public:
  explicit KnownTexts(const SolveRequest& request) {
    for (const chat::Message& message : request.before) texts_.push_back(Folded(message.content));
    texts_.push_back(Folded(request.question));
  }

  [[nodiscard]] bool Hold(std::string_view text) const {
    const std::string wanted = Folded(text);
    return std::any_of(texts_.begin(), texts_.end(),
                       [&](const std::string& each) { return Stands(wanted, each); });
  }

 private:
  std::vector<std::string> texts_;
};

}  // namespace

std::string WithEvidence(const SolveRequest& request, service::TextLanguage language) {
  const check::CheckRequest& given = request.evidence.check;
  if (given.sources.empty() && given.schema.empty()) return request.question;
  const KnownTexts known(request);
  std::string out;
  for (size_t i = 0; i < given.sources.size(); ++i) {
    const std::string_view text = Trimmed(given.sources[i].text);
    if (text.empty() || known.Hold(text)) continue;
    out += fmt::format("[webpage {0} begin]{1}[webpage {0} end]\n", i + 1, text);
  }
  out += request.question;
  const std::string_view schema = Trimmed(given.schema);
  if (schema.empty() || known.Hold(schema)) return out;
  const bool chinese = language == service::TextLanguage::kChinese;
  return out +
         (chinese ? "\n\n请用符合以下 JSON Schema 的 JSON 回答：\n"
                  : "\n\nAnswer with JSON that fits this schema:\n") +
         std::string(schema);
}

}  // namespace lemma::reasoning
