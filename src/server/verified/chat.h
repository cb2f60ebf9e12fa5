// SPDX-License-Identifier: Apache-2.0
// Verified reasoning as a chat of any dialect (a request with "lemma", or a model's name with
// ":verified" behind it): what happens comes as thinking, a line a chain; the chosen answer with
// its status comes as the content; the whole result is in "lemma". Pure functions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reasoning/solve.h"
#include "server/dialect/lemma_field.h"
#include "server/serving.h"

namespace lemma::server::verified {

struct ChatQuestion {
  reasoning::SolveRequest request;
  std::vector<std::string> warnings;  // fields of the chat that have no effect
};
// What the chat asks, with the settings of its own that a verified answer has too; those of "lemma"
// win. Without a seed in either, `seed` is it. InvalidArgument or Unsupported: not a question
// (tools, no user's message at the end), or something that a verified answer does not have.
Result<ChatQuestion> QuestionOf(const service::ChatRequest& chat, const SolveFields& lemma,
                                uint64_t seed);

// One line for people about an event; empty: nothing to tell. In the language of the question.
std::string ProgressLine(const reasoning::SolveEvent& event, service::TextLanguage language);
// Why there is no answer, where there is none; else kStop.
service::FinishReason EndOf(const reasoning::SolveResult& result);
// The answer with its status under it.
std::string AnswerText(const reasoning::SolveResult& result);
// An answer of an earlier turn as the model wrote it: without the status that AnswerText put there.
std::string_view WithoutStatus(std::string_view answer);

}  // namespace lemma::server::verified
