// SPDX-License-Identifier: Apache-2.0
// Readers: a choice of people of whom two refuse each other.
#include <algorithm>

#include "check/reading.h"

namespace lemma::check {
namespace {

const std::vector<Word>& CommitteeVocabulary() {
  static const std::vector<Word> words = MakeVocabulary({
      {"FROM",
       "从|由|from|out of|from among|from a group of|from a class of|from a team of|among|"
       "a group of|group of|there are|有"},
      {"TAKE",
       "选|选出|挑选|挑选出|选派|派出|派|中选出|任选|选取|抽出|抽取|抽|挑|挑出|选择|要选|推选|选拔|"
       "choose|select|pick|choosing|selecting|picking|a committee of|committee of|"
       "committees of|a team of|teams of|a subcommittee of"},
      {"TAKEN", "chosen|selected|picked|入选者"},
      {"SIZE",
       "-person committee|-person committees|-member committee|-member committees|"
       "人小组|人委员会|人代表队|person committees|person committee"},
      {"WHO",
       "人|个人|名同学|名学生|名代表|个同学|位同学|名员工|个员工|名队员|名志愿者|位老师|名教师|"
       "名老师|名工人|名干部|名成员|个成员|名候选人|个学生|位学生|名选手|位|名|people|students|"
       "persons|members|of them|candidates|employees|of the people|of the students|"
       "of the members|of the ten people|particular people|specific people|certain people|"
       "individuals|men|friends|workers|of these people|particular students|specific members|"
       "of those people|certain members"},
      {"NO",
       "不能|不可|不可以|不得|不愿|不愿意|不想|拒绝|不肯|不会|不|refuse|refuses|cannot|"
       "can't|can not|will not|won't|may not|do not want|don't want|are not allowed|"
       "not allowed|are unwilling|must not|should not|are not willing|never|"
       "cannot be chosen|cannot be selected|cannot be picked|can't be chosen"},
      {"REFUSAL", "互相拒绝|彼此拒绝|互相不愿|互不愿意"},
      {"TOGETHER",
       "同时|一起|都|共同|在一起|同在|互相|彼此|both|together|with each other|each other|"
       "in the same group|on the same committee|in the same committee|on it together|"
       "with one another|at the same time|same group|same committee|same team|"
       "on the same team"},
      {"PAIR",
       "甲乙|甲和乙|甲、乙|甲与乙|小王和小李|小明和小红|小张和小王|小王与小李|张三和李四|a and b|"
       "alice and bob|anna and ben|tom and jerry|john and mary|mary and john|jack and jill|"
       "person a and person b|adam and eve|bob and alice|al and bob"},
      {"ASK", "多少种|几种|多少|how many|find the number of|what is the number of|求"},
      {"",
       "里|中|其中|参加|会议|组成|委员会|共有|一共有|一共|共|不同的|不同|选法|方法|"
       "选派方法|方案|情况|问|的|ways|formed|form|particular|committees|but|different|"
       "入选|被选|被选上|被选中|被选出|当选|参赛|去|在内|工作|共事|选上|选入|加入|出席|"
       "上场|出差|比赛|小组|要|需要|现要|但|但是|由于|人数|某|某班|班里|班上|某公司|公司|"
       "代表|担任|组|一个小组|活动|任务|执行|be together|serve|serving|work|working|"
       "to serve|to work|to be|is to be formed|possible|selections|selection|choices|"
       "choice|you must|we must|must be|need|needs|we need|need to|team|group|committee|"
       "are|because|however|though|provided that|specific|certain|combinations|teams|be|"
       "out|up|for|make|made|making|containing|consisting|consists|subcommittees|"
       "not counting order|个|done|this|will|出场|出战|参加活动|去参加|have to|to be done|"
       "arranged|so that|under this condition|组队|是|可以|能|to|any"},
  });
  return words;
}

// Two of the people, who refuse each other: 甲乙, or the number two before who will not.
bool IsPair(const std::vector<Symbol>& symbols, size_t at) {
  const auto name = [&](size_t i) {
    return i < symbols.size() ? symbols[i].name : std::string_view();
  };
  if (symbols[at].value != Rational(2) || (at > 0 && name(at - 1) == "TAKE")) return false;
  if (at > 0 && name(at - 1) == "PAIR") return name(at + 1) == "WHO";
  return (name(at + 1) == "WHO" &&
          (name(at + 2) == "NO" || name(at + 2) == "PAIR" || name(at + 2) == "REFUSAL")) ||
         name(at + 1) == "NO";
}

// "3 of 10 people".
bool IsOf(std::string_view text, Span a, Span b) {
  const std::string between = LowerAscii(text.substr(a.end, b.begin - a.end));
  return between == " of " || between == " out of " || between == " of the " ||
         between == " people out of " || between == " people from " || between == " from ";
}

// What number i counts: "taken", "all", "pair" or "".
std::string_view PeopleSlot(std::string_view text, const std::vector<Symbol>& symbols, size_t i) {
  const auto name = [&](size_t at) {
    return at < symbols.size() ? symbols[at].name : std::string_view();
  };
  const std::string_view before = i > 0 ? name(i - 1) : "";
  const std::string_view next = name(i + 1);
  if (IsPair(symbols, i)) return "pair";
  const bool of_next = next == "N" && IsOf(text, symbols[i].span, symbols[i + 1].span);
  if (before == "TAKE" || next == "TAKEN" || next == "SIZE" || of_next ||
      (next == "WHO" && name(i + 2) == "TAKEN")) {
    return "taken";
  }
  return before == "FROM" || next == "WHO" || before == "N" ? "all" : "";
}

// Two refuse each other, said once: "cannot" and "together", or 互相拒绝.
bool PutRefusal(const std::vector<Symbol>& symbols, Slots& out) {
  int refusals = 0;
  for (size_t i = 0; i < symbols.size(); ++i) {
    const std::string_view name = symbols[i].name;
    const std::string_view before = i > 0 ? symbols[i - 1].name : "";
    const std::string_view next = i + 1 < symbols.size() ? symbols[i + 1].name : "";
    if (name == "NO" && next != "TOGETHER") return false;
    if (name == "TOGETHER" && before != "NO" && before != "TOGETHER") return false;
    if (name != "NO" && name != "REFUSAL") continue;
    ++refusals;
    out.spans["refusal"] = {symbols[i].span.begin, symbols[name == "NO" ? i + 1 : i].span.end};
  }
  return refusals == 1;
}

std::optional<Slots> CommitteeStrict(std::string_view text) {
  const auto symbols = ReadStrictly(text, CommitteeVocabulary());
  Slots out;
  if (!symbols || !PutRefusal(*symbols, out)) return std::nullopt;
  bool asked = false;
  bool pair = false;
  for (size_t i = 0; i < symbols->size(); ++i) {
    const Symbol& s = (*symbols)[i];
    asked = asked || s.name == "ASK";
    pair = pair || s.name == "PAIR";
    if (s.name != "N") continue;
    const std::string_view slot = PeopleSlot(text, *symbols, i);
    if (slot.empty()) return std::nullopt;
    if (slot == "pair") {
      pair = true;
      out.spans["pair"] = s.span;
    } else {
      Put(out, std::string(slot), s.value, s.span);
    }
  }
  return asked && pair && Filled(out, {"all", "taken"}) ? std::optional(out) : std::nullopt;
}

const std::vector<std::string_view>& Refusals() {
  static const std::vector<std::string_view> words = {
      "不能",   "不可",     "不得",      "不愿",        "不想",     "不肯",      "拒绝",
      "不同时", "refuse",   "cannot",    "can't",       "can not",  "not serve", "not work",
      "won't",  "not want", "unwilling", "not allowed", "must not", "not both",  "not be"};
  return words;
}

// What a number counts, by the words next to it. "": nothing known.
std::string CommitteeSlot(std::string_view before, std::string_view after) {
  const auto ends = [&](const std::vector<std::string_view>& words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view w) { return before.ends_with(w); });
  };
  const auto starts = [&](const std::vector<std::string_view>& words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view w) { return after.starts_with(w); });
  };
  if (ends({"选",
            "选出",
            "选派",
            "选取",
            "抽",
            "抽出",
            "抽取",
            "挑",
            "挑出",
            "派",
            "派出",
            "推选",
            "选择",
            "挑选",
            "choose ",
            "select ",
            "pick ",
            "choosing ",
            "selecting ",
            "committee of ",
            "committees of ",
            "team of ",
            "teams of "}) ||
      starts({" chosen",
              " are chosen",
              " people chosen",
              " people be chosen",
              " are selected",
              " people be selected",
              " are picked",
              " people are chosen",
              " people are selected",
              " are to be chosen",
              " are to be selected",
              " will be chosen",
              " will be selected",
              " need to be chosen",
              " must be chosen",
              " members be chosen",
              "-person",
              "-member",
              " of 10",
              " is chosen",
              "人小组",
              " students be chosen",
              " students are chosen"})) {
    return "taken";
  }
  if (before.empty() || ends({"从", "由", "有", "里", "from ", "out of ", "are ", "group of ",
                              "class of ", " of ", " of the ", "among "})) {
    return "all";
  }
  return "";
}

