// SPDX-License-Identifier: Apache-2.0
// Hashes of what a run of `lemma eval` is made of, for its manifest: a run goes on only with the
// same model, problems, evidence, scaffolds and rules. Pure, except for the model's file.
#pragma once

#include <string>

#include "base/status.h"
#include "reasoning/eval_run.h"
#include "service/loaded_model.h"

namespace lemma::cli {

// Reads the model's file once, at about the speed of memory: it was just loaded.
Result<std::string> ModelFingerprint(const service::LoadedModel& model);

std::string ItemsHash(const std::vector<reasoning::EvalItem>& items);
std::string EvidenceHash(const reasoning::VerifyRequest& evidence);
std::string ScaffoldsHash(const reasoning::Scaffolds& scaffolds);
// Of the rules and whether they are on; their counts and ids may differ.
std::string RulesHash(const reasoning::Notebook& notes);

}  // namespace lemma::cli
