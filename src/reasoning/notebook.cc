// SPDX-License-Identifier: Apache-2.0
#include "reasoning/notebook.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <map>
#include <sstream>

#include "base/file.h"
#include "base/utf8.h"

namespace lemma::reasoning {
namespace {

namespace json = boost::json;
using check::Verdict;

uint64_t HashOf(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

// Pairs of neighbouring characters outside ASCII, and words of ASCII letters, in lower case.
// Numbers are left out: they differ between questions of one kind.
std::map<std::string, double> TermsOf(std::string_view text) {
  std::map<std::string, double> out;
  std::string word;
  std::string last;
  const auto end_word = [&] {
    if (word.size() > 1) out[word] += 1;
    word.clear();
  };
  while (!text.empty()) {
    const size_t length = std::max<size_t>(DecodeUtf8(text).length, 1);
    const std::string_view character = text.substr(0, length);
    text.remove_prefix(length);
    const char c = character[0];
    if (static_cast<unsigned char>(c) >= 0x80) {
      end_word();
      if (!last.empty()) out[last + std::string(character)] += 1;
      last = character;
      continue;
    }
    last.clear();
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      word += static_cast<char>(c | 0x20);
    } else {
      end_word();
    }
  }
  end_word();
  return out;
}

template <typename T>
Status TakeOptional(const json::object& row, std::string_view name, T& out) {
  const json::value* value = row.if_contains(name);
  if (value == nullptr) return OkStatus();
  if constexpr (std::is_same_v<T, std::string>) {
    if (!value->is_string()) return DataLoss(fmt::format("{}: expected a text", name));
    out = std::string(value->as_string());
  } else {
    boost::system::error_code error;
    out = value->to_number<T>(error);
    if (error) return DataLoss(fmt::format("{}: expected a number", name));
  }
  return OkStatus();
}

Result<Note> ParseNote(std::string_view line) {
  boost::system::error_code error;
  const json::value parsed = json::parse(line, error);
  if (error || !parsed.is_object()) return DataLoss("expected a JSON object");
  const json::object& row = parsed.as_object();
  Note out;
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "id", out.id));
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "created", out.created));
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "task", out.task));
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "language", out.language));
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "question", out.question));
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "wrong", out.wrong));
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "rule", out.rule));
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "source", out.source));
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "uses", out.uses));
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "wins", out.wins));
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "held", out.held));
  LEMMA_RETURN_IF_ERROR(TakeOptional(row, "held_wins", out.held_wins));
  if (out.id.empty()) return DataLoss("id: is missing");
  if (out.rule.empty()) return DataLoss("rule: is missing");
  return out;
}

// What was overlooked, as advice: the failing line of the check, without any value of a solution.
std::string RuleFor(const Chain& refuted, bool chinese) {
  const check::CheckReport& report = refuted.report;
  for (const check::Finding& finding : report.findings) {
    if (finding.verdict != Verdict::kRefuted) continue;
    if (finding.checker.starts_with("python_")) {
      return chinese ? "写完代码后，先用边界情况逐行走一遍。"
                     : "After writing code, walk through it with the edge cases.";
    }
    if (finding.reason == "outside_domain") {
      return chinese ? "检查答案是否为合理的数：个数应是非负整数。"
                     : "Check that the answer is possible: counts are whole and not negative.";
    }
    if (finding.reason == "not_a_solution" || finding.reason == "constraint_fails") {
      return chinese ? "写出全部条件，最后把答案代回每一个条件核对。"
                     : "Write down every condition, and put the answer back into each of them.";
    }
    if (finding.reason == "solutions_missing") {
      return chinese ? "列出全部解，不要只给一个。" : "Give all solutions, not just one.";
    }
    if (finding.reason == "solution_exists") {
      return chinese ? "说无解之前，先把可能的情况全部试完。"
                     : "Before saying that there is no solution, try all cases.";
    }
  }
  return chinese ? "逐步重算一遍，再写答案。" : "Compute every step once more before answering.";
}

std::string RuleKey(const Note& note) {
  return note.task + '\n' + note.language + '\n' + note.rule;
}

double UnixNow() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

}  // namespace

