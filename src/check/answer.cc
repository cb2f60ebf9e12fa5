// SPDX-License-Identifier: Apache-2.0
#include "check/answer.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "check/answer_units.h"
#include "check/expr.h"

namespace lemma::check {
namespace {

using Texts = std::initializer_list<std::string_view>;

bool StartsWithAny(std::string_view text, Texts options, std::string_view* found) {
  for (const std::string_view option : options) {
    if (!text.starts_with(option)) continue;
    *found = option;
    return true;
  }
  return false;
}

bool EndsWithAny(std::string_view text, Texts options, std::string_view* found) {
  for (const std::string_view option : options) {
    if (!text.ends_with(option)) continue;
    *found = option;
    return true;
  }
  return false;
}

std::string_view Trim(std::string_view text) {
  std::string_view found;
  while (
      StartsWithAny(text, {" ", "\t", "\n", "\r", "　", "\\,", "\\ ", "**", "：", ":"}, &found)) {
    text.remove_prefix(found.size());
  }
  while (EndsWithAny(
      text, {" ", "\t", "\n", "\r", "　", "\\,", "**", "。", ".", "；", ";", "，", ",", "！"},
      &found)) {
    text.remove_suffix(found.size());
  }
  return text;
}

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
  return std::string(Trim(out));
}

bool HasDigit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
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

// Splits where brackets are closed. Commas of 1,234 do not split.
std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> out;
  size_t begin = 0;
  int depth = 0;
  const auto cut = [&](size_t at, size_t size) {
    out.push_back(Trim(text.substr(begin, at - begin)));
    begin = at + size;
  };
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    depth += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
    std::string_view found;
    const bool sign = depth == 0 && StartsWithAny(text.substr(at),
                                                  {", ", ",", "，", "、", "；", ";", "或者", "或",
                                                   "和", "以及", " and ", " or ", "\n"},
                                                  &found);
    if (sign) cut(at, found.size());
    at += sign ? found.size() : DecodeUtf8(text.substr(at)).length;
  }
  cut(text.size(), 0);
  std::erase_if(out, [](std::string_view part) { return part.empty(); });
  return out;
}

std::string_view StripFillers(std::string_view text) {
  std::string_view found;
  while (true) {
    text = Trim(text);
    if (!StartsWithAny(text,
                       {"There are ",
                        "there are ",
                        "there is ",
                        "There is ",
                        "We have ",
                        "the answer is ",
                        "The answer is ",
                        "and ",
                        "are ",
                        "is ",
                        "total ",
                        "一共有",
                        "一共",
                        "总共",
                        "共有",
                        "共",
                        "所以",
                        "因此",
                        "答案是",
                        "答案为",
                        "分别是",
                        "分别为",
                        "是",
                        "为",
                        "有",
                        "=",
                        "＝"},
                       &found)) {
      return text;
    }
    text.remove_prefix(found.size());
  }
}

bool IsReduced(const Expr& e) {
  if (e.op == Op::kDiv && e.args[0]->op == Op::kNumber && e.args[1]->op == Op::kNumber) {
    const Rational& top = e.args[0]->number;
    const Rational& bottom = e.args[1]->number;
    if (top.IsInteger() && bottom.IsInteger() && bottom != Rational(100) &&
        Gcd(top.num(), bottom.num()) != 1) {
      return false;
    }
  }
  return std::all_of(e.args.begin(), e.args.end(),
                     [](const ExprPtr& arg) { return IsReduced(*arg); });
}

// One number with what stands around it.
struct Piece {
  std::string name;
  std::vector<Surd> values;  // two for ±
  std::string unit;
  std::optional<int> decimals;
  bool reduced = true;
};

// The values of an expression without variables; of an equation chain whose sides are equal.
bool ReadValue(std::string_view text, Piece& piece) {
  for (const std::string_view sign : {"±", "\\pm"}) {
    const size_t at = text.find(sign);
    if (at == std::string_view::npos) continue;
    const auto with = [&](char c) {
      std::string out(text);
      return out.replace(at, sign.size(), std::string(" ") + c + " ");
    };
    return ReadValue(with('-'), piece) && ReadValue(with('+'), piece);
  }
  ExprOptions options;
  options.variables = {"\x01"};  // none
  std::vector<ExprPtr> sides;
  if (const auto single = ParseExpr(text, options); single.ok()) {
    sides.push_back(*single);
  } else if (const auto chain = ParseRelations(text, options); chain.ok()) {
    sides.push_back(chain->front().left);
    for (const Relation& r : *chain) {
      if (r.op != RelOp::kEq) return false;
      sides.push_back(r.right);
    }
  }
  if (sides.empty()) return false;
  const auto value = Evaluate(*sides.back(), {});
  if (!value.ok()) return false;
  for (const ExprPtr& side : sides) {
    const auto other = Evaluate(*side, {});
    if (!other.ok() || *other != *value) return false;
  }
  piece.values.push_back(*value);
  piece.reduced = piece.reduced && IsReduced(*sides.back());
  const size_t point = text.rfind('.');
  const bool percent = text.ends_with('%') || text.ends_with("％");
  if ((sides.back()->op == Op::kNumber && point != std::string_view::npos) || percent) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const std::string_view tail = point == std::string_view::npos ? "" : text.substr(point);
    piece.decimals =
        static_cast<int>(std::count_if(tail.begin(), tail.end(), is_digit)) + (percent ? 2 : 0);
  }
  return true;
}

