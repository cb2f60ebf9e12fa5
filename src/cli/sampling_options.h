// SPDX-License-Identifier: Apache-2.0
// The sampling options that generate and run share, by flag and by name (/set parameter).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "service/generate.h"

namespace lemma::cli {

void AddSamplingOptions(CLI::App& app, service::GenerateSettings& settings);

// Sets one parameter by its name from text. The error names the parameter and what was expected;
// values out of range are refused.
Status SetParameter(service::GenerateSettings& settings, std::string_view name,
                    std::string_view value);

// Name and value of everything that differs from the model's defaults, and those defaults.
std::vector<std::pair<std::string, std::string>> DescribeParameters(
    const service::GenerateSettings& settings, const engine::SamplingParams& defaults);

// StartChat's error: ResourceExhausted when it is that the prompt does not fit the context.
Status ExplainStart(service::LoadedModel& model, const chat::Conversation& conversation,
                    const Status& error);
// The same of StartCompletion.
Status ExplainStart(service::LoadedModel& model, std::string_view prompt, const Status& error);

// What the options say about loading, without a place for progress.
service::LoadOptions LoadOptionsFrom(const ModelOptions& options);

// Opens the model that the options name, with a progress bar; prints its warnings.
Result<std::unique_ptr<service::LoadedModel>> OpenModel(const ModelOptions& options);

}  // namespace lemma::cli
