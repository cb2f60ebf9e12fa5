// SPDX-License-Identifier: Apache-2.0
#include "server/openai/completion_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/utf8.h"
#include "chat/json_text.h"
#include "server/dialect/reply_sink.h"
#include "server/finish_notes.h"
#include "server/sse.h"

namespace lemma::server::openai {

namespace json = boost::json;

namespace {

using Kind = service::StreamEvent::Kind;

// Characters, not bytes: text_offset counts as strings of Python do.
size_t CountCharacters(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// The shape of the old API: parallel lists. `offset` is the character where the first token's text
// begins.
json::object LogprobLists(const std::vector<engine::SampledToken>& tokens, const TokenText& text,
                          size_t offset) {
  const auto spelling = [&](int32_t token) { return SanitizeUtf8(text ? text(token) : ""); };
  json::array spellings;
  json::array logprobs;
  json::array top;
  json::array offsets;
  for (const engine::SampledToken& token : tokens) {
    offsets.emplace_back(offset);
    // Of a character in several tokens, the first one counts it.
    offset += CountCharacters(text ? text(token.token) : "");
    spellings.emplace_back(spelling(token.token));
    logprobs.emplace_back(token.logprob.value_or(0.0F));
    json::object row;
    for (const engine::TokenLogprob& other : token.top_logprobs) {
      row.emplace(spelling(other.token), other.logprob);
    }
    top.push_back(std::move(row));
  }
  return {{"tokens", std::move(spellings)},
          {"token_logprobs", std::move(logprobs)},
          {"top_logprobs", std::move(top)},
          {"text_offset", std::move(offsets)}};
}

// [prompt] What comes before its texts.
std::vector<std::string> EchoTexts(const CompletionReplyOptions& options, const TokenText& text) {
  std::vector<std::string> out(options.prompts);
  for (size_t i = 0; i < options.echo.size(); ++i) {
    out[i] = options.echo[i].text;
    for (const int32_t token : options.echo[i].tokens) out[i] += text ? text(token) : "";
    if (!options.echo[i].tokens.empty()) out[i] = SanitizeUtf8(out[i]);
  }
  return out;
}

}  // namespace

CompletionChunks::CompletionChunks(CompletionReplyOptions options)
    : options_(std::move(options)), warnings_(options_.warnings) {}

std::string CompletionChunks::Chunk(size_t sample, std::string_view text,
                                    std::string_view more) const {
  return fmt::format(R"({},"choices":[{{"index":{},"text":{},{}}}])", head_, sample,
                     chat::JsonQuote(text), more);
}

std::string CompletionChunks::Start(const StreamStart& start, TokenText text) {
  text_ = std::move(text);
  samples_ = start.samples / options_.prompts;
  unfinished_ = start.samples;
  seed_ = start.seed;
  head_ = fmt::format(
      R"({{"id":"{}","object":"text_completion","created":{},"model":{},"system_fingerprint":"{}")",
      options_.id, options_.created, chat::JsonQuote(start.model), kFingerprint);
  const std::vector<std::string> echo = EchoTexts(options_, text_);
  std::string out;
  for (size_t sample = 0; sample < start.samples; ++sample) {
    const std::string& before = echo[sample / samples_];
    offsets_.push_back(CountCharacters(before));
    if (before.empty()) continue;
    out += SseData(Chunk(sample, before, R"("logprobs":null,"finish_reason":null)") + "}");
  }
  return out;
}

std::string CompletionChunks::Add(const service::StreamEvent& event) {
  if (failed_) return {};
  if (event.kind == Kind::kContent || event.kind == Kind::kThinking) {
    std::string logprobs = "null";
    if (options_.logprobs) {
      logprobs = json::serialize(LogprobLists(event.logprobs, text_, offsets_[event.sample]));
    }
    offsets_[event.sample] += CountCharacters(event.text);
    return SseData(Chunk(event.sample, event.text,
                         fmt::format(R"("logprobs":{},"finish_reason":null)", logprobs)) +
                   "}");
  }
  if (event.kind != Kind::kFinish) return {};
  usage_.Add(event.usage, event.sample / samples_);
  if (event.finish == service::FinishReason::kError) {
    failed_ = true;
    return SseData(json::serialize(ErrorObject(FromStatus(event.error))));
  }
  for (std::string& note : FinishNotes(event)) warnings_.push_back(std::move(note));
  std::string chunk =
      Chunk(event.sample, "",
            fmt::format(R"("logprobs":null,"finish_reason":"{}","stop_reason":{})",
                        FinishReasonText(event.finish), json::serialize(StopReason(event))));
  if (--unfinished_ == 0) {
    chunk += fmt::format(R"(,"timings":{},"seed":{})", json::serialize(usage_.Timings()), seed_);
  }
  if (!warnings_.empty()) {
    chunk += fmt::format(R"(,"warnings":{})", json::serialize(ToArray(warnings_)));
  }
  return SseData(chunk + "}");
}

std::string CompletionChunks::End() {
  if (failed_) return {};
  std::string out;
  if (options_.include_usage) {
    out = SseData(
        fmt::format(R"({},"choices":[],"usage":{}}})", head_, json::serialize(usage_.ToJson())));
  }
  return out + SseData("[DONE]");
}

CompletionObject::CompletionObject(CompletionReplyOptions options) : options_(std::move(options)) {}

void CompletionObject::Start(const StreamStart& start, TokenText text) {
  text_ = std::move(text);
  model_ = start.model;
  seed_ = start.seed;
  samples_.resize(start.samples);
  samples_per_prompt_ = start.samples / options_.prompts;
  echo_ = EchoTexts(options_, text_);
}

void CompletionObject::Add(const service::StreamEvent& event) {
  Sample& sample = samples_[event.sample];
  if (event.kind == Kind::kContent || event.kind == Kind::kThinking) sample.text += event.text;
  sample.tokens.insert(sample.tokens.end(), event.logprobs.begin(), event.logprobs.end());
  if (event.kind == Kind::kFinish) {
    sample.finish = event;
    usage_.Add(event.usage, event.sample / samples_per_prompt_);
  }
}

double CompletionObject::Sample::MeanLogprob() const {
  if (tokens.empty()) return -std::numeric_limits<double>::infinity();
  double sum = 0;
  for (const engine::SampledToken& token : tokens) sum += double{token.logprob.value_or(0.0F)};
  return sum / static_cast<double>(tokens.size());
}

std::vector<size_t> CompletionObject::Best(size_t prompt) const {
  std::vector<size_t> order(samples_per_prompt_);
  std::iota(order.begin(), order.end(), prompt * samples_per_prompt_);
  if (order.size() <= options_.choices) return order;
  std::stable_sort(order.begin(), order.end(), [this](size_t a, size_t b) {
    return samples_[a].MeanLogprob() > samples_[b].MeanLogprob();
  });
  order.resize(options_.choices);
  return order;
}

json::object CompletionObject::Choice(size_t index, size_t prompt, const Sample& sample) const {
  json::value logprobs = nullptr;
  if (options_.logprobs) {
    logprobs = LogprobLists(sample.tokens, text_, CountCharacters(echo_[prompt]));
  }
  return {{"index", index},
          {"text", echo_[prompt] + sample.text},
          {"logprobs", std::move(logprobs)},
          {"finish_reason", FinishReasonText(sample.finish.finish)},
          {"stop_reason", StopReason(sample.finish)}};
}

Response CompletionObject::End() const {
  std::vector<std::string> warnings = options_.warnings;
  json::array choices;
  for (size_t prompt = 0; prompt < options_.prompts; ++prompt) {
    for (const size_t index : Best(prompt)) {
      const Sample& sample = samples_[index];
      if (sample.finish.finish == service::FinishReason::kError) {
        return FormatError(FromStatus(sample.finish.error));
      }
      choices.push_back(Choice(choices.size(), prompt, sample));
      for (std::string& note : FinishNotes(sample.finish)) warnings.push_back(std::move(note));
    }
  }
  json::object body{{"id", options_.id},
                    {"object", "text_completion"},
                    {"created", options_.created},
                    {"model", model_},
                    {"system_fingerprint", kFingerprint},
                    {"choices", std::move(choices)},
                    {"usage", usage_.ToJson()},
                    {"timings", usage_.Timings()},
                    {"seed", seed_}};
  if (!warnings.empty()) body["warnings"] = ToArray(warnings);
  Response response;
  response.body = json::serialize(body);
  return response;
}

namespace {

class CompletionSink : public ReplySink {
 public:
  CompletionSink(ExchangePtr exchange, Answer answer, const CompletionReplyOptions& options)
      : ReplySink(std::move(exchange), answer, FormatError), chunks_(options), object_(options) {}

