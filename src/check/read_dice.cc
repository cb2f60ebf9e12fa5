// SPDX-License-Identifier: Apache-2.0
// Readers: dice with a given sum.
#include <algorithm>

#include "check/reading.h"

namespace lemma::check {
namespace {

const std::vector<Word>& DiceVocabulary() {
  static const std::vector<Word> words = MakeVocabulary({
      {"DIE", "骰子|色子|dice|骰"},
      {"P", "概率|可能性|probability|chance|的概率|概率是|chances"},
      {"SUM",
       "点数之和|点数的和|点数和|之和|sum|总点数|sum to|sum of|sum of the|add up to|"
       "点数加起来|加起来|点数总和|总和|和|点数相加|相加|total|total of|totals|adds up to|"
       "add to|sum equal to|sum equals|sums to|sum is|的和"},
      {"IS",
       "为|是|等于|恰好为|is|equals|equal to|恰为|恰好是|恰好等于|刚好是|刚好等于|刚好为|"
       "得|equaling|to be|being"},
      {"TIMES", "次"},
      {"PAIR",
       "一对骰子|一对均匀的骰子|pair of dice|pair of fair dice|pair of standard dice|pair of "
       "ordinary dice|pair of fair six-sided dice|pair of six-sided dice"},
      {"SIX", "six-sided|六面"},
      {"AGAIN",
       "两个点数|两枚骰子的点数|两枚骰子点数|两个骰子的点数|两个骰子点数|两颗骰子的点数|"
       "两颗骰子点数|"
       "两个骰子朝上的点数|两个骰子向上的点数|两骰子点数|两骰子的点数"},
      {"",
       "个|枚|颗|粒|同时|掷|投掷|抛|抛掷|投|掷出|均匀的|公平的|普通的|标准|的|求|多少|"
       "它们|朝上|出现|两面|有多大|质地|fair|standard|ordinary|roll|rolled|rolling|are|"
       "thrown|throw|tossed|you|what|find|the|that|of|when|a|getting|numbers|their|they|"
       "with|on|exactly|if|together|投出|抛出|一起|随机|随机地|朝上一面|向上|向上的|"
       "朝上的|上面|面|点数|两面的|质量|正常的|正常|均匀|公平|规则的|正方体|得到|求出|"
       "几分之几|多大|所得|出现的|恰好|rolls|two-dice|obtain|get|show|shows|showing|up|"
       "simultaneously|once|at once|faces|face|top|upper|regular|normal|unbiased|balanced|"
       "six sided|for|shown|results|result|outcome|outcomes|values|dots|pips|one another|"
       "number|upward|from|throwing|tossing|toss|throws|randomly|same time|the same time|"
       "甲|小明|小红|某人|某同学|时|后|将|把|则|任意|同时地|它们的|总|为多少|扔|扔出|丢|"
       "抛掷出|掷得|所得的|的时候|连续|先后|分别"},
  });
  return words;
}

// 两个点数之和: the two dice once more.
constexpr std::string_view kAgain =
    "两个点数|两枚骰子的点数|两枚骰子点数|两个骰子的点数|两个骰子点数|两颗骰子的点数|两颗骰子点数|"
    "两个骰子朝上的点数|两个骰子向上的点数|两骰子点数|两骰子的点数";
bool Repeats(std::string_view text) {
  const std::vector<std::string_view> words = BetweenBars(kAgain);
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.starts_with(word); });
}

// What the word or number i says. False: it cannot be told.
bool PutDice(const std::vector<Symbol>& symbols, size_t i, Slots& out) {
  const auto name = [&](size_t at) {
    return at < symbols.size() ? symbols[at].name : std::string_view();
  };
  const Symbol& s = symbols[i];
  const std::string_view before = i > 0 ? name(i - 1) : "";
  if (s.name == "TIMES") return before == "N";
  if (s.name == "SIX") out.spans["sides"] = s.span;
  const bool again = s.name == "AGAIN" && out.values.count("dice") != 0;
  if (again) out.spans["again"] = s.span;
  if (s.name == "PAIR" || (s.name == "AGAIN" && !again)) Put(out, "dice", 2, s.span);
  if (s.name != "N") return true;
  const std::string_view next = name(i + (name(i + 1) == "SIX" ? 2 : 1));
  const bool dice = next == "DIE" || next == "TIMES";
  if (!dice && before != "SUM" && before != "IS") return false;
  Put(out, dice ? "dice" : "sum", s.value, s.span);
  return true;
}