bool IsNameText(std::string_view text) {
  if (text.empty() || text.size() > 48 || HasDigit(text.substr(0, 1))) return false;
  for (const std::string_view stop : {"，", "、", "；", "。", "：", "√", "×", "÷"}) {
    if (text.find(stop) != std::string_view::npos) return false;
  }
  return text.find_first_of("()[]+*/\\^.<>|\"$,;:\n`'!?") == std::string_view::npos;
}

std::string CleanName(std::string_view name) {
  std::string_view found;
  name = StripFillers(name);
  while (EndsWithAny(name,
                     {"有", "是", "为", "=", "＝", "：", ":", " ", "共", " are", " is", "的数量",
                      "的只数", "数量", "the "},
                     &found) &&
         name.size() > found.size()) {
    name.remove_suffix(found.size());
  }
  std::string out(name);
  std::erase_if(out, [](char c) { return c == '{' || c == '}'; });
  return out;
}

// value [unit], the whole text. The unit has no digits and no operators.
bool ReadValueUnit(std::string_view text, Piece& piece) {
  for (const std::string_view sign : {"$", "\\$", "¥", "￥"}) {
    if (text.starts_with(sign)) {
      piece.unit = sign == "\\$" ? "$" : (sign == "￥" ? "¥" : std::string(sign));
      return ReadValue(text.substr(sign.size()), piece);
    }
  }
  if (ReadValue(text, piece)) return true;
  // The longest value that leaves a unit of at most 48 bytes.
  for (size_t at = text.size(); at-- > 1 && text.size() - at <= 48;) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    const std::string_view unit = Trim(text.substr(at));
    if (!IsNameText(unit) || HasDigit(unit) || unit.find('=') != std::string_view::npos) continue;
    Piece trial = piece;
    if (!ReadValue(Trim(text.substr(0, at)), trial)) continue;
    if (unit.size() == 1 && NormalUnit(unit).empty()) return false;  // 12x is no amount
    if (ReadNumeral(unit)) return false;
    piece = std::move(trial);
    piece.unit = unit;
    return true;
  }
  return false;
}

// [name] value [unit]
bool ReadPiece(std::string_view text, Piece& piece) {
  text = StripFillers(text);
  if (ReadValueUnit(text, piece)) return true;
  size_t at = 0;
  if (const size_t equals = text.find('='); equals != std::string_view::npos) {
    at = equals;  // x_1 = 2: the digit belongs to the name
  } else {
    while (at < text.size() && !ReadNumeral(text.substr(at)) &&
           std::string_view("-(\\$").find(text[at]) == std::string_view::npos &&
           !text.substr(at).starts_with("√") && !text.substr(at).starts_with("：")) {
      at += DecodeUtf8(text.substr(at)).length;
      if (at < text.size() && text[at] == ':') break;
    }
    if (at < text.size() && text[at] == '(') return false;  // a call
  }
  if (at == 0 || at >= text.size()) return false;
  Piece trial;
  if (!ReadValueUnit(StripFillers(text.substr(at)), trial)) return false;
  const std::string name = CleanName(text.substr(0, at));
  if (!name.empty() && !IsNameText(name)) return false;
  piece = std::move(trial);
  piece.name = name;
  return true;
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

bool FromPieces(std::vector<Piece> pieces, Answer& answer) {
  std::vector<Surd> values;
  bool all_named = true;
  bool any_named = false;
  bool two_signs = false;
  for (Piece& p : pieces) {
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
      !any_named || std::all_of(pieces.begin(), pieces.end(), [&](const Piece& p) {
        return pieces.size() > 1 && BaseName(p.name) == BaseName(pieces[0].name);
      });
  if (one_unknown || two_signs) {
    if (two_signs && pieces.size() > 1) return false;
    MakeSet(std::move(values), answer);
    return true;
  }
  answer.kind = AnswerKind::kNamed;
  for (Piece& p : pieces) answer.named.push_back({p.name, p.values[0], p.unit});
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
  const std::vector<std::string_view> parts = Split(inside);
  std::vector<Surd> values;
  const bool infinite = std::any_of(parts.begin(), parts.end(), IsInfinity);
  for (const std::string_view part : parts) {
    if (IsInfinity(part)) continue;
    Piece piece;
    if (!ReadPiece(part, piece) || !piece.name.empty() || piece.values.size() != 1) return false;
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
  answer.text = std::string(Trim(raw.substr(0, 4096)));
  const std::string text = Unwrap(answer.text);
  if (text.empty()) return answer;
  if (SaysNoSolution(text)) {
    answer.kind = AnswerKind::kNoSolution;
    return answer;
  }
  Piece single;
  if (ReadPiece(text, single) && FromPieces({single}, answer)) return answer;
  Answer bracketed = answer;
  std::string_view body = text;
  if (const size_t equals = body.find('='); equals != std::string_view::npos) {
    const std::string_view after = Trim(body.substr(equals + 1));
    if (IsBracketed(after) && IsNameText(body.substr(0, equals))) body = after;
  }
  if (const size_t in = body.find("∈"); in != std::string_view::npos) {
    body = Trim(body.substr(in + std::string_view("∈").size()));
  }
  if (IsBracketed(body)) {
    if (ReadBracketed(body, bracketed)) return bracketed;
    return answer;
  }
  std::vector<Piece> pieces;
  for (const std::string_view part : Split(text)) {
    Piece piece;
    if (pieces.size() == 64 || !ReadPiece(part, piece)) return answer;
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