double ChanceOfUplift(const Worth& worth) {
  // The integral of density(with) * P(without < x), on a grid.
  constexpr int kGrid = 2000;
  const auto a1 = static_cast<double>(worth.wins + 1);
  const auto b1 = static_cast<double>(worth.uses - std::min(worth.wins, worth.uses) + 1);
  const auto a2 = static_cast<double>(worth.held_wins + 1);
  const auto b2 = static_cast<double>(worth.held - std::min(worth.held_wins, worth.held) + 1);
  const auto density = [](double x, double a, double b) {
    return std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + (a - 1) * std::log(x) +
                    (b - 1) * std::log1p(-x));
  };
  double below = 0;
  double sum = 0;
  for (int i = 0; i < kGrid; ++i) {
    const double x = (i + 0.5) / kGrid;
    const double step = density(x, a2, b2) / kGrid;
    sum += density(x, a1, b1) / kGrid * (below + step / 2);
    below += step;
  }
  return std::clamp(sum, 0.0, 1.0);
}

bool Worth::enabled() const {
  constexpr size_t kTrial = 20;
  return uses < kTrial || ChanceOfUplift(*this) >= 0.5;
}

Result<Notebook> Notebook::Open(std::filesystem::path path) {
  Notebook out;
  out.path_ = std::move(path);
  if (!std::filesystem::exists(out.path_)) return out;
  constexpr size_t kMostBytes = 64 << 20;
  LEMMA_ASSIGN_OR_RETURN(const std::string text, ReadFile(out.path_.string(), kMostBytes));
  std::istringstream in(text);
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    auto note = ParseNote(line);
    if (!note.ok()) {
      return note.status().WithContext(fmt::format("{}: line {}", out.path_.string(), number));
    }
    out.notes_.push_back(*std::move(note));
  }
  out.CountRules();
  return out;
}

Status Notebook::Save() const {
  std::error_code error;
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), error);
  if (error) return IoError(path_.parent_path().string() + ": " + error.message());
  LEMMA_ASSIGN_OR_RETURN(AtomicFileWriter writer,
                         AtomicFileWriter::Create(path_, AtomicFileWriter::Readers::kOwner));
  for (const Note& note : notes_) LEMMA_RETURN_IF_ERROR(writer.Append(Json(note) + "\n"));
  return writer.Commit();
}

