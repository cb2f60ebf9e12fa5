// SPDX-License-Identifier: Apache-2.0
#include "cli/sampling_options.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <limits>

#include "cli/output.h"
#include "cli/strings.h"
#include "service/engine_request.h"

namespace lemma::cli {
namespace {

using service::GenerateSettings;

template <typename T>
Status ParseInto(std::string_view name, std::string_view text, std::optional<T>& out) {
  T value{};
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) {
    return InvalidArgument(fmt::format("{}: '{}' is not a number of its kind", name, text));
  }
  out = value;
  return OkStatus();
}

// Everything that is set, laid over neutral values. Token ids are no part of it.
Status CheckRanges(const service::SamplingOverrides& overrides) {
  engine::SamplingParams params;
  service::ApplyOverrides(overrides, params);
  return engine::ValidateSamplingParams(params, std::numeric_limits<int32_t>::max());
}

Status TooLong(service::LoadedModel& model, size_t tokens, const Status& error) {
  const size_t context = model.engine().context_tokens();
  const bool asked_wrongly = error.code() == StatusCode::kInvalidArgument;
  if (!asked_wrongly || tokens < context) return error;
  return ResourceExhausted(fmt::format(
      "the prompt has {} tokens, the context of {} must hold it and an answer", tokens, context));
}

// One row a parameter: its name, and the field it sets.
struct OptionRow {
  std::string_view name;
  std::string_view help;
  std::function<Status(GenerateSettings&, std::string_view)> set;
};

template <typename T>
OptionRow MakeOptionRow(std::string_view name, std::string_view help,
                        std::optional<T> service::SamplingOverrides::*field) {
  return {name, help, [name, field](GenerateSettings& s, std::string_view text) {
            service::SamplingOverrides changed = s.sampling;
            LEMMA_RETURN_IF_ERROR(ParseInto(name, text, changed.*field));
            LEMMA_RETURN_IF_ERROR(CheckRanges(changed));
            s.sampling = std::move(changed);
            return OkStatus();
          }};
}

const std::vector<OptionRow>& Rows() {
  using O = service::SamplingOverrides;
  static const std::vector<OptionRow> rows{
      MakeOptionRow("temperature", "0 = always the best token", &O::temperature),
      MakeOptionRow("top_k", "only the k best tokens; 0 = all", &O::top_k),
      MakeOptionRow("top_p", "the best tokens that together have this probability", &O::top_p),
      MakeOptionRow("min_p", "tokens with at least this share of the best probability", &O::min_p),
      MakeOptionRow("typical_p", "locally typical sampling", &O::typical_p),
      MakeOptionRow("repeat_penalty", "above 1: lowers recent tokens", &O::repeat_penalty),
      MakeOptionRow("repeat_last_n", "how many tokens count as recent; 0 = all", &O::repeat_last_n),
      MakeOptionRow("presence_penalty", "lowers tokens already generated", &O::presence_penalty),
      MakeOptionRow("frequency_penalty", "... by how often they were", &O::frequency_penalty),
      MakeOptionRow("dry_multiplier", "above 0: lowers what continues a repetition",
                    &O::dry_multiplier),
      MakeOptionRow("dry_base", "growth of that with the length", &O::dry_base),
      MakeOptionRow("dry_allowed_length", "repetitions up to this length are free",
                    &O::dry_allowed_length),
      MakeOptionRow("seed", "same seed, same answer; default: a fresh one", &O::seed),
  };
  return rows;
}

template <typename T>
std::string Value(const std::optional<T>& set, T otherwise) {
  return set ? fmt::format("{}", *set) : fmt::format("{} (default)", otherwise);
}

}  // namespace

void AddSamplingOptions(CLI::App& app, GenerateSettings& settings) {
  for (const OptionRow& row : Rows()) {
    std::string flags = "--" + std::string(row.name);
    if (row.name == "temperature") flags += ",--temp";
    for (char& c : flags) c = c == '_' ? '-' : c;
    app.add_option_function<std::string>(
        flags,
        [&row, &settings](const std::string& text) {
          const Status status = row.set(settings, text);
          if (!status.ok()) throw CLI::ValidationError(status.message());
        },
        std::string(row.help));
  }
  app.add_option("--stop", settings.stop, "end before this text; may be given several times");
  app.add_option("--min-tokens", settings.min_tokens, "do not end before so many tokens")
      ->check(CountCheck());
}

