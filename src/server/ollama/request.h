// SPDX-License-Identifier: Apache-2.0
// Bodies of the Ollama API (github ollama/ollama, docs/api.md and api/types.go, 2026-08) to service
// requests. What cannot be done is refused by name; what has no effect is told in `warnings`.
// Pure functions.
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

namespace lemma::server::ollama {

// Of /api/generate and /api/chat.
struct GenerateBody {
  ModelRef model;
  bool stream = true;
  bool raw = false;  // /api/generate: `completion` is used, else `chat`
  bool nothing_asked =
      false;                  // no prompt, no messages: load the model, or unload it (keep_alive 0)
  bool show_thinking = true;  // "think": false on a model that cannot but think still hides it
  service::ChatRequest chat;
  service::CompletionRequest completion;
  std::optional<size_t> num_ctx;  // a wish; the loaded context counts
};
Result<GenerateBody> ParseGenerate(std::string_view text, BodyNotes& notes);
Result<GenerateBody> ParseChat(std::string_view text, BodyNotes& notes);

// Of /api/embed and, with one input, /api/embeddings.
struct EmbedBody {
  ModelRef model;
  std::vector<std::string> inputs;
  bool truncate = true;
  std::optional<size_t> dimensions;
};
Result<EmbedBody> ParseEmbed(std::string_view text, BodyNotes& notes);
Result<EmbedBody> ParseEmbeddings(std::string_view text, BodyNotes& notes);

struct ShowBody {
  std::string model;
  bool verbose = false;
};
Result<ShowBody> ParseShow(std::string_view text, BodyNotes& notes);

}  // namespace lemma::server::ollama
