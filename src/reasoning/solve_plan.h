// SPDX-License-Identifier: Apache-2.0
// From a request to what is asked of the model: the policy with the request's own values laid over
// it, the prompts, the settings of a group of chains. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "reasoning/solve.h"

namespace lemma::reasoning {

TaskGuess GuessTask(const SolveRequest& request);
// InvalidArgument names the option and its range.
Result<Policy> PlanFor(const SolveRequest& request, const TaskGuess& task);

// Takes out of a policy what its source cannot do. Unsupported names an option that asks for it.
Status FitToReach(const SolveOptions& options, Reach reach, Policy& policy);

// The user's turn, with documents and schema (evidence_text.h) and the scaffold around it, behind
// what was said before.
Result<chat::Conversation> FirstPrompt(const SolveRequest& request, const Policy& policy,
                                       const TaskGuess& task, const Scaffolds& scaffolds);
// The same, with an answer that was refuted and what is told about it; the thinking is dropped.
chat::Conversation RetryPrompt(const chat::Conversation& first, const Chain& refuted,
                               const std::string& feedback);
// What the model is told: the checker's facts and the request to try again. None of it is a
// solution. Empty: nothing was computed that could be told.
std::string FeedbackFor(const Chain& refuted, service::TextLanguage language);

// Of the group with this number: the first chains are group 0.
service::GenerateSettings SettingsFor(const SolveRequest& request, const Policy& policy,
                                      size_t group, size_t chains);

// 16 hexadecimal digits of all that the result depends on beside the model: what was said, the
// evidence, the policy with the request's own values in it, the deadline, the seed.
std::string TraceId(const SolveRequest& request, const Policy& policy);

}  // namespace lemma::reasoning