std::vector<const Note*> Notebook::Find(const TaskGuess& task, std::string_view question,
                                        size_t most) const {
  const std::string_view language = task.language == service::TextLanguage::kChinese ? "zh" : "en";
  std::vector<const Note*> candidates;
  std::vector<std::map<std::string, double>> terms;
  double length = 0;
  for (const Note& note : notes_) {
    if (note.task != TaskName(task.task) || note.language != language) continue;
    if (!Enabled(note)) continue;
    candidates.push_back(&note);
    terms.push_back(TermsOf(note.question));
    length += static_cast<double>(terms.back().size());
  }
  // BM25 (Robertson, Zaragoza 2009), k1 = 1.2, b = 0.75.
  const double n = static_cast<double>(candidates.size());
  std::vector<std::pair<double, size_t>> scores;
  for (size_t i = 0; i < candidates.size(); ++i) scores.emplace_back(0, i);
  for (const auto& asked : TermsOf(question)) {
    const std::string& term = asked.first;
    const auto has = static_cast<double>(std::count_if(
        terms.begin(), terms.end(), [&](const auto& each) { return each.count(term) > 0; }));
    const double idf = std::log(1 + (n - has + 0.5) / (has + 0.5));
    for (size_t i = 0; i < candidates.size(); ++i) {
      const auto at = terms[i].find(term);
      if (at == terms[i].end()) continue;
      const double norm = 0.25 + 0.75 * static_cast<double>(terms[i].size()) * n / length;
      scores[i].first += idf * at->second * 2.2 / (at->second + 1.2 * norm);
    }
  }
  std::stable_sort(scores.begin(), scores.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const Note*> out;
  for (const auto& [score, i] : scores) {
    if (out.size() >= most || score <= 0) break;
    const auto same = [&, rule = &candidates[i]->rule](const Note* each) {
      return each->rule == *rule;
    };
    if (std::none_of(out.begin(), out.end(), same)) out.push_back(candidates[i]);
  }
  return out;
}

std::optional<Note> Notebook::Learn(const SolveRequest& request, const SolveResult& result) {
  if (result.status != SolveStatus::kVerified) return std::nullopt;
  const auto refuted =
      std::find_if(result.chains.begin(), result.chains.end(), [](const Chain& chain) {
        return chain.end == ChainEnd::kAnswered && chain.report.status == Verdict::kRefuted;
      });
  if (refuted == result.chains.end()) return std::nullopt;
  const bool chinese = result.task.language == service::TextLanguage::kChinese;
  Note out;
  out.created = UnixNow();
  out.task = TaskName(result.task.task);
  out.language = chinese ? "zh" : "en";
  out.question = request.question;
  out.wrong = refuted->report.answer->answer.text;
  out.rule = RuleFor(*refuted, chinese);
  out.source = "auto";
  return out;
}

Result<std::string> Notebook::Add(Note note) {
  if (note.rule.empty()) return InvalidArgument("rule: is empty");
  if (note.rule.size() > kMostRuleBytes) {
    return InvalidArgument(fmt::format("rule: has {} bytes, at most {} are allowed",
                                       note.rule.size(), kMostRuleBytes));
  }
  for (const Note& each : notes_) {
    if (each.rule == note.rule && each.task == note.task && each.language == note.language &&
        each.question == note.question) {
      return each.id;
    }
  }
  if (notes_.size() >= kMostNotes) {
    return ResourceExhausted(fmt::format("the notebook is full: {} rules", kMostNotes));
  }
  uint64_t salt = notes_.size();
  do {
    note.id = fmt::format(
        "{:08x}", HashOf(fmt::format("{}{}{}", note.rule, note.question, salt++)) & 0xFFFFFFFFU);
  } while (std::any_of(notes_.begin(), notes_.end(),
                       [&](const Note& each) { return each.id == note.id; }));
  if (note.created <= 0) note.created = UnixNow();
  notes_.push_back(std::move(note));
  CountRules();
  return notes_.back().id;
}

Status Notebook::Edit(std::string_view id, std::string rule) {
  if (rule.empty() || rule.size() > kMostRuleBytes) {
    return InvalidArgument(fmt::format("rule: expected 1 to {} bytes", kMostRuleBytes));
  }
  for (Note& note : notes_) {
    if (note.id != id) continue;
    note.rule = std::move(rule);
    note.source = "user";
    note.uses = note.wins = note.held = note.held_wins = 0;
    CountRules();
    return OkStatus();
  }
  return NotFound(fmt::format("notebook: there is no rule '{}'", id));
}

Status Notebook::Remove(std::string_view id) {
  const size_t removed = std::erase_if(notes_, [&](const Note& note) { return note.id == id; });
  if (removed == 0) return NotFound(fmt::format("notebook: there is no rule '{}'", id));
  CountRules();
  return OkStatus();
}

void Notebook::Count(std::string_view id, bool held_back, bool proven) {
  for (Note& note : notes_) {
    if (note.id != id) continue;
    ++(held_back ? note.held : note.uses);
    if (proven) ++(held_back ? note.held_wins : note.wins);
  }
  CountRules();
}

void Notebook::CountRules() {
  std::map<std::string, Rule> rules;
  for (const Note& note : notes_) {
    Worth& worth = rules[RuleKey(note)].worth;
    worth.uses += note.uses;
    worth.wins += note.wins;
    worth.held += note.held;
    worth.held_wins += note.held_wins;
  }
  for (auto& [key, rule] : rules) {
    const auto before = rules_.find(key);
    const bool same = before != rules_.end() && before->second.worth == rule.worth;
    rule.enabled = same ? before->second.enabled : rule.worth.enabled();
  }
  rules_ = std::move(rules);
}

Worth Notebook::WorthOf(const Note& note) const {
  const auto at = rules_.find(RuleKey(note));
  return at == rules_.end() ? Worth{} : at->second.worth;
}

bool Notebook::Enabled(const Note& note) const {
  const auto at = rules_.find(RuleKey(note));
  return at == rules_.end() || at->second.enabled;
}

bool HeldBack(const SolveRequest& request) {
  return HashOf(fmt::format("{} {}", request.options.seed, request.question)) % 10 == 0;
}

std::string Notebook::Json(const Note& note) const {
  return json::serialize(json::object{{"id", note.id},
                                      {"created", std::llround(note.created)},
                                      {"task", note.task},
                                      {"language", note.language},
                                      {"question", note.question},
                                      {"wrong", note.wrong},
                                      {"rule", note.rule},
                                      {"source", note.source},
                                      {"uses", note.uses},
                                      {"wins", note.wins},
                                      {"held", note.held},
                                      {"held_wins", note.held_wins},
                                      {"enabled", Enabled(note)}});
}

}  // namespace lemma::reasoning
