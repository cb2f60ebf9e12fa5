// SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: a tiny synthetic model with DeepSeek's vocabulary. What it says is
// noise. Test code only.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/synth.h"
#include "service/generate.h"
#include "service/loaded_model.h"
#include "service/test_vocab.h"

namespace lemma::service::testing {

inline void WriteTiny(const std::filesystem::path& path, uint64_t seed = 5) {
  model::SynthOptions synth;
  synth.type = "q8_0";
  synth.seed = seed;
  Must(model::WriteSynthFile(synth, path));
}

inline std::filesystem::path TempPath(const std::string& name) {
  return std::filesystem::path(::testing::TempDir()) / name;
}

inline std::unique_ptr<LoadedModel> LoadTiny(const LoadOptions& options) {
  const auto path = TempPath("lemma_service_tiny_" + std::to_string(getpid()) + ".gguf");
  WriteTiny(path);
  auto loaded = Must(LoadedModel::Load(path, options));
  std::filesystem::remove(path);
  return loaded;
}

inline std::unique_ptr<LoadedModel> LoadTiny(size_t context) {
  LoadOptions options;
  options.threads = 1;
  options.context = context;
  return LoadTiny(options);
}

inline chat::Message UserSays(std::string text) {
  return {chat::Role::kUser, std::move(text), "", {}, "", ""};
}
inline chat::Message AssistantSays(std::string text) {
  return {chat::Role::kAssistant, std::move(text), "", {}, "", ""};
}

// All events until every sample has ended.
inline std::vector<StreamEvent> ReadAll(TextStream& stream) {
  std::vector<StreamEvent> events;
  for (size_t finished = 0; finished < stream.samples();) {
    auto event = stream.Next(std::chrono::seconds(60));
    if (!event) {
      ADD_FAILURE() << "no event within a minute";
      break;
    }
    if (event->kind == StreamEvent::Kind::kFinish) ++finished;
    events.push_back(std::move(*event));
  }
  return events;
}

inline std::string TextOf(const std::vector<StreamEvent>& events, StreamEvent::Kind kind,
                          size_t sample = 0) {
  std::string text;
  for (const StreamEvent& event : events) {
    if (event.kind == kind && event.sample == sample) text += event.text;
  }
  return text;
}

}  // namespace lemma::service::testing
