// SPDX-License-Identifier: Apache-2.0
// How often, and how early, the loop guard takes texts for circles.
//
//   loop_guard_bench VOCABULARY.gguf TEXTS.jsonl...
//
// Each line of the files is {"kind": ..., "text": ...} (bench/loop_chains writes such files). For
// each file and kind, and for thinking and answers: texts, tokens, how many were taken for a circle
// with a 95 % Wilson interval, the median token at which, and microseconds a token.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gguf/reader.h"
#include "model/vocab_from_gguf.h"
#include "service/loop_guard.h"
#include "tokenizer/tokenizer.h"

namespace lemma {
namespace {

using Clock = std::chrono::steady_clock;

struct Tally {
  size_t texts = 0;
  size_t tokens = 0;
  std::vector<size_t> found_at;
  double seconds = 0;
};

void Measure(const tokenizer::Tokenizer& tokens, const std::vector<int32_t>& ids,
             const service::LoopLimits& limits, Tally& tally) {
  std::vector<service::TokenText> texts;
  texts.reserve(ids.size());
  for (const int32_t id : ids) texts.push_back(service::TokenTextOf(tokens.Piece(id)));
  service::LoopGuard guard(limits);
  const auto begin = Clock::now();
  size_t count = 0;
  while (count < ids.size()) {
    const bool found = guard.Push(ids[count], texts[count]).has_value();
    ++count;
    if (found) {
      tally.found_at.push_back(count);
      break;
    }
  }
  tally.seconds += std::chrono::duration<double>(Clock::now() - begin).count();
  ++tally.texts;
  tally.tokens += count;
}

void Print(const std::string& label, const char* where, Tally& tally) {
  constexpr double kZ = 1.96;
  const auto n = static_cast<double>(tally.texts);
  const double p = static_cast<double>(tally.found_at.size()) / n;
  const double middle = (p + kZ * kZ / (2 * n)) / (1 + kZ * kZ / n);
  const double half = kZ / (1 + kZ * kZ / n) * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  std::sort(tally.found_at.begin(), tally.found_at.end());
  const std::string median =
      tally.found_at.empty() ? "-" : std::to_string(tally.found_at[tally.found_at.size() / 2]);
  std::string line = fmt::format(
      "{:<34} {:<8} {:>6} texts {:>9} tokens {:>5} found = {:5.1f} % ({:.1f}-{:.1f}) at {:>6} "
      "{:.2f} us/token\n",
      label, where, tally.texts, tally.tokens, tally.found_at.size(), 100 * p,
      100 * std::max(middle - half, 0.0), 100 * std::min(middle + half, 1.0), median,
      1e6 * tally.seconds / static_cast<double>(std::max<size_t>(tally.tokens, 1)));
  std::fputs(line.c_str(), stdout);
}

Status MeasureFile(const tokenizer::Tokenizer& tokens, const std::string& path) {
  std::ifstream in(path);
  if (!in) return NotFound(fmt::format("cannot read {}", path));
  std::map<std::string, std::pair<Tally, Tally>> kinds;
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    boost::json::error_code error;
    const boost::json::value value = boost::json::parse(line, error);
    const auto* object = error ? nullptr : value.if_object();
    const auto* text = object == nullptr ? nullptr : object->if_contains("text");
    if (text == nullptr || !text->is_string()) {
      return InvalidArgument(fmt::format("{}, line {}: expected a \"text\"", path, number));
    }
    const auto* kind = object->if_contains("kind");
    const std::string name(kind != nullptr && kind->is_string() ? kind->get_string() : "");
    const std::vector<int32_t> ids = tokens.Encode(text->get_string());
    for (const std::string& key : {name, std::string("all")}) {
      auto& [thinking, answers] = kinds[key];
      Measure(tokens, ids, service::ThinkingLoopLimits(), thinking);
      Measure(tokens, ids, service::AnswerLoopLimits(), answers);
    }
  }
  for (auto& [kind, tallies] : kinds) {
    const std::string label = path.substr(path.rfind('/') + 1) + " " + kind;
    Print(label, "thinking", tallies.first);
    Print(label, "answer", tallies.second);
  }
  return OkStatus();
}

Status Run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) {
    return InvalidArgument("usage: loop_guard_bench VOCABULARY.gguf TEXTS.jsonl...");
  }
  LEMMA_ASSIGN_OR_RETURN(const auto file, gguf::File::Open(arguments[0]));
  LEMMA_ASSIGN_OR_RETURN(const auto tokens, model::TokenizerFromGguf(*file));
  for (size_t i = 1; i < arguments.size(); ++i) {
    LEMMA_RETURN_IF_ERROR(MeasureFile(*tokens, arguments[i]));
  }
  return OkStatus();
}

}  // namespace
}  // namespace lemma

int main(int argc, char** argv) {
  const lemma::Status status = lemma::Run({argv + 1, argv + argc});
  if (status.ok()) return 0;
  std::fputs((status.ToString() + "\n").c_str(), stderr);
  return 1;
}