  void OnStart(const StreamStart& start) override {
    if (!streams()) return object_.Start(start, TextOfTokens(start));
    Begin();
    Write(chunks_.Start(start, TextOfTokens(start)));
  }
  void OnEvent(const service::StreamEvent& event) override {
    if (!streams()) return object_.Add(event);
    Write(chunks_.Add(event));
  }
  void OnEnd() override {
    if (!streams()) return Send(object_.End());
    Write(chunks_.End());
    End();
  }

 private:
  CompletionChunks chunks_;
  CompletionObject object_;
};

}  // namespace

std::unique_ptr<StreamSink> MakeCompletionSink(ExchangePtr exchange, const CompletionBody& body,
                                               std::vector<std::string> warnings) {
  CompletionReplyOptions options;
  options.id = NewId("cmpl-");
  options.created = UnixTime();
  options.include_usage = body.include_usage;
  options.logprobs = body.logprobs;
  options.choices = body.choices;
  options.prompts = body.prompts.size();
  for (const service::CompletionRequest& prompt : body.prompts) {
    if (body.echo) options.echo.push_back({prompt.prompt, prompt.prompt_tokens});
  }
  options.warnings = std::move(warnings);
  return std::make_unique<CompletionSink>(std::move(exchange), AnswerFor(body.stream), options);
}

std::string FloatsToBase64(std::span<const float> values) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<uint8_t> bytes;
  bytes.reserve(values.size() * sizeof(float) + 2);
  for (const float value : values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8)
      bytes.push_back(static_cast<uint8_t>(bits >> shift));
  }
  const size_t padding = (3 - bytes.size() % 3) % 3;
  bytes.resize(bytes.size() + padding);
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const uint32_t group = uint32_t{bytes[i]} << 16 | uint32_t{bytes[i + 1]} << 8 | bytes[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) out += kDigits[group >> shift & 63U];
  }
  for (size_t i = 0; i < padding; ++i) out[out.size() - 1 - i] = '=';
  return out;
}

