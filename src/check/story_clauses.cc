// SPDX-License-Identifier: Apache-2.0
// Clauses of Chinese stories by the patterns of story_grammar.cc.
#include <algorithm>

#include "check/story.h"

namespace lemma::check {
namespace {

// Words at the start of a clause that change nothing.
constexpr std::string_view kOpenings[] = {"如果", "要是", "同时", "后来", "然后", "接着", "已知",
                                          "那么", "请问", "求",   "问",   "若",   "后"};

std::string PieceString(const Clause& clause, size_t pieces) {
  std::string out;
  for (size_t i = 0; i < pieces; ++i) out += clause.pieces[i].text;
  return out;
}

Clause WithoutOpening(Clause clause) {
  for (const std::string_view opening : kOpenings) {
    const size_t n = opening.size() / 3;  // characters of three bytes
    if (clause.pieces.size() <= n || PieceString(clause, n) != opening) continue;
    clause.pieces.erase(clause.pieces.begin(), clause.pieces.begin() + static_cast<int64_t>(n));
    return clause;
  }
  return clause;
}

// 小明做: the last character is the verb, the rest the subject.
void NameWithVerb(const std::string& word, StoryFact& fact) {
  const size_t verb = word.size() - 3;  // of three bytes
  fact.subject = word.substr(0, verb);
  fact.got.verbs.insert(fact.got.verbs.begin(), word.substr(verb));
}

void Name(const GrammarRow& row, StoryFact& fact) {
  for (size_t i = 0; i < fact.got.words.size() && i < row.names.size(); ++i) {
    const std::string& word = fact.got.words[i];
    switch (row.names[i]) {
      case 's':
        if (!word.empty()) fact.subject = word;
        break;
      case 'n':
        if (!word.empty()) fact.noun = word;
        break;
      case 'v':
        NameWithVerb(word, fact);
        break;
      case 'o':
        fact.of = word;
        break;
      case 'a':
        fact.a = word;
        break;
      case 'b':
        fact.b = word;
        break;
      default:
        break;
    }
  }
}

// What 兰花70盆 cannot name: a size, a price.
bool IsAttribute(std::string_view name) {
  for (const std::string_view word : {"长", "宽", "高", "重", "厚", "深", "需", "要", "用", "花",
                                      "付", "找", "价", "钱", "卖", "走", "来"}) {
    if (name.ends_with(word) && name != "鲜花" && !name.ends_with("兰花") &&
        !name.ends_with("红花") && !name.ends_with("黄花") && !name.ends_with("菊花")) {
      return true;
    }
  }
  return false;
}

// 周长, 边长, 棱长 are other things than the length.
bool IsOtherLength(std::string_view text) {
  return text.ends_with("周") || text.ends_with("边") || text.ends_with("棱") ||
         text.ends_with("周长") || text.ends_with("边长") || text.ends_with("棱长");
}

bool IsQuestion(Fact fact) { return fact >= Fact::kAskLeft; }

// 兰花70盆 goes on with what the clause before tells. False: it cannot.
bool ReadBare(const std::vector<StoryFact>& before, StoryFact& fact) {
  if (IsAttribute(fact.noun)) return false;
  const bool follows =
      !before.empty() && (before.back().fact == Fact::kHave || before.back().fact == Fact::kGain ||
                          before.back().fact == Fact::kDo || before.back().fact == Fact::kLose);
  if (!follows && !before.empty()) return false;
  fact.fact = follows ? before.back().fact : Fact::kHave;
  if (follows) fact.got.verbs = before.back().got.verbs;
  return true;
}

// 买5个文具盒要多少元: an amount, and a question about it.
StoryFact TakeAmount(StoryFact& ask) {
  StoryFact amount;
  amount.fact = Fact::kHave;
  amount.noun = ask.noun;
  amount.got.numbers = {ask.got.numbers[0]};
  amount.got.units = {ask.got.units[0]};
  ask.fact = Fact::kAskOf;
  ask.noun.clear();
  ask.subject.clear();
  ask.got.numbers.clear();
  ask.got.units.erase(ask.got.units.begin());
  return amount;
}

// What a fact means behind the ones before it. False: it does not fit.
bool Settle(std::vector<StoryFact>& before, StoryFact& fact) {
  if (fact.fact == Fact::kBare && !ReadBare(before, fact)) return false;
  if (fact.fact == Fact::kLong &&
      std::any_of(fact.got.words.begin(), fact.got.words.end(), IsOtherLength)) {
    return false;
  }
  // 一块地长8米，宽5米
  if (fact.fact == Fact::kWide && !before.empty() && before.back().fact == Fact::kEach &&
      before.back().of.ends_with("长") && !IsOtherLength(before.back().of)) {
    before.back().fact = Fact::kLong;
  }
  // 一根彩带长67米 tells of one thing as well as of every such thing.
  if (fact.fact == Fact::kEach && fact.noun.empty() && !fact.got.articles.empty()) {
    fact.noun = fact.of;
  }
  return true;
}

}  // namespace

std::optional<StoryFact> ReadClause(const Story& story, const Clause& original) {
  const Clause clause = WithoutOpening(original);
  for (const GrammarRow& row : StoryGrammar()) {
    auto got = row.pattern.Match(story, clause);
    if (!got) continue;
    StoryFact out;
    out.fact = row.fact;
    out.got = std::move(*got);
    Name(row, out);
    if (row.names.ends_with('r')) {
      std::reverse(out.got.units.begin(), out.got.units.end());
      std::reverse(out.got.numbers.begin(), out.got.numbers.end());
    }
    return out;
  }
  return std::nullopt;
}

std::optional<std::vector<StoryFact>> ReadFacts(const Story& story) {
  std::vector<StoryFact> out;
  std::vector<int> articles;
  if (story.clauses.empty() || story.clauses.size() > 8) return std::nullopt;
  for (const Clause& clause : story.clauses) {
    auto fact = ReadClause(story, clause);
    if (!fact || IsQuestion(fact->fact) != (&clause == &story.clauses.back())) return std::nullopt;
    articles.insert(articles.end(), fact->got.articles.begin(), fact->got.articles.end());
    if (fact->fact == Fact::kSetting) {
      if (&clause != &story.clauses.front()) return std::nullopt;
      continue;
    }
    if (!Settle(out, *fact)) return std::nullopt;
    if (fact->fact == Fact::kAskWith) out.push_back(TakeAmount(*fact));
    out.push_back(std::move(*fact));
  }
  if (out.size() < 2) return std::nullopt;
  out.back().got.articles = std::move(articles);  // the question knows them all
  return out;
}

}  // namespace lemma::check
