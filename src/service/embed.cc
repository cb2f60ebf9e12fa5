// SPDX-License-Identifier: Apache-2.0
#include "service/embed.h"

#include <fmt/format.h>

#include <future>
#include <utility>

namespace lemma::service {
namespace {

// The vectors are still missing. Tokens go to `job`.
Result<Embeddings> Tokenize(LoadedModel& model, const EmbedRequest& request,
                            engine::EmbedJob& job) {
  if (request.texts.empty() || request.texts.size() > kMaxEmbedTexts) {
    return InvalidArgument(fmt::format("input: {} texts are out of range, expected 1 to {}",
                                       request.texts.size(), kMaxEmbedTexts));
  }
  const tokenizer::Tokenizer& tokens = model.tokens();
  const size_t most = model.engine().max_embed_tokens();
  Embeddings out;
  for (size_t i = 0; i < request.texts.size(); ++i) {
    std::vector<int32_t> ids;
    if (tokens.add_bos() && tokens.bos()) ids.push_back(*tokens.bos());
    tokens.EncodeAppend(request.texts[i], tokenizer::SpecialTokens::kLiteral, ids);
    if (ids.empty()) {
      return InvalidArgument(fmt::format("input[{}]: the text is empty", i));
    }
    const bool cut = ids.size() > most;
    if (cut && request.long_text == LongText::kRefuse) {
      return InvalidArgument(
          fmt::format("input[{}]: {} tokens, expected at most {}", i, ids.size(), most));
    }
    if (cut) ids.resize(most);
    out.tokens.push_back(ids.size());
    out.cut.push_back(cut);
    job.texts.push_back(std::move(ids));
  }
  return out;
}

}  // namespace

void StartEmbed(LoadedModel& model, const EmbedRequest& request,
                std::function<void(Result<Embeddings>)> done) {
  engine::EmbedJob job;
  Result<Embeddings> counts = Tokenize(model, request, job);
  if (!counts.ok()) return done(counts.status());
  // Kept here too: a job that is refused does not call.
  const auto callback = std::make_shared<std::function<void(Result<Embeddings>)>>(std::move(done));
  const auto out = std::make_shared<Embeddings>(std::move(counts).value());
  job.cancel = request.cancel;
  job.done = [callback, out](Result<engine::EmbedVectors> vectors) {
    if (!vectors.ok()) return (*callback)(vectors.status());
    out->vectors = std::move(vectors).value();
    (*callback)(std::move(*out));
  };
  const Status status = model.engine().Embed(std::move(job));
  if (!status.ok()) (*callback)(status);
}

Result<Embeddings> EmbedTexts(LoadedModel& model, const EmbedRequest& request) {
  std::promise<Result<Embeddings>> promise;
  std::future<Result<Embeddings>> result = promise.get_future();
  StartEmbed(model, request,
             [&promise](Result<Embeddings> value) { promise.set_value(std::move(value)); });
  return result.get();
}

}  // namespace lemma::service
