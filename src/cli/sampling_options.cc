// SPDX-License-Identifier: Apache-2.0
#include "cli/sampling_options.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>

#include "cli/output.h"
#include "cli/strings.h"

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

// One row a parameter: its name, and the field it sets.
struct Row {
  std::string_view name;
  std::string_view help;
  std::function<Status(GenerateSettings&, std::string_view)> set;
};

template <typename T>
Row MakeRow(std::string_view name, std::string_view help,
            std::optional<T> service::SamplingOverrides::*field) {
  return {name, help, [name, field](GenerateSettings& s, std::string_view text) {
            return ParseInto(name, text, s.sampling.*field);
          }};
}

const std::vector<Row>& Rows() {
  using O = service::SamplingOverrides;
  static const std::vector<Row> rows{
      MakeRow("temperature", "0 = always the best token", &O::temperature),
      MakeRow("top_k", "only the k best tokens; 0 = all", &O::top_k),
      MakeRow("top_p", "the best tokens that together have this probability", &O::top_p),
      MakeRow("min_p", "tokens with at least this share of the best probability", &O::min_p),
      MakeRow("typical_p", "locally typical sampling", &O::typical_p),
      MakeRow("repeat_penalty", "above 1: lowers recent tokens", &O::repeat_penalty),
      MakeRow("repeat_last_n", "how many tokens count as recent; 0 = all", &O::repeat_last_n),
      MakeRow("presence_penalty", "lowers tokens already generated", &O::presence_penalty),
      MakeRow("frequency_penalty", "... by how often they were", &O::frequency_penalty),
      MakeRow("dry_multiplier", "above 0: lowers what continues a repetition", &O::dry_multiplier),
      MakeRow("dry_base", "growth of that with the length", &O::dry_base),
      MakeRow("dry_allowed_length", "repetitions up to this length are free",
              &O::dry_allowed_length),
      MakeRow("seed", "same seed, same answer; default: a fresh one", &O::seed),
  };
  return rows;
}

template <typename T>
std::string Value(const std::optional<T>& set, T otherwise) {
  return set ? fmt::format("{}", *set) : fmt::format("{} (default)", otherwise);
}

}  // namespace

void AddSamplingOptions(CLI::App& app, GenerateSettings& settings) {
  for (const Row& row : Rows()) {
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
  app.add_option("--min-tokens", settings.min_tokens, "do not end before so many tokens");
}

Status SetParameter(GenerateSettings& settings, std::string_view name, std::string_view value) {
  if (name == "max_tokens" || name == "num_predict") {
    return ParseInto(name, value, settings.max_tokens);
  }
  std::string known;
  for (const Row& row : Rows()) {
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
      {"presence_penalty", Value(s.presence_penalty, defaults.presence_penalty)},
      {"frequency_penalty", Value(s.frequency_penalty, defaults.frequency_penalty)},
      {"seed", s.seed ? fmt::format("{}", *s.seed) : "fresh for each answer"},
      {"max_tokens",
       settings.max_tokens ? fmt::format("{}", *settings.max_tokens) : "up to the context"},
  };
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
