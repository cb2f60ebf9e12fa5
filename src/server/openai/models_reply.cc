// SPDX-License-Identifier: Apache-2.0
#include "server/openai/models_reply.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <ctime>
#include <utility>

#include "base/utf8.h"

namespace lemma::server::openai {

namespace json = boost::json;

namespace {

// llama.h, enum llama_vocab_type.
int VocabType(const std::string& tokenizer) {
  if (tokenizer == "llama") return 1;
  if (tokenizer == "gpt2") return 2;
  return 0;
}

void AddFileFacts(const service::InspectReport& report, json::object& meta) {
  meta["size"] = report.tensor_bytes;
  meta["n_params"] = report.parameters;
  if (report.config) {
    meta["n_ctx_train"] = report.config->context_length;
    meta["n_embd"] = report.config->embedding;
  }
  if (report.vocab) {
    meta["n_vocab"] = report.vocab->tokens;
    meta["vocab_type"] = VocabType(report.vocab->model);
  }
  meta["architecture"] = SanitizeUtf8(report.architecture);
  meta["quantization"] = report.file_type;
}

std::string Rfc3339(int64_t unix_seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_seconds)));
}

}  // namespace

json::object ModelObject(const service::ModelInfo& info, const service::InspectReport* report) {
  const auto created = static_cast<int64_t>(info.modified_seconds);
  json::object meta{{"file_size", info.file_bytes},
                    {"state", service::ModelStateName(info.state)},
                    {"default", info.is_default}};
  if (report != nullptr) AddFileFacts(*report, meta);
  if (info.state == service::ModelState::kReady) meta["n_ctx"] = info.context;
  json::object out{{"id", info.name},    {"object", "model"},
                   {"type", "model"},    {"display_name", info.name},
                   {"created", created}, {"created_at", Rfc3339(created)},
                   {"owned_by", "lemma"}};
  if (info.state == service::ModelState::kReady) out["max_model_len"] = info.context;
  out["meta"] = std::move(meta);
  return out;
}

std::string ModelList(const std::vector<service::ModelInfo>& models, ModelReports& reports) {
  json::array data;
  for (const service::ModelInfo& info : models) {
    data.push_back(ModelObject(info, reports.Of(info).get()));
  }
  json::object out{{"object", "list"}, {"data", std::move(data)}, {"has_more", false}};
  out["first_id"] = models.empty() ? json::value(nullptr) : json::value(models.front().name);
  out["last_id"] = models.empty() ? json::value(nullptr) : json::value(models.back().name);
  return json::serialize(out);
}

}  // namespace lemma::server::openai
