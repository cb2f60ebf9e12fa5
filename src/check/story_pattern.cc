// SPDX-License-Identifier: Apache-2.0
#include "check/story_pattern.h"

#include <algorithm>

#include "base/utf8.h"

namespace lemma::check {
namespace {

constexpr std::string_view kPauses[] = {"，", "。", "？", "！", "；", "：", "．", "\n",
                                        ",",  "?",  "!",  ";",  ":",  "、", "."};

constexpr std::string_view kMeasures[] = {
    "平方千米", "平方厘米", "平方分米", "平方米", "立方厘米", "立方分米", "立方米", "公顷",
    "千米",     "厘米",     "分米",     "毫米",   "公里",     "米",       "千克",   "公斤",
    "克",       "吨",       "毫升",     "升",     "小时",     "分钟",     "秒钟",   "秒",
    "元钱",     "块钱",     "钱",       "元",     "角",       "美元",     "岁",     "分"};
constexpr std::string_view kCounts[] = {
    "个", "只", "本", "人", "名", "位", "张", "支", "枝", "棵", "头", "匹", "辆", "架", "台",
    "件", "条", "页", "朵", "颗", "块", "盒", "箱", "袋", "瓶", "杯", "次", "组", "排", "道",
    "步", "把", "面", "层", "间", "座", "份", "根", "筐", "套", "双", "副", "顶", "串", "行",
    "队", "班", "盆", "艘", "扇", "场", "枚", "粒", "篮", "桶", "捆", "束", "下", "圈", "篇",
    "种", "户", "口", "列", "堆", "滴", "句", "所", "群", "卷", "首", "封", "幅", "节", "盘",
    "碗", "株", "天", "周", "年", "车", "字", "包", "则", "幢"};

// Characters that change what a sentence says. 第 is let through: 第一次 names something.
constexpr std::string_view kTurns =
    "每各平均共总剩余还再又比差送给借换与及其另除增减加降涨折约够超不没未如若倍半多少几双对"
    "后前先只都也却但仍到时照样至最按全部完分之成率速和跟或被把将是有更所“”（）％～、";

// Words with such a character that say nothing of the kind.
constexpr std::string_view kSafeWords[] = {"超市", "高速", "参加",   "比赛", "公共汽车",
                                           "先生", "全家", "加油站", "厕所", "成人",
                                           "前天", "后天", "后院",   "前院"};

bool IsTurn(std::string_view character) {
  if (character.size() == 1) {  // of ASCII, letters alone
    const char c = character[0];
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
  }
  return kTurns.find(character) != std::string_view::npos;
}

// A point between digits belongs to the number.
size_t MarkAt(std::string_view text, size_t at) {
  for (const std::string_view mark : kPauses) {
    if (text.substr(at).starts_with(mark)) return mark.size();
  }
  return 0;
}

// "14盒白粉笔和2盒彩粉笔" are two clauses.
constexpr std::string_view kAnd = "和";
bool IsNumberAt(const Story& story, size_t at) {
  return std::any_of(story.numbers.begin(), story.numbers.end(), [&](const NumeralNote& n) {
    return n.span.begin == at && n.value != Rational(1);
  });
}

std::string_view PieceText(const Clause& clause, size_t begin, size_t end) {
  const std::string_view first = clause.pieces[begin].text;
  const std::string_view last = clause.pieces[end - 1].text;
  return {first.data(), static_cast<size_t>(last.data() + last.size() - first.data())};
}

// How many pieces spell `word` from `at` on; unset: they do not.
std::optional<size_t> Spells(const Clause& clause, size_t at, std::string_view word) {
  size_t n = 0;
  while (!word.empty()) {
    if (at + n == clause.pieces.size()) return std::nullopt;
    const Piece& piece = clause.pieces[at + n];
    if (piece.number >= 0 || !word.starts_with(piece.text)) return std::nullopt;
    word.remove_prefix(piece.text.size());
    ++n;
  }
  return n;
}

}  // namespace

const std::vector<std::string_view>& StoryUnits() {
  static const std::vector<std::string_view> units = [] {
    std::vector<std::string_view> out(std::begin(kMeasures), std::end(kMeasures));
    out.insert(out.end(), std::begin(kCounts), std::end(kCounts));
    std::stable_sort(out.begin(), out.end(),
                     [](std::string_view a, std::string_view b) { return a.size() > b.size(); });
    return out;
  }();
  return units;
}

bool IsMeasure(std::string_view unit) {
  return std::find(std::begin(kMeasures), std::end(kMeasures), unit) != std::end(kMeasures);
}

Story SplitStory(std::string_view text) {
  Story out;
  const std::vector<NumeralNote> notes = FindNumerals(text);
  for (const NumeralNote& note : notes) {
    if (note.reason.empty()) out.numbers.push_back(note);
  }
  out.clauses.emplace_back();
  for (size_t at = 0; at < text.size();) {
    const auto number = std::find_if(out.numbers.begin(), out.numbers.end(),
                                     [&](const NumeralNote& n) { return n.span.begin == at; });
    if (number != out.numbers.end()) {
      out.clauses.back().pieces.push_back(
          {text.substr(at, number->span.end - at), static_cast<int>(number - out.numbers.begin())});
      at = number->span.end;
      continue;
    }
    const auto label = std::find_if(notes.begin(), notes.end(), [&](const NumeralNote& n) {
      return n.span.begin == at && n.reason.starts_with("name of ");
    });
    if (label != notes.end()) {
      out.clauses.back().pieces.push_back({text.substr(at, label->span.end - at), -1});
      at = label->span.end;
      continue;
    }
    const std::string_view* const safe =
        std::find_if(std::begin(kSafeWords), std::end(kSafeWords),
                     [&](std::string_view word) { return text.substr(at).starts_with(word); });
    if (safe != std::end(kSafeWords)) {
      out.clauses.back().pieces.push_back({text.substr(at, safe->size()), -1});
      at += safe->size();
      continue;
    }
    size_t mark = MarkAt(text, at);
    if (text.substr(at).starts_with(kAnd) && IsNumberAt(out, at + kAnd.size())) mark = kAnd.size();
    if (mark != 0) {
      if (!out.clauses.back().pieces.empty()) out.clauses.emplace_back();
      at += mark;
      continue;
    }
    const size_t bytes = DecodeUtf8(text.substr(at)).length;
    if (text[at] != ' ') out.clauses.back().pieces.push_back({text.substr(at, bytes), -1});
    at += bytes;
  }
  if (out.clauses.back().pieces.empty()) out.clauses.pop_back();
  return out;
}

// "", "了", "<do>", "<do>了": the classes spelled out.
std::vector<Pattern::Option> Pattern::ReadOptions(std::string_view text,
                                                  const VerbClasses& classes) {
  std::vector<Option> out;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('|', begin), text.size());
    const std::string_view option = text.substr(begin, end - begin);
    begin = end + 1;
    const size_t open = option.find('<');
    const size_t close = option.find('>');
    if (open == std::string_view::npos) {
      out.push_back({std::string(option), ""});
      continue;
    }
    for (const std::string_view verb :
         classes.find(option.substr(open + 1, close - open - 1))->second) {
      out.push_back({std::string(option.substr(0, open)) + std::string(verb) +
                         std::string(option.substr(close + 1)),
                     std::string(verb)});
    }
  }
  return out;
}

