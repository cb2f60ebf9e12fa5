// SPDX-License-Identifier: Apache-2.0
#include "check/answer.h"

#include <algorithm>

#include "check/answer_pieces.h"
#include "check/answer_units.h"

namespace lemma::check {
namespace {

// Takes away \text{}, \mathrm{}, $ $, \( \) that only set type.
std::string Unwrap(std::string_view text) {
  std::string out(text);
  for (const std::string_view command : {"\\text{", "\\mathrm{", "\\mbox{", "\\textbf{"}) {
    for (size_t at = out.find(command); at != std::string::npos; at = out.find(command, at)) {
      const size_t close = out.find('}', at);
      if (close == std::string::npos) break;
      out.erase(close, 1);
      out.replace(at, command.size(), " ");
    }
  }
  for (const std::string_view mark : {"\\(", "\\)", "\\left", "\\right"}) {
    for (size_t at = out.find(mark); at != std::string::npos; at = out.find(mark)) {
      out.erase(at, mark.size());
    }
  }
  if (std::count(out.begin(), out.end(), '$') % 2 == 0) std::erase(out, '$');
  return std::string(TrimAnswer(out));
}

bool SaysNoSolution(std::string_view text) {
  if (HasDigit(text)) return false;
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (const std::string_view phrase :
       {"无解",     "无实数解",       "无实数根",     "无实根",
        "没有解",   "没有实数解",     "不存在",       "没有这样的",
        "没有符合", "没有满足",       "no solution",  "no real solution",
        "no such",  "does not exist", "do not exist", "no real root",
        "∅",        "\\emptyset",     "\\varnothing", "no integer solution"}) {
    if (lower.find(phrase) != std::string::npos) return true;
  }
  return lower == "none" || lower == "无" || lower == "没有";
}

// x_1 and x_2, x1 and x2 are one unknown; so is x.
std::string BaseName(const std::string& name) {
  size_t n = name.size();
  while (n > 1 && (name[n - 1] == '_' || (name[n - 1] >= '0' && name[n - 1] <= '9'))) --n;
  for (const std::string_view mark : {"₁", "₂", "₃", "₄"}) {
    if (name.ends_with(mark)) n = name.size() - mark.size();
  }
  return name.substr(0, n);
}

void MakeSet(std::vector<Surd> values, Answer& answer) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  answer.numbers = std::move(values);
  answer.kind = answer.numbers.size() == 1 ? AnswerKind::kNumber : AnswerKind::kSet;
}

bool FromPieces(std::vector<AnswerPiece> pieces, Answer& answer) {
  std::vector<Surd> values;
  bool all_named = true;
  bool any_named = false;
  bool two_signs = false;
  for (AnswerPiece& p : pieces) {
    two_signs = two_signs || p.values.size() > 1;
    answer.reduced = answer.reduced && p.reduced;
    answer.decimals = std::max(answer.decimals, p.decimals);
    values.insert(values.end(), p.values.begin(), p.values.end());
    const bool noun = pieces.size() > 1 && !p.unit.empty() && NormalUnit(p.unit).empty();
    if (p.name.empty() && noun && (!IsCounter(p.unit) || p.unit.size() > 3)) p.name = p.unit;
    all_named = all_named && !p.name.empty();
    any_named = any_named || !p.name.empty();
  }
  if (any_named && !all_named) {
    // "x = 1 或 2": the name holds for all that follow.
    for (size_t i = 1; i < pieces.size(); ++i) {
      if (!pieces[i].name.empty() || pieces[0].name.empty()) return false;
      pieces[i].name = pieces[0].name;
    }
  }
  if (!any_named && pieces.size() == 1 && !two_signs) {
    answer.kind = AnswerKind::kNumber;
    answer.numbers = values;
    answer.unit = pieces[0].unit;
    return true;
  }
  const bool one_unknown =
      !any_named || std::all_of(pieces.begin(), pieces.end(), [&](const AnswerPiece& p) {
        return pieces.size() > 1 && BaseName(p.name) == BaseName(pieces[0].name);
      });
  if (one_unknown || two_signs) {
    if (two_signs && pieces.size() > 1) return false;
    MakeSet(std::move(values), answer);
    return true;
  }
  answer.kind = AnswerKind::kNamed;
  for (AnswerPiece& p : pieces) answer.named.push_back({p.name, p.values[0], p.unit});
  return true;
}

bool IsInfinity(std::string_view text) {
  return text == "∞" || text == "+∞" || text == "-∞" || text == "\\infty" || text == "+\\infty" ||
         text == "-\\infty" || text == "−∞";
}

bool ReadBracketed(std::string_view text, Answer& answer) {
  const bool escaped = text.starts_with("\\{") && text.ends_with("\\}");
  const std::string_view inside =
      escaped ? text.substr(2, text.size() - 4) : text.substr(1, text.size() - 2);
  const char open = escaped ? '{' : text.front();
  const char close = text.back();
  if ((open == '{') != (close == '}')) return false;
  const std::vector<std::string_view> parts = SplitAnswer(inside);
  std::vector<Surd> values;
  const bool infinite = std::any_of(parts.begin(), parts.end(), IsInfinity);
  for (const std::string_view part : parts) {
    if (IsInfinity(part)) continue;
    AnswerPiece piece;
    if (!ReadAnswerPiece(part, piece) || !piece.name.empty() || piece.values.size() != 1)
      return false;
    answer.reduced = answer.reduced && piece.reduced;
    answer.decimals = std::max(answer.decimals, piece.decimals);
    values.push_back(piece.values[0]);
  }
  if (parts.empty()) return false;
  if (open == '{') {
    if (infinite) return false;
    MakeSet(std::move(values), answer);
    return true;
  }
  if (open == '(' && close == ')' && !infinite) {
    if (parts.size() < 2) return false;
    answer.kind = AnswerKind::kTuple;
    answer.numbers = std::move(values);
    return true;
  }
  if (parts.size() != 2) return false;
  answer.kind = AnswerKind::kInterval;
  size_t next = 0;
  if (!IsInfinity(parts[0])) answer.low = values[next++];
  if (!IsInfinity(parts[1])) answer.high = values[next];
  answer.low_closed = open == '[' && answer.low;
  answer.high_closed = close == ']' && answer.high;
  return true;
}

bool IsBracketed(std::string_view text) {
  if (text.size() < 3) return false;
  if (text.starts_with("\\{")) return text.ends_with("\\}");
  if (std::string_view("([{").find(text.front()) == std::string_view::npos) return false;
  int depth = 0;  // the first bracket must close at the end
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    depth += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
    if (depth == 0) return i + 1 == text.size();
  }
  return false;
}

}  // namespace