Status SetParameter(GenerateSettings& settings, std::string_view name, std::string_view value) {
  if (name == "max_tokens" || name == "num_predict") {
    std::optional<size_t> tokens;
    LEMMA_RETURN_IF_ERROR(ParseInto(name, value, tokens));
    if (*tokens == 0) {
      return InvalidArgument(fmt::format("{}: 0 is out of range, expected at least 1", name));
    }
    settings.max_tokens = tokens;
    return OkStatus();
  }
  std::string known;
  for (const OptionRow& row : Rows()) {
    if (row.name == name) return row.set(settings, value);
    known += std::string(row.name) + " ";
  }
  return InvalidArgument(fmt::format("'{}' is no parameter; known: {}max_tokens", name, known));
}

std::vector<std::pair<std::string, std::string>> DescribeParameters(
    const GenerateSettings& settings, const engine::SamplingParams& defaults) {
  const service::SamplingOverrides& s = settings.sampling;
  return {
      {"temperature", Value(s.temperature, defaults.temperature)},
      {"top_k", Value(s.top_k, defaults.top_k)},
      {"top_p", Value(s.top_p, defaults.top_p)},
      {"min_p", Value(s.min_p, defaults.min_p)},
      {"typical_p", Value(s.typical_p, defaults.typical_p)},
      {"repeat_penalty", Value(s.repeat_penalty, defaults.repeat_penalty)},
      {"repeat_last_n", Value(s.repeat_last_n, defaults.repeat_last_n)},
      {"presence_penalty", Value(s.presence_penalty, defaults.presence_penalty)},
      {"frequency_penalty", Value(s.frequency_penalty, defaults.frequency_penalty)},
      {"dry_multiplier", Value(s.dry_multiplier, defaults.dry.multiplier)},
      {"dry_base", Value(s.dry_base, defaults.dry.base)},
      {"dry_allowed_length", Value(s.dry_allowed_length, defaults.dry.allowed_length)},
      {"seed", s.seed ? fmt::format("{}", *s.seed) : "fresh for each answer"},
      {"max_tokens",
       settings.max_tokens ? fmt::format("{}", *settings.max_tokens) : "up to the context"},
  };
}

Status ExplainStart(service::LoadedModel& model, const chat::Conversation& conversation,
                    const Status& error) {
  const auto tokens = service::PromptTokens(model, conversation);
  return tokens.ok() ? TooLong(model, tokens->size(), error) : error;
}

Status ExplainStart(service::LoadedModel& model, std::string_view prompt, const Status& error) {
  const auto tokens = model.tokens().Encode(prompt, tokenizer::SpecialTokens::kPlainText);
  return TooLong(model, tokens.size() + (model.tokens().add_bos() ? 1 : 0), error);
}

service::LoadOptions LoadOptionsFrom(const ModelOptions& options) {
  service::LoadOptions load;
  load.threads = options.threads;
  if (!options.isa.empty()) load.isa = options.isa;
  load.context = options.context;
  load.kv_type = ChosenKvTypes(options);
  load.prefill_type = ChosenPrefillType(options);
  if (options.speculation == "off") load.speculation.mode = engine::Speculation::kOff;
  return load;
}

Result<std::unique_ptr<service::LoadedModel>> OpenModel(const ModelOptions& options) {
  LEMMA_ASSIGN_OR_RETURN(const std::string path, ResolveModelPath(options.model));
  service::LoadOptions load = LoadOptionsFrom(options);
  const std::string name = path.substr(path.rfind('/') + 1);
  auto bar = std::make_optional<ProgressBar>(Say(Text::kLoading, name));
  load.progress = [&bar](double share) {
    bar->Update(share, "");
    return !Interrupted();
  };
  auto model = service::LoadedModel::Load(path, load);
  bar.reset();  // clears its line before anything else is printed
  if (!model.ok()) return model.status();
  for (const std::string& warning : (*model)->warnings()) PrintWarning(warning);
  return std::move(*model);
}

}  // namespace lemma::cli
