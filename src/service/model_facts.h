// SPDX-License-Identifier: Apache-2.0
// What a GGUF file says about its chat family and its sampling, as plain data. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "chat/family.h"
#include "engine/sampling_params.h"
#include "gguf/reader.h"
#include "tokenizer/tokenizer.h"

namespace lemma::service {

// Keys of another type than expected count as absent, and are told in `warnings`.
chat::ModelFacts FactsFromGguf(const gguf::File& file, const tokenizer::Tokenizer& tokens,
                               std::vector<std::string>& warnings);

// Lays general.sampling.* over `params`. Values out of range are left out and told in `warnings`.
void ApplyFileSampling(const gguf::File& file, engine::SamplingParams& params,
                       std::vector<std::string>& warnings);

// Lays the values that a family's publisher names over `params`.
void ApplyFamilySampling(const chat::SamplingDefaults& defaults, engine::SamplingParams& params);

}  // namespace lemma::service
