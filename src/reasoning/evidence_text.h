// SPDX-License-Identifier: Apache-2.0
// What a question is to be answered from, as the model reads it: documents in front of it in the
// form of DeepSeek's search template, a JSON Schema behind it.
//   [webpage 1 begin]...[webpage 1 end]
// The numbers are those of [citation:1], ...: the places in evidence.check.sources. A document or
// schema whose text stands in the question already, or in what was said before, is not written a
// second time; white space counts the same however wide. Nothing is cut: what is too long for the
// context is an error of whoever runs the prompt. Pure function, linear in the texts.
#pragma once

#include <string>

#include "reasoning/solve.h"

namespace lemma::reasoning {

// The question itself if there is nothing to add.
std::string WithEvidence(const SolveRequest& request, service::TextLanguage language);

}  // namespace lemma::reasoning
