// SPDX-License-Identifier: Apache-2.0
#include "check/eval_generate.h"

#include <fmt/format.h>

#include <numeric>

namespace lemma::check {
namespace {

// NOLINTBEGIN(bugprone-suspicious-missing-comma): texts longer than a line

using Texts = std::vector<std::string>;

// "{a}" in a phrasing becomes the value.
std::string Fill(std::string text,
                 const std::vector<std::pair<std::string_view, std::string>>& in) {
  for (const auto& [name, value] : in) {
    const std::string mark = fmt::format("{{{}}}", name);
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.replace(at, mark.size(), value);
      at += value.size();
    }
  }
  return text;
}

std::string Chinese(int64_t n) {  // 1..99
  const std::vector<std::string> digits = {"",   "一", "二", "三", "四",
                                           "五", "六", "七", "八", "九"};
  const auto tens = static_cast<size_t>(n / 10);
  const auto ones = static_cast<size_t>(n % 10);
  return (tens == 0 ? "" : (tens == 1 ? "十" : digits[tens] + "十")) + digits[ones];
}

EvalProblem Heads(EvalRandom& random) {
  struct Pair {
    std::string two, four, two_en, four_en;
  };
  static const std::vector<Pair> pair_names = {{"鸡", "兔", "chickens", "rabbits"},
                                               {"鸭", "羊", "ducks", "sheep"},
                                               {"鸡", "猪", "chickens", "pigs"},
                                               {"鸭", "牛", "ducks", "cows"}};
  static const Texts zh_texts = {
      "{a}{b}同笼，共有{h}个头，{f}只脚，问{a}{b}各几只？",
      "笼子里有{a}和{b}，从上面数有{h}个头，从下面数有{f}只脚，{a}和{b}各有多少只？",
      "今有{a}{b}同笼，上有{zh}头，下有{zf}足，问{a}{b}各几何？",
      "{a}和{b}共{h}只，共有{f}条腿。{a}、{b}各有几只？",
      "{a}{b}同笼，头共{h}个，脚共{f}只，{a}{b}各多少只？"};
  static const Texts en_texts = {
      "A farmer has {a} and {b} with {h} heads and {f} feet. How many {a} and how many {b} are "
      "there?",
      "There are some {a} and {b} in a cage, {h} heads and {f} legs in total. How many of each are "
      "there?",
      "A farm has {a} and {b}. There are {h} animals and {f} legs in all. How many of each kind "
      "are "
      "there?",
      "A cage contains {a} and {b}: {h} heads, {f} feet. How many {a}, how many {b}?",
      "In the cage there are {a} and {b}. Together they have {h} heads and {f} feet. How many {a} "
      "and {b} are there?"};
  const Pair& pair = random.Pick(pair_names);
  const bool english = random.Between(0, 1) == 1;
  const bool none = random.Between(0, 9) == 0;  // an odd number of feet
  const int64_t a = random.Between(1, 20);
  const int64_t b = random.Between(1, 14);
  const int64_t feet = 2 * a + 4 * b + (none ? 1 : 0);
  EvalProblem out;
  out.text =
      Fill(random.Pick(english ? en_texts : zh_texts), {{"a", english ? pair.two_en : pair.two},
                                                        {"b", english ? pair.four_en : pair.four},
                                                        {"h", std::to_string(a + b)},
                                                        {"f", std::to_string(feet)},
                                                        {"zh", Chinese(a + b)},
                                                        {"zf", Chinese(feet)}});
  if (none) {
    out.answer = english ? "no solution" : "无解";
    out.wrong = english ? fmt::format("{} {} and {} {}", a, pair.two_en, b, pair.four_en)
                        : fmt::format("{}{}只，{}{}只", pair.two, a, pair.four, b);
  } else if (english) {
    out.answer = fmt::format("{} {} and {} {}", a, pair.two_en, b, pair.four_en);
  } else {
    out.answer = fmt::format("{}{}只，{}{}只", pair.two, a, pair.four, b);
  }
  return out;
}

EvalProblem Dice(EvalRandom& random) {
  static const Texts all_texts = {
      "掷{n}个骰子，点数之和为{s}的概率是多少？",
      "同时掷{n}枚均匀的骰子，求点数之和是{s}的概率。",
      "投掷{n}颗骰子，点数和等于{s}的概率是多少？",
      "同时抛{n}枚骰子，求朝上的点数之和为{s}的概率",
      "抛掷{n}个公平的骰子，它们的点数之和等于{s}的概率是多少",
      "{n} dice are rolled. What is the probability that the sum is {s}?",
      "Roll {n} fair dice. Find the probability that the sum equals {s}.",
      "What is the probability of getting a sum of {s} when rolling {n} dice?",
      "You throw {n} fair six-sided dice. What is the probability that their sum is {s}?",
      "If {n} standard dice are thrown, what is the chance that the numbers sum to {s}?"};
  const int64_t n = random.Between(2, 4);
  const int64_t sum = random.Between(n, 6 * n);
  std::vector<int64_t> ways = {1};
  int64_t all = 1;
  for (int64_t die = 0; die < n; ++die) {
    std::vector<int64_t> next(ways.size() + 6, 0);
    for (size_t i = 0; i < ways.size(); ++i) {
      for (size_t face = 1; face <= 6; ++face) next[i + face] += ways[i];
    }
    ways = std::move(next);
    all *= 6;
  }
  const int64_t hits = ways[static_cast<size_t>(sum)];
  const int64_t divisor = std::gcd(hits, all);
  return {Fill(random.Pick(all_texts), {{"n", std::to_string(n)}, {"s", std::to_string(sum)}}),
          fmt::format("{}/{}", hits / divisor, all / divisor), ""};
}

int64_t Choose(int64_t n, int64_t k) {
  if (k < 0 || k > n) return 0;
  int64_t out = 1;
  for (int64_t i = 1; i <= k; ++i) out = out * (n - k + i) / i;
  return out;
}

EvalProblem Committee(EvalRandom& random) {
  static const Texts all_texts = {
      "从{n}个人中选出{k}人，其中甲和乙不能同时入选，有多少种选法？",
      "从{n}名同学中选{k}人参加会议，甲、乙两人不能同时被选，共有多少种不同的选法？",
      "有{n}个人，选{k}人组成委员会，甲与乙互相拒绝共事，问有几种选法？",
      "从{n}人里选派{k}人，其中有两人不愿意一起共事，有多少种不同的选法？",
      "{n}人中选{k}人，甲乙不能都入选，有多少种方法？",
      "In how many ways can {k} people be chosen from {n} people if two of them refuse to serve "
      "together?",
      "From {n} people, choose {k}. Two people refuse to work together. How many ways are there?",
      "How many committees of {k} can be formed from {n} people if A and B cannot both be chosen?",
      "From {n} students, a committee of {k} is formed, but two particular students will not serve "
      "together. How many different committees are there?",
      "There are {n} people and {k} are chosen. Alice and Bob cannot both be selected. How many "
      "ways are there?"};
  const int64_t n = random.Between(4, 16);
  const int64_t k = random.Between(2, std::min<int64_t>(n - 1, 6));
  const std::string text = random.Pick(all_texts);
  return {Fill(text, {{"n", std::to_string(n)}, {"k", std::to_string(k)}}),
          std::to_string(Choose(n, k) - Choose(n - 2, k - 2)), ""};
}

EvalProblem Digits(EvalRandom& random) {
  static const Texts zh_texts = {
      "一个三位数，各位数字之和是{s}，百位比十位{p}，个位比十位{q}，求这个三位数。",
      "三位数的数字之和为{s}，百位数字比十位数字{p}，个位数字比十位数字{q}，这个三位数是多少？",
      "已知一个三位数，各位数字的和等于{s}，它的百位比十位{p}，个位比十位{q}，求该三位数。",
      "一个三位数的各位数字之和是{s}，百位上的数字比十位上的数字{p}，个位上的数字比十位上的数字{q}"
      "，"
      "求这个三位数",
      "求三位数：各位数字之和为{s}，百位数字比十位数字{p}，个位数字比十位数字{q}。"};
  static const Texts en_texts = {
      "A three-digit number has digit sum {s}. Its hundreds digit is {p} its tens digit and its "
      "units digit is {q} its tens digit. Find the number.",
      "The sum of the digits of a three-digit number is {s}. The hundreds digit is {p} the tens "
      "digit, and the ones digit is {q} the tens digit. What is the number?",
      "Find a three-digit number whose digits sum to {s}, with hundreds digit {p} the tens digit "
      "and units digit {q} the tens digit.",
      "In a three-digit number the digits add up to {s}, the hundreds digit is {p} the tens digit, "
      "the units digit is {q} the tens digit. Find this number.",
      "What is the three-digit number with digit sum {s} whose hundreds digit is {p} its tens "
      "digit "
      "and whose ones digit is {q} its tens digit?"};
  const auto apart = [&](bool english, int64_t* gap) {
    *gap = random.Between(1, 6) * (random.Between(0, 1) == 0 ? 1 : -1);
    const int64_t size = *gap < 0 ? -*gap : *gap;
    if (english) return fmt::format("{} {} than", size, *gap > 0 ? "more" : "less");
    return fmt::format("{}{}", *gap > 0 ? "大" : "小", size);
  };
  const bool english = random.Between(0, 1) == 1;
  int64_t p = 0;
  int64_t q = 0;
  const std::string hundreds = apart(english, &p);
  const std::string units = apart(english, &q);
  int64_t sum = random.Between(3, 24);
  if (random.Between(0, 2) != 0) {  // mostly one that has a solution, if any has
    const int64_t b = random.Between(0, 9);
    if (b + p >= 1 && b + p <= 9 && b + q >= 0 && b + q <= 9) sum = 3 * b + p + q;
  }
  int64_t found = 0;
  for (int64_t n = 100; n < 1000; ++n) {
    const int64_t a = n / 100;
    const int64_t b = n / 10 % 10;
    const int64_t c = n % 10;
    if (a + b + c == sum && a - b == p && c - b == q) found = n;
  }
  EvalProblem out;
  out.text = Fill(random.Pick(english ? en_texts : zh_texts),
                  {{"s", std::to_string(sum)}, {"p", hundreds}, {"q", units}});
  out.answer = found != 0 ? std::to_string(found) : (english ? "no solution" : "无解");
  if (found == 0) out.wrong = std::to_string(random.Between(100, 999));
  return out;
}

EvalProblem Sequence(EvalRandom& random) {
  static const Texts all_texts = {
      "数列{a_n}满足a_1={f}，a_{n+1}={p}a_n{q}，求a_{i}。",
      "已知a1={f}，a(n+1)={p}a(n){q}，求a{i}的值。",
      "若a_{1}={f}，且a_{n+1}={p}a_{n}{q}，求a_{{i}}。",
      "数列a_n满足a_1={f}，a_{n+1}={p}×a_n{q}。计算a_{i}",
      "已知数列{aₙ}满足a₁={f}，aₙ₊₁={p}aₙ{q}，则a_{i}等于多少？",
      "A sequence satisfies a_1 = {f} and a_{n+1} = {p}a_n{q}. Find a_{i}.",
      "Given a1={f}, a(n+1)={p}a(n){q}, find a{i}.",
      "The sequence {a_n} is defined by a_1={f}, a_{n+1}={p}a_n{q}. What is a_{{i}}?",
      "Let a_1 = {f}, a_(n+1) = {p}*a_n{q}. Compute a_{i}.",
      "If a_1={f} and a_{n+1}={p}a_n{q}, what is the value of a_{i}?"};
  const int64_t first = random.Between(1, 9);
  const int64_t p = random.Between(2, 5);
  const int64_t q = random.Between(1, 9) * (random.Between(0, 2) == 0 ? -1 : 1);
  const int64_t index = random.Between(3, 12);
  int64_t value = first;
  for (int64_t i = 1; i < index; ++i) value = p * value + q;
  return {Fill(random.Pick(all_texts), {{"f", std::to_string(first)},
                                        {"p", std::to_string(p)},
                                        {"q", fmt::format("{:+}", q)},
                                        {"i", std::to_string(index)}}),
          std::to_string(value), ""};
}

// Of which n a statement speaks; "" of all.
struct DividesCondition {
  std::string text;
  int64_t modulus = 1;
  int64_t remainder = 0;
  bool negated = false;
};
DividesCondition MakeCondition(EvalRandom& random, bool english) {
  const int64_t m = random.Between(3, 5);
  const int64_t r = random.Between(1, m - 1);
  switch (random.Between(0, 6)) {
    case 0:
      return {english ? "n is odd" : "n是奇数", 2, 1, false};
    case 1:
      return {english ? "n is even" : "n为偶数", 2, 0, false};
    case 2:
      return {fmt::format(fmt::runtime(english ? "n is not divisible by {}" : "n不是{}的倍数"), m),
              m, 0, true};
    case 3:
      return {fmt::format(fmt::runtime(english ? "n leaves a remainder of {1} when divided by {0}"
                                               : "n除以{0}余{1}"),
                          m, r),
              m, r, false};
    default:
      return {};
  }
}

template <class F>
bool AlwaysDivides(int64_t m, const DividesCondition& when, F value) {
  for (int64_t n = 0; n < m * when.modulus; ++n) {
    const bool meant = (n % when.modulus == when.remainder) != when.negated;
    if (meant && value(n) % m != 0) return false;
  }
  return true;
}

std::string ClaimText(bool holds, bool english) {
  if (english) return holds ? "yes" : "no";
  return holds ? "成立" : "不成立";
}

EvalProblem Divides(EvalRandom& random) {
  static const Texts zh_texts = {
      "证明：对任意整数n，{e}能被{m}整除。", "对于任意整数n，{e}是{m}的倍数，对吗？",
      "判断：若n是整数，则{e}一定能被{m}整除。", "n为整数，求证{e}总能被{m}整除",
      "设n为整数，{e}总是{m}的倍数吗？"};
  static const Texts en_texts = {
      "Prove that {e} is divisible by {m} for every integer n.",
      "Is it true that {e} is always divisible by {m} for any integer n?",
      "If n is an integer, then {e} is a multiple of {m}.",
      "Show that for all integers n, {e} is divisible by {m}.",
      "For every integer n, decide whether {e} is always a multiple of {m}."};
  static const Texts zh_conditions = {"证明：若{c}，则{e}能被{m}整除。",
                                      "当{c}时，{e}是{m}的倍数，对吗？",
                                      "如果{c}，那么{e}一定能被{m}整除。"};
  static const Texts en_conditions = {"If {c}, then {e} is divisible by {m}.",
                                      "Prove that {e} is a multiple of {m} whenever {c}.",
                                      "Suppose {c}. Show that {e} is divisible by {m}."};
  const int64_t a = random.Between(0, 1);  // a n^3 + b n^2 + c n + d
  const int64_t b = a == 0 ? 1 : random.Between(0, 3);
  const int64_t c = random.Between(1, 9) * (random.Between(0, 1) == 0 ? 1 : -1);
  const int64_t d = random.Between(0, 3) == 0 ? random.Between(1, 6) : 0;
  const int64_t m = random.Between(2, 7);
  std::string text = a != 0 ? "n^3" : "";
  const auto term = [&](int64_t factor, const char* power) {
    if (factor == 0) return;
    const std::string sign = factor > 0 ? (text.empty() ? "" : "+") : "-";
    const int64_t size = factor > 0 ? factor : -factor;
    text += sign + (size == 1 && *power != '\0' ? "" : std::to_string(size)) + power;
  };
  term(b, "n^2");
  term(c, "n");
  term(d, "");
  const bool english = random.Between(0, 1) == 1;
  const DividesCondition when = MakeCondition(random, english);
  const auto value = [&](int64_t n) { return ((a * n + b) * n + c) * n + d; };
  const bool holds = AlwaysDivides(m, when, value);
  const Texts& texts = when.text.empty() ? (english ? en_texts : zh_texts)
                                         : (english ? en_conditions : zh_conditions);
  return {Fill(random.Pick(texts), {{"e", text}, {"m", std::to_string(m)}, {"c", when.text}}),
          ClaimText(holds, english), ClaimText(!holds, english)};
}

// Roots as an answer: "x=-1 或 x=2".
std::string RootsText(std::vector<int64_t> roots, bool english) {
  if (roots.empty()) return english ? "no real solution" : "无解";
  if (roots.size() == 2 && roots[0] == roots[1]) roots.pop_back();
  std::string out;
  for (const int64_t root : roots) {
    out += (out.empty() ? "" : (english ? " or " : " 或 ")) + fmt::format("x={}", root);
  }
  return out;
}

EvalProblem Equation(EvalRandom& random) {
  static const Texts zh_texts = {"解方程：{e}", "求方程{e}的所有实数解。", "解方程{e}，x等于多少？",
                                 "求解{e}", "已知{e}，求x的值。"};
  static const Texts en_texts = {
      "Solve {e}.", "Find all real solutions of {e}.", "Solve the equation {e} for x.",
      "What are the real solutions of {e}?", "Find all real x such that {e}."};
  std::string e;
  std::vector<int64_t> roots;
  switch (random.Between(0, 3)) {
    case 0: {  // ax+b=cx+d
      const int64_t x = random.Between(-12, 12);
      const int64_t a = random.Between(2, 9);
      const int64_t c = random.Between(1, a - 1);
      const int64_t b = random.Between(-20, 20);
      const int64_t d = a * x + b - c * x;
      e = fmt::format("{}x{:+}={}x{:+}", a, b, c, d);
      roots = {x};
      break;
    }
    case 1: {  // two roots
      const int64_t p = random.Between(-9, 9);
      const int64_t q = random.Between(-9, 9);
      e = fmt::format("x^2{:+}x{:+}=0", -(p + q), p * q);
      roots = {std::min(p, q), std::max(p, q)};
      break;
    }
    case 2: {  // none: x^2+bx+c with b^2 < 4c
      const int64_t b = random.Between(-6, 6);
      const int64_t c = b * b / 4 + random.Between(1, 9);
      e = fmt::format("x^2{:+}x{:+}=0", b, c);
      break;
    }
    default: {  // sqrt(x+a)=x+b; the other root of the square is x1
      const int64_t x = random.Between(-3, 9);
      const int64_t b = random.Between(-x, 6);
      const int64_t a = (x + b) * (x + b) - x;
      const int64_t x1 = 1 - 2 * b - x;
      e = fmt::format("√(x{:+})=x{:+}", a, b);
      roots = {x};
      if (x1 != x && x1 + b >= 0) roots = {std::min(x, x1), std::max(x, x1)};
    }
  }
  const bool english = random.Between(0, 1) == 1;
  return {Fill(random.Pick(english ? en_texts : zh_texts), {{"e", e}}), RootsText(roots, english),
          roots.empty() ? "x=3" : ""};
}

// NOLINTEND(bugprone-suspicious-missing-comma)

}  // namespace

uint64_t EvalRandom::Next() {
  state_ += 0x9E3779B97F4A7C15U;
  uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

int64_t EvalRandom::Between(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(Next() % static_cast<uint64_t>(high - low + 1));
}

const std::vector<std::string_view>& EvalFamilies() {
  static const std::vector<std::string_view> families = {
      "heads", "equation", "divides", "dice", "committee", "digits", "sequence", "story"};
  return families;
}

EvalProblem GenerateProblem(std::string_view family, EvalRandom& random) {
  if (family == "heads") return Heads(random);
  if (family == "equation") return Equation(random);
  if (family == "divides") return Divides(random);
  if (family == "dice") return Dice(random);
  if (family == "committee") return Committee(random);
  if (family == "digits") return Digits(random);
  if (family == "sequence") return Sequence(random);
  return GenerateStory(random);
}

}  // namespace lemma::check