Pattern::Pattern(std::string_view text, const VerbClasses& classes) {
  const auto is_sign = [](char c) {
    return std::string_view("NUuAWwQ<(").find(c) != std::string_view::npos;
  };
  for (size_t at = 0; at < text.size();) {
    Part part;
    size_t bytes = 1;
    switch (text[at]) {
      case 'N':
        part.kind = Kind::kNumber;
        break;
      case 'A':
        part.kind = Kind::kArticle;
        break;
      case 'U':
      case 'u':
        part.kind = Kind::kUnit;
        part.captured = text[at] == 'U';
        break;
      case 'W':
      case 'w':
        part.kind = Kind::kOpen;
        part.least = text[at] == 'W' ? 1 : 0;
        break;
      case 'Q':
        part.options = ReadOptions("多少|几", classes);
        break;
      case '<':
        bytes = text.find('>', at) + 1 - at;
        part.options = ReadOptions(text.substr(at, bytes), classes);
        break;
      case '(':
        bytes = text.find(')', at) + 1 - at;
        part.options = ReadOptions(text.substr(at + 1, bytes - 2), classes);
        break;
      default:
        while (at + bytes < text.size() && !is_sign(text[at + bytes])) ++bytes;
        part.options = {{std::string(text.substr(at, bytes)), ""}};
    }
    parts_.push_back(std::move(part));
    at += bytes;
  }
}

