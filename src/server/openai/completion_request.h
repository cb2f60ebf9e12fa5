// SPDX-License-Identifier: Apache-2.0
// The bodies of POST /v1/completions and /v1/embeddings (platform.openai.com) to service requests.
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "server/object_reader.h"
#include "server/serving.h"
#include "service/generate.h"

namespace lemma::server::openai {

struct CompletionBody {
  ModelRef model;
  service::CompletionRequest completion;  // its samples: best_of
  bool stream = false;
  bool include_usage = false;
  bool echo = false;
  bool logprobs = false;
  size_t choices = 1;  // of the samples, the likeliest are given
};
Result<CompletionBody> ParseCompletion(std::string_view body, BodyNotes& notes);

struct EmbeddingsBody {
  ModelRef model;
  std::vector<std::string> inputs;
  bool base64 = false;               // little-endian 32-bit floats
  std::optional<size_t> dimensions;  // the first so many, scaled to length 1 again
};
Result<EmbeddingsBody> ParseEmbeddings(std::string_view body, BodyNotes& notes);

}  // namespace lemma::server::openai
