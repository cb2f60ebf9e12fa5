// SPDX-License-Identifier: Apache-2.0
#include "server/ollama/catalog.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include "base/utf8.h"
#include "chat/family.h"
#include "server/ollama/reply.h"

namespace lemma::server::ollama {

namespace json = boost::json;

namespace {

using service::InspectReport;
using service::ModelInfo;

std::string TimeOf(double unix_seconds) {
  return Timestamp(std::chrono::system_clock::time_point(
      std::chrono::milliseconds(static_cast<int64_t>(unix_seconds * 1000.0))));
}

json::object Details(const InspectReport* report) {
  json::object out{{"parent_model", ""},        {"format", "gguf"},     {"family", ""},
                   {"families", json::array()}, {"parameter_size", ""}, {"quantization_level", ""}};
  if (report == nullptr) return out;
  out["family"] = SanitizeUtf8(report->architecture);
  out["families"] = json::array{json::value(SanitizeUtf8(report->architecture))};
  out["parameter_size"] = ParameterSize(report->parameters);
  out["quantization_level"] = report->file_type;
  if (report->config) {
    out["context_length"] = report->config->context_length;
    out["embedding_length"] = report->config->embedding;
  }
  return out;
}

// What requests may ask of the model.
json::array Capabilities(const InspectReport* report) {
  json::array out{"completion", "embedding"};
  if (report == nullptr || !report->chat) return out;
  for (const chat::Family& family : chat::Families()) {
    if (family.name != report->chat->family) continue;
    if (family.thinking != chat::ThinkingMode::kNever) out.emplace_back("thinking");
    if (family.tools != chat::ToolSyntax::kNone) out.emplace_back("tools");
  }
  return out;
}

json::object Row(const ModelInfo& info, const InspectReport* report) {
  return {{"name", info.name},
          {"model", info.name},
          {"modified_at", TimeOf(info.modified_seconds)},
          {"size", info.file_bytes},
          {"digest", FileDigest(info)},
          {"details", Details(report)},
          {"capabilities", Capabilities(report)}};
}

json::value ElementValue(const service::MetadataElement& element) {
  if (const auto* text = std::get_if<std::string>(&element))
    return json::string(SanitizeUtf8(*text));
  if (const auto* flag = std::get_if<bool>(&element)) return *flag;
  if (const auto* number = std::get_if<int64_t>(&element)) return *number;
  if (const auto* number = std::get_if<uint64_t>(&element)) return *number;
  return std::get<double>(element);
}

// Metadata as Ollama shows it: long lists are null unless asked for (the first elements then).
json::object ModelInfoOf(const InspectReport& report, Catalog::Detail detail) {
  json::object out;
  for (const service::MetadataRow& row : report.metadata) {
    if (row.key == "tokenizer.chat_template") continue;
    json::value& value = out[SanitizeUtf8(row.key)];
    if (!row.length) {
      if (!row.elements.empty()) value = ElementValue(row.elements.front());
    } else if (detail == Catalog::Detail::kVerbose) {
      json::array first;
      for (const service::MetadataElement& element : row.elements) {
        first.push_back(ElementValue(element));
      }
      value = std::move(first);
    }
  }
  out["general.parameter_count"] = report.parameters;
  return out;
}

json::array Tensors(const InspectReport& report) {
  json::array out;
  for (const service::TensorRow& row : report.tensors) {
    out.push_back({{"name", SanitizeUtf8(row.name)},
                   {"type", row.type},
                   {"shape", json::array(row.dims.begin(), row.dims.end())}});
  }
  return out;
}

}  // namespace

std::string FileDigest(const ModelInfo& info) {
  const std::string text =
      fmt::format("{}\n{}\n{:.3f}", info.path.string(), info.file_bytes, info.modified_seconds);
  std::array<unsigned char, 32> digest{};
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string out;
  for (const unsigned char byte : digest) out += fmt::format("{:02x}", byte);
  return out;
}

std::string ParameterSize(uint64_t parameters) {
  const auto count = static_cast<double>(parameters);
  if (count >= 1e9) return fmt::format("{:.1f}B", count / 1e9);
  if (count >= 1e6) return fmt::format("{:.1f}M", count / 1e6);
  return fmt::format("{:.1f}K", count / 1e3);
}

std::string Catalog::Tags() {
  json::array rows;
  for (const ModelInfo& info : models_.List()) rows.push_back(Row(info, reports_.Of(info).get()));
  return json::serialize(json::object{{"models", std::move(rows)}});
}

std::string Catalog::Running(double unix_now) {
  json::array rows;
  for (const ModelInfo& info : models_.List()) {
    if (info.state != service::ModelState::kReady) continue;
    json::object row = Row(info, reports_.Of(info).get());
    row.erase("modified_at");
    row.erase("capabilities");
    row["size"] = info.memory_bytes;
    row["size_vram"] = 0;
    row["context_length"] = info.context;
    row["expires_at"] = info.unload_in_seconds ? TimeOf(unix_now + *info.unload_in_seconds)
                                               : std::string("9999-12-31T23:59:59Z");
    rows.push_back(std::move(row));
  }
  return json::serialize(json::object{{"models", std::move(rows)}});
}

Result<std::string> Catalog::Show(const std::string& name, Detail detail) {
  LEMMA_ASSIGN_OR_RETURN(const ModelInfo info, models_.Info(name));
  const std::shared_ptr<const InspectReport> report = reports_.Of(info);
  if (report == nullptr)
    return IoError(fmt::format("the file of model '{}' cannot be read", info.name));
  json::object out{{"license", MetadataText(*report, "general.license")},
                   {"modelfile", fmt::format("FROM {}\n", info.path.filename().string())},
                   {"parameters", ""},
                   {"template", MetadataText(*report, "tokenizer.chat_template")},
                   {"details", Details(report.get())},
                   {"model_info", ModelInfoOf(*report, detail)},
                   {"capabilities", Capabilities(report.get())},
                   {"modified_at", TimeOf(info.modified_seconds)}};
  if (detail == Detail::kVerbose) out["tensors"] = Tensors(*report);
  return json::serialize(out);
}

}  // namespace lemma::server::ollama