std::optional<Slots> DiceStrict(std::string_view text) {
  const auto symbols = ReadStrictly(text, DiceVocabulary());
  if (!symbols) return std::nullopt;
  Slots out;
  bool asked = false;
  bool sum = false;
  for (size_t i = 0; i < symbols->size(); ++i) {
    asked = asked || (*symbols)[i].name == "P";
    sum = sum || (*symbols)[i].name == "SUM";
    if (!PutDice(*symbols, i, out)) return std::nullopt;
  }
  if (out.spans.count("again") != 0 && out.values["dice"] != "2") return std::nullopt;
  return asked && sum && Filled(out, {"dice", "sum"}) ? std::optional(out) : std::nullopt;
}

// six-sided, 六面
bool IsSix(std::string_view text, const NumeralNote& n) {
  const std::string_view here = text.substr(n.span.begin);
  return here.starts_with("six-sided") || here.starts_with("六面");
}

std::optional<Slots> DiceLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (!HasAny(lower, {"骰子", "色子", "dice"}) ||
      !HasAny(lower, {"概率", "可能性", "probability", "chance"}) ||
      HasAny(lower,
             {"至少",       "大于",    "小于", "超过",  "不",      "差",         "积",     "least",
              "most",       "greater", "less", "more",  "product", "difference", "not ",   "given",
              "已知",       "偶数",    "奇数", " even", " odd",    "相同",       "loaded", "biased",
              "four-sided", "eight",   "最",   "两倍",  "之差",    "或",         " or "})) {
    return std::nullopt;
  }
  Slots out;
  std::optional<Span> again;
  const size_t pair = std::min(lower.find("一对"), lower.find("pair of"));
  if (pair != std::string::npos) Put(out, "dice", 2, {pair, pair + (lower[pair] == 'p' ? 7U : 6U)});
  for (const NumeralNote& n : FindNumerals(text)) {
    if (!n.reason.empty() || (n.span.begin >= pair && n.span.begin < pair + 6)) continue;
    const std::string_view after = ClauseAfter(lower, n.span);
    const std::string_view before = ClauseBefore(lower, n.span);
    if (IsSix(lower, n)) continue;
    size_t die = std::string_view::npos;
    for (const std::string_view word : {"骰子", "色子", "dice"})
      die = std::min(die, after.find(word));
    const auto between = FindNumerals(after.substr(0, std::min(die, after.size())));
    const bool nearest = std::all_of(between.begin(), between.end(),
                                     [&](const NumeralNote& other) { return IsSix(after, other); });
    if (n.value == Rational(2) && Repeats(lower.substr(n.span.begin)) &&
        out.values.count("dice") != 0) {
      again = n.span;
    } else if (after.starts_with("次") || (die < 40 && nearest)) {
      Put(out, "dice", n.value, n.span);
    } else if (HasAny(before, {"和", "总点数", "加起来", "相加", "sum", "add", "total"})) {
      Put(out, "sum", n.value, n.span);
    } else {
      return std::nullopt;
    }
  }
  if (again && out.values["dice"] != "2") return std::nullopt;
  if (again) out.spans["again"] = *again;
  return Filled(out, {"dice", "sum"}) ? std::optional(out) : std::nullopt;
}

std::optional<Problem> DiceProblem(const Slots& slots) {
  const auto dice = BigInt::Parse(slots.values.at("dice"))->ToInt64();
  if (!dice || *dice < 2 || *dice > 6) return std::nullopt;
  Problem p;
  p.family = Family::kProbability;
  std::string sum;
  for (int64_t i = 1; i <= *dice; ++i) {
    Variable v;
    v.name = "d_" + std::to_string(i);
    v.domain = Domain::kInteger;
    v.range = Range{1, 6};
    sum += (i == 1 ? "" : "+") + v.name;
    p.variables.push_back(std::move(v));
  }
  const auto relation = ParseRelations(sum + "=" + slots.values.at("sum"));
  if (!relation.ok()) return std::nullopt;
  p.constraints.push_back({relation->front(), slots.spans.at("sum")});
  p.query.kind = QueryKind::kProbability;
  return p;
}

}  // namespace

FamilyReaders DiceReaders() { return {DiceStrict, DiceLoose, DiceProblem}; }

}  // namespace lemma::check
