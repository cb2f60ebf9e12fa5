// SPDX-License-Identifier: Apache-2.0
// The answers of /v1/completions (one object, or chunks) and of /v1/embeddings. Pure but for the
// sink.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "server/http_types.h"
#include "server/openai/completion_request.h"
#include "server/openai/reply.h"
#include "server/stream_pump.h"
#include "service/embed.h"

namespace lemma::server::openai {

// A prompt that is put before the texts of its samples.
struct CompletionEcho {
  std::string text;
  std::vector<int32_t> tokens;  // unless empty: instead of the text
};

struct CompletionReplyOptions {
  std::string id;
  int64_t created = 0;
  bool include_usage = false;
  bool logprobs = false;
  size_t prompts = 1;
  size_t choices = 1;                // of each prompt
  std::vector<CompletionEcho> echo;  // [prompt], or empty
  std::vector<std::string> warnings;
};

class CompletionChunks {
 public:
  explicit CompletionChunks(CompletionReplyOptions options);
  std::string Start(const StreamStart& start, TokenText text);
  std::string Add(const service::StreamEvent& event);
  std::string End();

 private:
  [[nodiscard]] std::string Chunk(size_t sample, std::string_view text,
                                  std::string_view more) const;

  const CompletionReplyOptions options_;
  size_t samples_ = 1;  // of each prompt
  TokenText text_;
  std::string head_;
  UsageSum usage_;
  std::vector<std::string> warnings_;
  std::vector<size_t> offsets_;  // characters of text so far, by sample
  size_t unfinished_ = 0;
  uint64_t seed_ = 0;
  bool failed_ = false;  // an error is the last event
};

class CompletionObject {
 public:
  explicit CompletionObject(CompletionReplyOptions options);
  void Start(const StreamStart& start, TokenText text);
  void Add(const service::StreamEvent& event);
  // Of each prompt the likeliest samples, by their mean log probability, where there are more than
  // choices.
  [[nodiscard]] Response End() const;

 private:
  struct Sample {
    std::string text;
    std::vector<engine::SampledToken> tokens;
    service::StreamEvent finish;
    [[nodiscard]] double MeanLogprob() const;
  };
  [[nodiscard]] std::vector<size_t> Best(size_t prompt) const;
  [[nodiscard]] boost::json::object Choice(size_t index, size_t prompt, const Sample& sample) const;

  const CompletionReplyOptions options_;
  size_t samples_per_prompt_ = 1;
  std::vector<std::string> echo_;  // [prompt]
  TokenText text_;
  std::string model_;
  uint64_t seed_ = 0;
  std::vector<Sample> samples_;
  UsageSum usage_;
};

std::unique_ptr<StreamSink> MakeCompletionSink(ExchangePtr exchange, const CompletionBody& body,
                                               std::vector<std::string> warnings);

// {"object": "list", "data": [...], "model": ..., "usage": ...}
Response EmbeddingsReply(const EmbeddingsBody& body, const service::Embeddings& vectors,
                         const std::string& model, const std::vector<std::string>& warnings);
// Little-endian 32-bit floats in base64 (RFC 4648).
std::string FloatsToBase64(std::span<const float> values);

}  // namespace lemma::server::openai