bool Pattern::MatchOpen(const Story& story, const Clause& clause, size_t part, size_t piece,
                        Captures& out) const {
  constexpr size_t kMost = 14;
  size_t n = 0;
  while (true) {
    if (n >= parts_[part].least) {
      Captures trial = out;
      trial.words.emplace_back(n == 0 ? "" : PieceText(clause, piece, piece + n));
      if (MatchFrom(story, clause, part + 1, piece + n, trial)) {
        out = std::move(trial);
        return true;
      }
    }
    if (n == kMost || piece + n == clause.pieces.size()) return false;
    const Piece& next = clause.pieces[piece + n];
    if (next.number >= 0 || IsTurn(next.text)) return false;
    ++n;
  }
}

bool Pattern::MatchNumber(const Story& story, const Clause& clause, size_t part, size_t piece,
                          Captures& out) const {
  if (piece >= clause.pieces.size() || clause.pieces[piece].number < 0) return false;
  const int index = clause.pieces[piece].number;
  const NumeralNote& note = story.numbers[static_cast<size_t>(index)];
  if (note.value.Sign() <= 0) return false;
  const bool article = parts_[part].kind == Kind::kArticle;
  if (article && clause.pieces[piece].text != "一") return false;
  Captures trial = out;
  (article ? trial.articles : trial.numbers).push_back(index);
  if (!MatchFrom(story, clause, part + 1, piece + 1, trial)) return false;
  out = std::move(trial);
  return true;
}

bool Pattern::MatchFrom(const Story& story, const Clause& clause, size_t part, size_t piece,
                        Captures& out) const {
  if (part == parts_.size()) return piece == clause.pieces.size();
  const Part& p = parts_[part];
  switch (p.kind) {
    case Kind::kOpen:
      return MatchOpen(story, clause, part, piece, out);
    case Kind::kNumber:
    case Kind::kArticle:
      return MatchNumber(story, clause, part, piece, out);
    case Kind::kUnit:
      return std::any_of(StoryUnits().begin(), StoryUnits().end(), [&](std::string_view unit) {
        const auto n = Spells(clause, piece, unit);
        if (!n) return false;
        Captures trial = out;
        if (p.captured) trial.units.emplace_back(unit);
        if (!MatchFrom(story, clause, part + 1, piece + *n, trial)) return false;
        out = std::move(trial);
        return true;
      });
    case Kind::kOneOf:
      return std::any_of(p.options.begin(), p.options.end(), [&](const Option& option) {
        const auto n = Spells(clause, piece, option.text);
        if (!n) return false;
        Captures trial = out;
        if (!option.verb.empty()) trial.verbs.push_back(option.verb);
        if (!MatchFrom(story, clause, part + 1, piece + *n, trial)) return false;
        out = std::move(trial);
        return true;
      });
  }
  return false;
}

std::optional<Captures> Pattern::Match(const Story& story, const Clause& clause) const {
  Captures out;
  return MatchFrom(story, clause, 0, 0, out) ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace lemma::check
