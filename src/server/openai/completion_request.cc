// SPDX-License-Identifier: Apache-2.0
#include "server/openai/completion_request.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "server/openai/settings.h"
#include "service/embed.h"

namespace lemma::server::openai {

namespace json = boost::json;

namespace {

// Token ids, as they go into the model.
std::vector<int32_t> ReadTokens(const json::array& list, const std::string& path,
                                BodyNotes& notes) {
  std::vector<int32_t> tokens;
  for (const json::value& item : list) {
    const bool good = item.is_int64() && item.get_int64() >= 0 &&
                      item.get_int64() <= std::numeric_limits<int32_t>::max();
    if (!good) {
      notes.Fail(InvalidArgument(fmt::format("{}: expected a token id, found {}",
                                             IndexPath(path, tokens.size()), JsonTypeName(item))));
      return tokens;
    }
    tokens.push_back(static_cast<int32_t>(item.get_int64()));
  }
  if (tokens.empty()) notes.Fail(InvalidArgument(fmt::format("{}: has no token", path)));
  return tokens;
}

}  // namespace

service::CompletionRequest ReadPrompt(const json::value& value, const std::string& path,
                                      BodyNotes& notes) {
  service::CompletionRequest prompt;
  if (value.is_string()) {
    prompt.prompt = value.get_string();
  } else if (value.is_array()) {
    prompt.prompt_tokens = ReadTokens(value.get_array(), path, notes);
  } else {
    notes.Fail(InvalidArgument(fmt::format("{}: expected a text or a list of token ids, found {}",
                                           path, JsonTypeName(value))));
  }
  return prompt;
}

namespace {

// A text, token ids, or a list of such.
void ReadPrompts(ObjectReader& in, std::vector<service::CompletionRequest>& prompts) {
  const json::value* value = in.Any("prompt");
  if (value == nullptr) return in.Fail("prompt", "is missing");
  const json::array* list = value->if_array();
  const bool one = list == nullptr || (!list->empty() && list->front().is_number());
  if (one) return prompts.push_back(ReadPrompt(*value, "prompt", in.notes()));
  if (list->empty()) return in.Fail("prompt", "expected at least one prompt");
  if (list->size() > kMostPrompts) {
    return in.Fail("prompt", fmt::format("{} prompts, at most {}", list->size(), kMostPrompts));
  }
  for (const json::value& item : *list) {
    prompts.push_back(ReadPrompt(item, IndexPath("prompt", prompts.size()), in.notes()));
  }
}

void ReadChoices(ObjectReader& in, service::GenerateSettings& settings, CompletionBody& out) {
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

void ReadCompletionLogprobs(ObjectReader& in, service::GenerateSettings& settings,
                            CompletionBody& out) {
  const json::value* value = in.Any("logprobs");
  if (value == nullptr) return;
  if (value->is_bool() && !value->get_bool()) return;
  if (!value->is_int64() || value->get_int64() < 0 ||
      value->get_int64() > static_cast<int64_t>(engine::kMaxTopLogprobs)) {
    return in.Fail("logprobs", fmt::format("expected 0 to {}", engine::kMaxTopLogprobs));
  }
  out.logprobs = true;
  settings.sampling.top_logprobs = static_cast<size_t>(value->get_int64());
}

}  // namespace

Result<CompletionBody> ParseCompletion(std::string_view body, BodyNotes& notes) {
  LEMMA_ASSIGN_OR_RETURN(const json::value value, ParseBody(body));
  ObjectReader in(value.get_object(), "", notes);
  CompletionBody out;
  service::GenerateSettings settings;
  in.Read("model", out.model.name);
  ReadPrompts(in, out.prompts);
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
  ReadCompletionLogprobs(in, settings, out);
  ReadChoices(in, settings, out);
  if (out.prompts.size() * settings.samples > kMostCompletions) {
    in.Fail("prompt", fmt::format("{} prompts of {} samples, at most {} completions",
                                  out.prompts.size(), settings.samples, kMostCompletions));
  }
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
  for (service::CompletionRequest& prompt : out.prompts) prompt.settings = settings;
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