std::optional<Slots> CommitteeLoose(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (!HasAny(lower, Refusals()) ||
      !HasAny(lower, {"同时", "都", "一起", "共事", "同在", "together", "both", "each other",
                      "one another", "same"}) ||
      HasAny(lower, {"必须",
                     "必选",
                     "至少",
                     "must be chosen",
                     "must be included",
                     "at least",
                     "排",
                     "顺序",
                     "order",
                     "男",
                     "女",
                     "队长",
                     "president",
                     "chair",
                     "除非",
                     "unless",
                     "丙",
                     "都不",
                     "既不",
                     "neither",
                     "three of them refuse",
                     "at most",
                     "至多",
                     "最多",
                     "couple",
                     "以上",
                     "only if",
                     "arrang",
                     "line"})) {
    return std::nullopt;
  }
  Slots out;
  for (const NumeralNote& n : FindNumerals(text)) {
    if (!n.reason.empty() || IsArticle(text, n)) continue;
    std::string_view after = ClauseAfter(lower, n.span);
    const std::string_view before = ClauseBefore(lower, n.span);
    const std::string_view word =
        std::string_view(lower).substr(n.span.begin, n.span.end - n.span.begin);
    if (word == "both") continue;  // of the two
    const bool refusal = HasAny(after.substr(0, after.find("choose")), Refusals());
    const std::string slot = CommitteeSlot(before, after);
    const bool told = refusal || slot.empty() || HasAny(before, {"甲", "乙"});
    if (n.value == Rational(2) && slot != "taken" && told) {
      out.spans["pair"] = n.span;
    } else if (slot.empty()) {
      return std::nullopt;
    } else {
      Put(out, slot, n.value, n.span);
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
