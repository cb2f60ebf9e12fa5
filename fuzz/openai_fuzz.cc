// SPDX-License-Identifier: Apache-2.0
// Bodies of the OpenAI routes: any bytes give a request or an error that says something, and the
// warnings are bounded. Input: one byte that chooses the route, the body.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "server/openai/chat_request.h"
#include "server/openai/completion_request.h"
#include "server/openai/responses_request.h"
#include "server/openai/settings.h"

namespace {

namespace openai = lemma::server::openai;

void Require(bool condition) {
  if (!condition) std::abort();
}

void Check(const lemma::Status& status, const lemma::server::BodyNotes& notes) {
  Require(status.ok() || !status.message().empty());
  Require(notes.warnings().size() <= lemma::server::kMaxWarnings);
}

void CheckSettings(const lemma::service::GenerateSettings& settings) {
  Require(settings.samples >= 1 && settings.samples <= openai::kMostSamples);
  Require(settings.stop.size() <= openai::kMostStops);
  Require(settings.sampling.logit_bias.size() <= openai::kMostLogitBias);
  // 0 computes the prompt only; a negative number must not come out as a huge one
  Require(!settings.max_tokens || *settings.max_tokens <= INT64_MAX);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  lemma::server::BodyNotes notes;
  switch (data[0] % 4) {
    case 0: {
      const auto parsed = openai::ParseChat(body, notes);
      Check(parsed.status(), notes);
      if (parsed.ok()) {
        CheckSettings(parsed->chat.settings);
        Require(!parsed->chat.conversation.messages.empty());
      }
      break;
    }
    case 1: {
      const auto parsed = openai::ParseCompletion(body, notes);
      Check(parsed.status(), notes);
      if (parsed.ok()) {
        Require(!parsed->prompts.empty() && parsed->prompts.size() <= openai::kMostPrompts);
        for (const auto& prompt : parsed->prompts) {
          CheckSettings(prompt.settings);
          Require(parsed->choices <= prompt.settings.samples);
          for (const int32_t token : prompt.prompt_tokens) Require(token >= 0);
        }
      }
      break;
    }
    case 2: {
      const auto parsed = openai::ParseResponses(body, notes);
      Check(parsed.status(), notes);
      if (parsed.ok()) CheckSettings(parsed->chat.settings);
      break;
    }
    default: {
      const auto parsed = openai::ParseEmbeddings(body, notes);
      Check(parsed.status(), notes);
      if (parsed.ok()) Require(!parsed->inputs.empty());
    }
  }
  return 0;
}