namespace {

// The first `dimensions` of a vector, at length 1 again (as models trained for it, "Matryoshka",
// are cut).
std::vector<float> Cut(std::vector<float> vector, size_t dimensions) {
  vector.resize(dimensions);
  double square = 0;
  for (const float value : vector) square += double{value} * value;
  const double scale = square > 0 ? 1 / std::sqrt(square) : 0;
  for (float& value : vector) value = static_cast<float>(value * scale);
  return vector;
}

}  // namespace

Response EmbeddingsReply(const EmbeddingsBody& body, const service::Embeddings& vectors,
                         const std::string& model, const std::vector<std::string>& warnings) {
  json::array data;
  size_t tokens = 0;
  for (size_t i = 0; i < vectors.vectors.size(); ++i) {
    std::vector<float> vector = vectors.vectors[i];
    tokens += vectors.tokens[i];
    if (body.dimensions && *body.dimensions > vector.size()) {
      ApiError error;
      error.kind = ErrorKind::kInvalidRequest;
      error.param = "dimensions";
      error.message = fmt::format("dimensions: {} is out of range, this model has {}",
                                  *body.dimensions, vector.size());
      return FormatError(error);
    }
    if (body.dimensions && *body.dimensions < vector.size()) {
      vector = Cut(std::move(vector), *body.dimensions);
    }
    json::value embedding;
    if (body.base64) {
      embedding = json::value(FloatsToBase64(vector));
    } else {
      embedding = json::array(vector.begin(), vector.end());
    }
    data.push_back(
        json::object{{"object", "embedding"}, {"index", i}, {"embedding", std::move(embedding)}});
  }
  json::object out{{"object", "list"},
                   {"data", std::move(data)},
                   {"model", model},
                   {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}};
  if (!warnings.empty()) out["warnings"] = ToArray(warnings);
  Response response;
  response.body = json::serialize(out);
  return response;
}

}  // namespace lemma::server::openai
