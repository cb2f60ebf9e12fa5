// SPDX-License-Identifier: Apache-2.0
#include "check/answer_pieces.h"

#include <algorithm>

#include "base/utf8.h"
#include "check/answer_units.h"
#include "check/expr.h"
#include "check/numeral.h"

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

std::string_view StripFillers(std::string_view text) {
  std::string_view found;
  while (true) {
    text = TrimAnswer(text);
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

// The values of an expression without variables; of an equation chain whose sides are equal.
bool ReadValue(std::string_view text, AnswerPiece& piece) {
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
bool ReadValueUnit(std::string_view text, AnswerPiece& piece) {
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
    const std::string_view unit = TrimAnswer(text.substr(at));
    if (!IsAnswerName(unit) || HasDigit(unit) || unit.find('=') != std::string_view::npos) continue;
    AnswerPiece trial = piece;
    if (!ReadValue(TrimAnswer(text.substr(0, at)), trial)) continue;
    if (unit.size() == 1 && NormalUnit(unit).empty()) return false;  // 12x is no amount
    if (ReadNumeral(unit)) return false;
    piece = std::move(trial);
    piece.unit = unit;
    return true;
  }
  return false;
}

}  // namespace

std::string_view TrimAnswer(std::string_view text) {
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

std::vector<std::string_view> SplitAnswer(std::string_view text) {
  std::vector<std::string_view> out;
  size_t begin = 0;
  int depth = 0;
  const auto cut = [&](size_t at, size_t size) {
    out.push_back(TrimAnswer(text.substr(begin, at - begin)));
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

bool HasDigit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsAnswerName(std::string_view text) {
  if (text.empty() || text.size() > 48 || HasDigit(text.substr(0, 1))) return false;
  for (const std::string_view stop : {"，", "、", "；", "。", "：", "√", "×", "÷"}) {
    if (text.find(stop) != std::string_view::npos) return false;
  }
  return text.find_first_of("()[]+*/\\^.<>|\"$,;:\n`'!?") == std::string_view::npos;
}

bool ReadAnswerPiece(std::string_view text, AnswerPiece& piece) {
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
  AnswerPiece trial;
  if (!ReadValueUnit(StripFillers(text.substr(at)), trial)) return false;
  const std::string name = CleanName(text.substr(0, at));
  if (!name.empty() && !IsAnswerName(name)) return false;
  piece = std::move(trial);
  piece.name = name;
  return true;
}

}  // namespace lemma::check
