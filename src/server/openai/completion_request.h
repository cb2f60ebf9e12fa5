// SPDX-License-Identifier: Apache-2.0
// The bodies of POST /v1/completions and /v1/embeddings (platform.openai.com) to service requests.
// Pure.
#pragma once

#include <boost/json/fwd.hpp>
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

inline constexpr size_t kMostPrompts = 128;
inline constexpr size_t kMostCompletions = 512;  // prompts times samples

struct CompletionBody {
  ModelRef model;
  // At least one; texts or tokens, with the same settings. Their samples: best_of.
  std::vector<service::CompletionRequest> prompts;
  bool stream = false;
  bool include_usage = false;
  bool echo = false;
  bool logprobs = false;
  size_t choices = 1;  // of each prompt's samples, the likeliest are given
};
Result<CompletionBody> ParseCompletion(std::string_view body, BodyNotes& notes);

// A prompt: a text, or a list of token ids; else an error at `path`.
service::CompletionRequest ReadPrompt(const boost::json::value& value, const std::string& path,
                                      BodyNotes& notes);

struct EmbeddingsBody {
  ModelRef model;
  std::vector<std::string> inputs;
  bool base64 = false;               // little-endian 32-bit floats
  std::optional<size_t> dimensions;  // the first so many, scaled to length 1 again
};
Result<EmbeddingsBody> ParseEmbeddings(std::string_view body, BodyNotes& notes);

}  // namespace lemma::server::openai
