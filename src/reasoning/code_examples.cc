// SPDX-License-Identifier: Apache-2.0
#include "reasoning/code_examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "check/certificate.h"

namespace lemma::reasoning {
namespace {

constexpr size_t kMostLiteral = 4096;  // bytes of one side

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_';
}
bool IsSpace(char c) { return c == ' ' || c == '\t'; }

std::string_view TrimmedLine(std::string_view text) {
  while (!text.empty() && (IsSpace(text.front()) || text.front() == '\r')) text.remove_prefix(1);
  while (!text.empty() && (IsSpace(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// Reads Python literals from the start of a text. A reader that failed is not used further.
class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : text_(text) {}

  [[nodiscard]] size_t at() const { return at_; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  void SkipBlanks() {
    while (at_ < text_.size() && (IsSpace(text_[at_]) || (depth_ > 0 && IsLineEnd(text_[at_]))))
      ++at_;
  }
  bool Take(std::string_view part) {
    if (!rest().starts_with(part)) return false;
    at_ += part.size();
    return true;
  }

  bool ReadValue() {
    if (rest().empty() || at_ > kMostLiteral) return false;
    const char c = text_[at_];
    if (c == '"' || c == '\'') return ReadText(c);
    if (c == '-' || IsDigit(c)) return ReadNumber();
    if (c == '[') return ReadList(']');
    if (c == '(') return ReadList(')');
    if (c == '{') return ReadDict();
    return ReadName();
  }
  // "(...)" with values between commas, the opening one included.
  bool ReadList(char close) {
    constexpr size_t kDeepest = 16;
    if (depth_ == kDeepest) return false;
    ++at_;
    ++depth_;
    for (;;) {
      SkipBlanks();
      if (Take({&close, 1})) break;
      if (!ReadValue() || !ReadComma(close)) return false;
    }
    --depth_;
    return true;
  }

 private:
  static bool IsLineEnd(char c) { return c == '\n' || c == '\r'; }

  // Behind a value: a comma, or the closing bracket, which stays.
  bool ReadComma(char close) {
    SkipBlanks();
    return Take(",") || (at_ < text_.size() && text_[at_] == close);
  }

  bool ReadText(char quote) {
    for (++at_; at_ < text_.size() && !IsLineEnd(text_[at_]); ++at_) {
      if (text_[at_] == quote) {
        ++at_;
        return !rest().starts_with(quote);  // """ and '' next to another are no plain text
      }
      if (text_[at_] != '\\') continue;
      constexpr std::string_view kPlain = "\\'\"ntr";
      ++at_;
      if (at_ == text_.size() || kPlain.find(text_[at_]) == kPlain.npos) return false;
    }
    return false;
  }

  size_t ReadDigits() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return at_ - begin;
  }

  bool ReadNumber() {
    constexpr size_t kMostDigits = 1000;
    Take("-");
    const bool zero = rest().starts_with('0');
    const size_t digits = ReadDigits();
    bool whole = true;
    if (at_ + 1 < text_.size() && text_[at_] == '.' && IsDigit(text_[at_ + 1])) {
      ++at_;
      ReadDigits();
      whole = false;
    }
    const size_t mantissa = at_;
    if (Take("e") || Take("E")) {
      if (!Take("-")) Take("+");
      if (ReadDigits() == 0) at_ = mantissa;
      whole = false;
    }
    const bool ends = at_ == text_.size() || !IsNameChar(text_[at_]);
    return digits > 0 && digits <= kMostDigits && ends && !(zero && whole && digits > 1);
  }

  bool ReadName() {
    for (const std::string_view name : {"True", "False", "None"}) {
      if (Take(name)) return at_ == text_.size() || !IsNameChar(text_[at_]);
    }
    return false;
  }

  // Keys are numbers, texts and names: others may have no hash.
  bool ReadDict() {
    constexpr size_t kDeepest = 16;
    if (depth_ == kDeepest) return false;
    ++at_;
    ++depth_;
    for (;;) {
      SkipBlanks();
      if (Take("}")) break;
      if (rest().empty() || text_[at_] == '[' || text_[at_] == '{' || text_[at_] == '(') {
        return false;
      }
      if (!ReadValue()) return false;
      SkipBlanks();
      if (!Take(":")) return false;
      SkipBlanks();
      if (!ReadValue() || !ReadComma('}')) return false;
    }
    --depth_;
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t depth_ = 0;
};

// "f(1, 2)" at the start of a text, with literals alone; its bytes, or 0.
size_t CallAt(std::string_view text, std::string_view function) {
  if (!text.starts_with(function)) return 0;
  LiteralReader reader(text.substr(function.size()));
  if (!reader.rest().starts_with('(') || !reader.ReadList(')')) return 0;
  return function.size() + reader.at();
}

struct Example {
  std::string call;
  std::string value;
};

std::string OneLine(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out;
}

// So many bytes around a call are looked at: about a sentence.
constexpr size_t kAround = 200;

// Whether an expression may begin behind `before`: no operator and no condition stands there.
bool MayBegin(std::string_view before) {
  before.remove_prefix(before.size() - std::min(before.size(), kAround));
  if (!before.empty() && (IsNameChar(before.back()) || before.back() == '.')) return false;
  const std::string_view line = TrimmedLine(before.substr(before.rfind('\n') + 1));
  if (line.empty() || line == "-" || line == "*" || line == ">") return true;  // marks of a list
  constexpr std::string_view kOperators = "+-*/%=<>!&|^~@([{,";
  if (before.back() == '(') return MayBegin(before.substr(0, before.size() - 1));
  if (line.back() == ',' && before.back() != ',') return true;  // "..., f(1) == 2"
  if (kOperators.find(line.back()) != kOperators.npos) return false;
  constexpr std::array<std::string_view, 17> kNot = {
      "def",      "not",    "if",   "unless", "when", "while", "whether", "suppose", "assume",
      "assuming", "lambda", "如果", "若",     "当",   "假设",  "假如",    "不是"};
  return std::none_of(kNot.begin(), kNot.end(), [line](std::string_view word) {
    if (!line.ends_with(word)) return false;
    return !IsNameChar(word[0]) || line.size() == word.size() ||
           !IsNameChar(line[line.size() - word.size() - 1]);
  });
}

// Whether nothing of an expression follows a value.
bool MayEnd(std::string_view after) {
  const bool blank = !after.empty() && IsSpace(after.front());
  const std::string_view rest = TrimmedLine(after.substr(0, after.find('\n')));
  if (rest.empty()) return true;
  const char c = rest.front();
  if (c == '.' || c == ':') return rest.size() == 1 || IsSpace(rest[1]);
  if (c == ',') {  // "2, 3" may be a tuple
    const std::string_view next = TrimmedLine(rest.substr(1));
    return next.empty() || (next.front() != '-' && !IsDigit(next.front()) &&
                            std::string_view("\"'[({").find(next.front()) == next.npos);
  }
  if (std::string_view(";)`#?!").find(c) != std::string_view::npos) return !rest.starts_with("!=");
  if (blank && (rest.starts_with("and ") || rest.starts_with("while "))) return true;
  for (const std::string_view mark :
       {"。", "，", "；", "、", "）", "！", "？", "：", "”", "」", "而", "和", "且", "并"}) {
    if (rest.starts_with(mark)) return true;
  }
  return false;
}

// Words that tell of a fault, an exception or a choice: what is written may not be what is asked.
bool MayTellOfAFault(std::string_view sentence) {
  constexpr std::array<std::string_view, 24> kWords = {
      " but ",  "instead", "wrong", "incorrect", "currently", "bug",  "error", "fail",
      "never ", "not ",    "n't ",  " or ",      "mistake",   "但",   "却",    "错",
      "误",     "而不是",  "不应",  "不该",      "目前",      "现在", "或",    "原本"};
  return std::any_of(kWords.begin(), kWords.end(), [sentence](std::string_view word) {
    return sentence.find(word) != sentence.npos;
  });
}

// The line around a place, as far as it is near.
std::string_view LineOf(std::string_view text, size_t at) {
  const size_t first = at - std::min(at, kAround);
  const std::string_view near = text.substr(first, 2 * kAround);
  const size_t begin = near.rfind('\n', at - first) + 1;  // npos + 1 is 0
  return near.substr(begin, near.find('\n', at - first) - begin);
}

// What joins a call and its result.
struct Joint {
  std::string_view text;
  bool word;  // of a sentence
};
constexpr std::array<Joint, 8> kJoints = {{{"==", false},
                                           {"->", false},
                                           {"returns", true},
                                           {"should return", true},
                                           {"必须返回", true},
                                           {"应该返回", true},
                                           {"应返回", true},
                                           {"返回", true}}};

// An example in running text whose call begins at `at`.
bool ReadPlain(std::string_view text, size_t at, std::string_view function, Example& out) {
  const size_t call = CallAt(text.substr(at), function);
  if (call == 0 || !MayBegin(text.substr(0, at))) return false;
  LiteralReader reader(text.substr(at + call));
  reader.Take("`");
  reader.SkipBlanks();
  const auto* const joint = std::find_if(kJoints.begin(), kJoints.end(),
                                         [&](const Joint& j) { return reader.Take(j.text); });
  if (joint == kJoints.end()) return false;
  if (joint->word && IsNameChar(joint->text[0]) && !reader.rest().starts_with(' ')) return false;
  reader.SkipBlanks();
  reader.Take("`");
  const size_t begin = at + call + reader.at();
  if (!reader.ReadValue()) return false;
  const size_t end = at + call + reader.at();
  std::string_view after = text.substr(end);
  if (after.starts_with('`')) after.remove_prefix(1);
  if (!MayEnd(after)) return false;
  if (MayTellOfAFault(LineOf(text, at))) return false;
  out = {OneLine(text.substr(at, call)), OneLine(text.substr(begin, end - begin))};
  return true;
}

// A doctest whose line begins at `at`: the lines behind it up to an empty one are the result.
bool ReadDoctest(std::string_view text, size_t at, std::string_view function, Example& out) {
  const std::string_view line = text.substr(at, text.find('\n', at) - at);
  const std::string_view source = TrimmedLine(TrimmedLine(line).substr(3));
  const size_t call = CallAt(source, function);
  if (call == 0) return false;
  const std::string_view behind = TrimmedLine(source.substr(call));
  if (!behind.empty() && behind.front() != '#') return false;
  std::string value;
  for (size_t next = at + line.size() + 1; next < text.size();) {
    const std::string_view each = text.substr(next, text.find('\n', next) - next);
    next += each.size() + 1;
    const std::string_view bare = TrimmedLine(each);
    const bool ends = bare.empty() || bare.starts_with(">>>") || bare.starts_with("\"\"\"") ||
                      bare.starts_with("'''") || bare.starts_with("```");
    if (ends || value.size() > kMostLiteral) break;
    if (!value.empty()) value += ' ';
    value += bare;
  }
  for (const std::string_view mark : {"\"\"\"", "'''"}) {  // behind the last result, on its line
    if (value.ends_with(mark) && value.size() > 3) value.resize(value.size() - 3);
  }
  value = std::string(TrimmedLine(value));
  LiteralReader reader(value);
  if (!reader.ReadValue() || reader.at() != value.size()) return false;
  out = {std::string(source.substr(0, call)), value};
  return true;
}

enum class Where : uint8_t { kTopLevel, kAnywhere };

// The functions of the lines "def NAME(".
std::vector<std::string> FunctionsDefined(std::string_view text, Where where) {
  constexpr size_t kMost = 64;
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size() && out.size() < kMost;) {
    const std::string_view line = text.substr(at, text.find('\n', at) - at);
    at += line.size() + 1;
    const std::string_view bare = where == Where::kAnywhere ? TrimmedLine(line) : line;
    if (!bare.starts_with("def ")) continue;
    size_t end = 4;
    while (end < bare.size() && IsNameChar(bare[end])) ++end;
    if (end > 4 && end < bare.size() && bare[end] == '(') out.emplace_back(bare.substr(4, end - 4));
  }
  return out;
}

}  // namespace

CodeExamples ExamplesIn(std::string_view question, std::string_view function) {
  CodeExamples out;
  out.function = std::string(function);
  std::vector<Example> found;
  std::map<std::string, std::set<std::string>> values;
  constexpr size_t kMostRead = 1024;
  size_t read = 0;
  const auto add = [&](Example example) {
    if (++read <= kMostRead && values[example.call].insert(example.value).second)
      found.push_back(std::move(example));
  };
  for (size_t at = 0; at < question.size() && !function.empty();) {
    const std::string_view line = question.substr(at, question.find('\n', at) - at);
    Example example;
    if (TrimmedLine(line).starts_with(">>>")) {
      if (ReadDoctest(question, at, function, example)) add(std::move(example));
    } else {
      for (size_t in = line.find(function); in != line.npos; in = line.find(function, in + 1)) {
        if (ReadPlain(question, at + in, function, example)) add(std::move(example));
      }
    }
    at += line.size() + 1;
  }
  for (const Example& example : found) {
    if (values[example.call].size() > 1 || out.count == kMostExamples) continue;
    out.tests += fmt::format("assert {} == {}\n", example.call, example.value);
    ++out.count;
  }
  return out;
}

CodeExamples ExamplesFor(std::string_view question, std::string_view code) {
  const std::vector<std::string> asked = FunctionsDefined(question, Where::kAnywhere);
  CodeExamples out;
  for (const std::string& each : FunctionsDefined(code, Where::kTopLevel)) {
    if (!asked.empty() && each != asked.back()) continue;
    CodeExamples found = ExamplesIn(question, each);
    if (found.count > 0) out = std::move(found);
  }
  return out;
}

void TellOfExamples(const CodeExamples& examples, check::Finding& finding) {
  using check::Verdict;
  finding.checker = "python_examples";
  finding.json += ",\"examples\":" + check::JsonString(examples.tests);
  if (finding.verdict == Verdict::kVerified) {
    finding.verdict = Verdict::kChecked;
    finding.summary = {fmt::format("✓ 已检查（题中的例子都成立：{} 个）", examples.count),
                       fmt::format("✓ checked (the question's examples hold: {})", examples.count)};
    return;
  }
  if (finding.reason != "failed" || finding.facts.empty()) return;
  finding.summary = {"✗ 已反驳：题中的例子不成立",
                     "✗ refuted: an example of the question does not hold"};
  finding.feedback = {"题中的例子不成立：\n" + finding.facts.front().zh,
                      "An example of the question does not hold:\n" + finding.facts.front().en};
}

}  // namespace lemma::reasoning
