// SPDX-License-Identifier: Apache-2.0
#include "server/openai/completion_request.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "server/openai/settings.h"
#include "service/embed.h"

namespace lemma::server::openai {

namespace json = boost::json;

namespace {

void ReadPrompt(ObjectReader& in, std::string& prompt) {
  const json::value* value = in.Any("prompt");
  if (value == nullptr) return in.Fail("prompt", "is missing");
  if (value->is_string()) {
    prompt = value->get_string();
    return;
  }
  const json::array* list = value->if_array();
  if (list == nullptr) return in.Fail("prompt", "expected a string");
  if (!list->empty() && !(*list)[0].is_string()) {
    return in.Fail("prompt", "token ids are not taken; send the text");
  }
  if (list->size() != 1) {
    return in.Fail("prompt", fmt::format("{} prompts; send one request for each", list->size()));
  }
  prompt = (*list)[0].get_string();
}

void ReadChoices(ObjectReader& in, CompletionBody& out) {
  service::GenerateSettings& settings = out.completion.settings;
  out.choices = settings.samples;  // n
  std::optional<size_t> best_of;
  in.Read("best_of", best_of);
  if (!best_of) return;
  if (*best_of < out.choices || *best_of > kMostSamples) {
    return in.Fail("best_of", fmt::format("{} is out of range, expected n ({}) to {}", *best_of,
                                          out.choices, kMostSamples));
  }
  if (*best_of > out.choices && out.stream) {
    return in.Fail("best_of", "does not go with \"stream\": true, unless it is n");
  }
  settings.samples = *best_of;
  // The choice among them goes by their probability.
  if (*best_of > out.choices && !settings.sampling.top_logprobs) settings.sampling.top_logprobs = 0;
}

void ReadCompletionLogprobs(ObjectReader& in, CompletionBody& out) {
  const json::value* value = in.Any("logprobs");
  if (value == nullptr) return;
  if (value->is_bool() && !value->get_bool()) return;
  if (!value->is_int64() || value->get_int64() < 0 ||
      value->get_int64() > static_cast<int64_t>(engine::kMaxTopLogprobs)) {
    return in.Fail("logprobs", fmt::format("expected 0 to {}", engine::kMaxTopLogprobs));
  }
  out.logprobs = true;
  out.completion.settings.sampling.top_logprobs = static_cast<size_t>(value->get_int64());
}

}  // namespace

Result<CompletionBody> ParseCompletion(std::string_view body, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(body));
  ObjectReader in(value.get_object(), "", notes);
  CompletionBody out;
  service::GenerateSettings& settings = out.completion.settings;
  in.Read("model", out.model.name);
  ReadPrompt(in, out.completion.prompt);
  in.Read("stream", out.stream);
  if (const json::object* options = in.Object("stream_options")) {
    ObjectReader inner(*options, "stream_options", notes);
    inner.Read("include_usage", out.include_usage);
    static_cast<void>(inner.Any("include_obfuscation"));
    inner.Finish();
  }
  ReadSampling(in, settings.sampling);
  ReadLimits(in, settings);
  ReadMaxTokens(in, {"max_completion_tokens", "max_tokens", "n_predict"}, settings);
  // OpenAI's default; without a limit a raw prompt often never ends.
  if (!settings.max_tokens && in.Any("max_tokens") == nullptr) settings.max_tokens = 16;
  ReadCompletionLogprobs(in, out);
  ReadChoices(in, out);
  in.Read("echo", out.echo);
  if (out.echo && out.logprobs) {
    in.Fail("echo", "does not go with logprobs: those of the prompt are not computed");
  }
  std::optional<std::string> suffix;
  in.Read("suffix", suffix);
  if (suffix && !suffix->empty()) in.Fail("suffix", "filling a gap is not supported");
  RefuseConstraints(in);
  ReadForeignSampling(in);
  ReadWithoutEffect(in);
  in.Finish();
  LEMMA_RETURN_IF_ERROR(notes.status());
  return out;
}

Result<EmbeddingsBody> ParseEmbeddings(std::string_view body, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(body));
  ObjectReader in(value.get_object(), "", notes);
  EmbeddingsBody out;
  in.Read("model", out.model.name);
  const json::value* input = in.Any("input");
  const json::array* list = input == nullptr ? nullptr : input->if_array();
  if (list != nullptr && !list->empty() && !(*list)[0].is_string()) {
    in.Fail("input", "token ids are not taken; send the text");
  } else {
    in.ReadTexts("input", out.inputs);
  }
  if (out.inputs.empty()) in.Fail("input", "expected a text, or a list of texts");
  if (out.inputs.size() > service::kMaxEmbedTexts) {
    in.Fail("input",
            fmt::format("{} texts, at most {}", out.inputs.size(), service::kMaxEmbedTexts));
  }
  std::string format = "float";
  in.Read("encoding_format", format);
  if (format != "float" && format != "base64") {
    in.Fail("encoding_format", "expected \"float\" or \"base64\"");
  }
  out.base64 = format == "base64";
  in.Read("dimensions", out.dimensions);
  if (out.dimensions == 0U) in.Fail("dimensions", "0 is out of range, expected 1 or more");
  ReadWithoutEffect(in);
  in.Finish();
  LEMMA_RETURN_IF_ERROR(notes.status());
  return out;
}

}  // namespace lemma::server::openai
