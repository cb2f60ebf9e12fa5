// SPDX-License-Identifier: Apache-2.0
// Verified reasoning as a chat of any dialect (a model's name with ":verified" behind it): what
// happens comes as thinking, a line a chain; the chosen answer with its status comes as the
// content; the whole result is in "lemma", where the dialect has a place for it.
#pragma once

#include <memory>
#include <string>

#include "reasoning/solve.h"
#include "server/serving.h"

namespace lemma::server::verified {

// InvalidArgument or Unsupported: not a question (tools, no user's message at the end).
Result<reasoning::SolveRequest> QuestionOf(const service::ChatRequest& chat);

// One line for people about an event; empty: nothing to tell. In the language of the question.
std::string ProgressLine(const reasoning::SolveEvent& event, service::TextLanguage language);
// The answer with its status under it.
std::string AnswerText(const reasoning::SolveResult& result);

}  // namespace lemma::server::verified
