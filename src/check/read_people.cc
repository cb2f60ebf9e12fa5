// SPDX-License-Identifier: Apache-2.0
// Readers: a choice of people of whom two refuse each other.
#include "check/reading.h"

namespace lemma::check {
namespace {

const std::vector<Word>& CommitteeVocabulary() {
  static const std::vector<Word> words = MakeVocabulary({
      {"FROM", "从|from|out of|from among"},
      {"TAKE", "选|选出|挑选|选派|中选出|choose|select|a committee of|committee of|committees of"},
      {"TAKEN", "chosen|selected"},
      {"WHO", "人|个人|名同学|名学生|名代表|个同学|people|students|persons|members|of them"},
      {"NOT",
       "不能同时入选|不能同时被选|不能同时被选中|不能都入选|不同时入选|不能同时参加|"
       "不愿意一起共事|不能同时选|互相拒绝共事|refuse to serve together|"
       "refuse to work together|cannot both be chosen|cannot both be selected|"
       "will not serve together|refuse each other|refuse to serve with each other|"
       "cannot serve together"},
      {"PAIR", "甲乙|甲和乙|甲、乙|甲与乙|a and b|alice and bob"},
      {"ASK", "多少种|几种|how many"},
      {"",
       "里|中|其中|参加|会议|组成|委员会|有|共有|不同的|选法|方法|问|的|in|ways|can|be|are|"
       "there|to|but|if|who|different|is|formed|where|particular|committees|we|and"},
  });
  return words;
}

std::optional<Slots> CommitteeStrict(std::string_view text) {
  const auto symbols = ReadStrictly(text, CommitteeVocabulary());
  if (!symbols) return std::nullopt;
  Slots out;
  bool asked = false;
  bool pair = false;
  int refusals = 0;
  for (size_t i = 0; i < symbols->size(); ++i) {
    const Symbol& s = (*symbols)[i];
    const auto name = [&](size_t at) {
      return at < symbols->size() ? (*symbols)[at].name : std::string_view();
    };
    asked = asked || s.name == "ASK";
    pair = pair || s.name == "PAIR";
    if (s.name == "NOT") {
      ++refusals;
      out.spans["refusal"] = s.span;
    }
    if (s.name != "N") continue;
    const std::string_view before = i > 0 ? name(i - 1) : "";
    if (s.value == Rational(2) && name(i + 1) == "WHO" && name(i + 2) == "NOT") {
      pair = true;
      out.spans["pair"] = s.span;
    } else if (s.value == Rational(2) && before == "PAIR" && name(i + 1) == "WHO") {
      out.spans["pair"] = s.span;
    } else if (before == "TAKE" || name(i + 1) == "TAKEN" ||
               (name(i + 1) == "WHO" && name(i + 2) == "TAKEN")) {
      Put(out, "taken", s.value, s.span);
    } else if (before == "FROM" || name(i + 1) == "WHO") {
      Put(out, "all", s.value, s.span);
    } else {
      return std::nullopt;
    }
  }
  if (!asked || !pair || refusals != 1 || !Filled(out, {"all", "taken"})) return std::nullopt;
  return out;
}

std::optional<Slots> CommitteeLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (!HasAny(lower, {"不能同时", "不同时", "不能都", "refuse", "cannot both", "not serve together",
                      "cannot serve together", "拒绝共事", "不愿意一起"}) ||
      HasAny(lower, {"必须", "至少", "must", "at least", "排", "顺序", "order", "男", "女", "队长",
                     "president", "chair", "除非", "unless", "丙"})) {
    return std::nullopt;
  }
  Slots out;
  for (const NumeralNote& n : FindNumerals(text)) {
    if (!n.reason.empty()) continue;
    const std::string_view after = ClauseAfter(lower, n.span);
    const std::string_view before = ClauseBefore(lower, n.span);
    const bool refusal =
        HasAny(after, {"不能", "不同时", "refuse", "cannot", "not serve", "拒绝", "不愿意"});
    if (before.ends_with("cannot ") && lower.substr(n.span.begin).starts_with("both")) continue;
    const bool people_chosen =
        after.starts_with(" people chosen") || after.starts_with(" people be chosen");
    if (before.ends_with("选") || before.ends_with("选出") || before.ends_with("选派") ||
        before.ends_with("choose ") || before.ends_with("select ") ||
        before.ends_with("committee of ") || before.ends_with("committees of ") ||
        after.starts_with(" chosen") || after.starts_with(" are chosen") || people_chosen ||
        after.starts_with(" are selected")) {
      Put(out, "taken", n.value, n.span);
    } else if (n.value == Rational(2) && refusal) {
      out.spans["pair"] = n.span;
    } else if (before.ends_with("从") || before.ends_with("from ") || before.ends_with("out of ") ||
               before.empty() || before.ends_with("有") || before.ends_with("are ")) {
      Put(out, "all", n.value, n.span);
    } else {
      return std::nullopt;
    }
  }
  return Filled(out, {"all", "taken"}) ? std::optional(out) : std::nullopt;
}

std::optional<Problem> CommitteeProblem(const Slots& slots) {
  const auto n = BigInt::Parse(slots.values.at("all"))->ToInt64();
  const auto k = BigInt::Parse(slots.values.at("taken"))->ToInt64();
  if (!n || !k || *n > 62 || *k > *n || *n < 2) return std::nullopt;
  Problem p;
  p.family = Family::kCounting;
  p.choice = Choice{static_cast<int>(*n), static_cast<int>(*k), {{ChoiceRule::kNotBoth, 0, 1, {}}}};
  p.query.kind = QueryKind::kCount;
  return p;
}

}  // namespace

FamilyReaders CommitteeReaders() { return {CommitteeStrict, CommitteeLoose, CommitteeProblem}; }

}  // namespace lemma::check