Answer ParseAnswer(std::string_view raw) {
  Answer answer;
  answer.text = std::string(TrimAnswer(raw.substr(0, 4096)));
  const std::string text = Unwrap(answer.text);
  if (text.empty()) return answer;
  if (SaysNoSolution(text)) {
    answer.kind = AnswerKind::kNoSolution;
    return answer;
  }
  AnswerPiece single;
  if (ReadAnswerPiece(text, single) && FromPieces({single}, answer)) return answer;
  Answer bracketed = answer;
  std::string_view body = text;
  if (const size_t equals = body.find('='); equals != std::string_view::npos) {
    const std::string_view after = TrimAnswer(body.substr(equals + 1));
    if (IsBracketed(after) && IsAnswerName(body.substr(0, equals))) body = after;
  }
  if (const size_t in = body.find("∈"); in != std::string_view::npos) {
    body = TrimAnswer(body.substr(in + std::string_view("∈").size()));
  }
  if (IsBracketed(body)) {
    if (ReadBracketed(body, bracketed)) return bracketed;
    return answer;
  }
  std::vector<AnswerPiece> pieces;
  for (const std::string_view part : SplitAnswer(text)) {
    AnswerPiece piece;
    if (pieces.size() == 64 || !ReadAnswerPiece(part, piece)) return answer;
    pieces.push_back(std::move(piece));
  }
  Answer list = answer;
  return !pieces.empty() && FromPieces(std::move(pieces), list) ? list : answer;
}

namespace {

bool SameUnit(const std::string& a, const std::string& b) {
  const std::string_view x = NormalUnit(a);
  const std::string_view y = NormalUnit(b);
  return x.empty() || y.empty() || x == y;
}

bool SameNamed(const Answer& a, const Answer& b) {
  if (a.named.size() != b.named.size()) return false;
  return std::all_of(a.named.begin(), a.named.end(), [&](const NamedValue& mine) {
    return std::any_of(b.named.begin(), b.named.end(), [&](const NamedValue& other) {
      return mine.name == other.name && mine.value == other.value &&
             SameUnit(mine.unit, other.unit);
    });
  });
}

// The one number of an answer that is only that.
std::optional<std::pair<Surd, std::string>> Single(const Answer& a) {
  if (a.kind == AnswerKind::kNumber) return std::pair(a.numbers[0], a.unit);
  if (a.kind == AnswerKind::kNamed && a.named.size() == 1) {
    return std::pair(a.named[0].value, a.named[0].unit);
  }
  return std::nullopt;
}

}  // namespace

bool RoundsTo(const Surd& truth, const Surd& given, int decimals) {
  const auto gap = Sub(truth, given);
  if (!gap || decimals < 0 || decimals > 100) return false;
  const Rational half =
      Rational(BigInt(1), BigInt(2) * BigInt(10).Pow(static_cast<uint32_t>(decimals)));
  return *gap <= Surd(half) && *gap >= Surd(-half);
}

bool SameAnswer(const Answer& a, const Answer& b) {
  const auto x = Single(a);
  const auto y = Single(b);
  if (x && y) return x->first == y->first && SameUnit(x->second, y->second);
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case AnswerKind::kNumber:
    case AnswerKind::kTuple:
    case AnswerKind::kSet:
      return a.numbers == b.numbers;
    case AnswerKind::kNamed:
      return SameNamed(a, b);
    case AnswerKind::kInterval:
      return a.low == b.low && a.high == b.high && a.low_closed == b.low_closed &&
             a.high_closed == b.high_closed;
    case AnswerKind::kNoSolution:
      return true;
    case AnswerKind::kText:
      return a.text == b.text;
  }
  return false;
}

}  // namespace lemma::check