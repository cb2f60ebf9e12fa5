// SPDX-License-Identifier: Apache-2.0
// The report of `lemma inspect` as JSON. Field names are stable.
#include <boost/json.hpp>
#include <cmath>
#include <string>

#include "base/utf8.h"
#include "service/inspect.h"

namespace lemma::service {
namespace {

namespace json = boost::json;

json::string Text(std::string_view text) { return json::string(SanitizeUtf8(text)); }

// JSON has no NaN and no infinity: they become text.
struct ElementValue {
  json::value operator()(const std::string& value) const { return Text(value); }
  json::value operator()(double value) const {
    if (std::isfinite(value)) return value;
    return json::string(std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
  }
  template <typename T>
  json::value operator()(T value) const {
    return value;
  }
};

json::value Element(const MetadataElement& element) { return std::visit(ElementValue(), element); }

json::array Metadata(const InspectReport& report) {
  json::array rows;
  for (const MetadataRow& row : report.metadata) {
    json::object out{{"key", Text(row.key)}, {"type", row.type}};
    if (row.length) {
      json::array first;
      for (const MetadataElement& element : row.elements) first.push_back(Element(element));
      out["length"] = *row.length;
      out["first"] = std::move(first);
    } else if (!row.elements.empty()) {
      out["value"] = Element(row.elements.front());
    }
    rows.push_back(std::move(out));
  }
  return rows;
}

json::array Tensors(const InspectReport& report) {
  json::array rows;
  for (const TensorRow& row : report.tensors) {
    rows.push_back({{"name", Text(row.name)},
                    {"type", row.type},
                    {"dims", json::array(row.dims.begin(), row.dims.end())},
                    {"bytes", row.bytes},
                    {"offset", row.file_offset},
                    {"file", row.file_index}});
  }
  return rows;
}

json::array Types(const InspectReport& report) {
  json::array rows;
  for (const TypeRow& row : report.types) {
    rows.push_back({{"type", row.type},
                    {"tensors", row.tensors},
                    {"parameters", row.parameters},
                    {"bytes", row.bytes}});
  }
  return rows;
}

json::value Config(const InspectReport& report) {
  if (!report.config) return nullptr;
  const model::ModelConfig& c = *report.config;
  return {{"layers", c.layers},
          {"embedding", c.embedding},
          {"heads", c.heads},
          {"kv_heads", c.kv_heads},
          {"head_dim", c.head_dim},
          {"feed_forward", c.feed_forward},
          {"context_length", c.context_length},
          {"vocab", c.vocab},
          {"tied_output", c.tied_output}};
}

json::value Token(const std::optional<TokenRow>& token) {
  if (!token) return nullptr;
  return {{"id", token->id}, {"text", Text(token->text)}};
}

json::value Vocab(const InspectReport& report) {
  if (!report.vocab) return nullptr;
  const VocabReport& v = *report.vocab;
  return {{"model", Text(v.model)}, {"pre", Text(v.pre)},  {"tokens", v.tokens},
          {"bos", Token(v.bos)},    {"eos", Token(v.eos)}, {"add_bos", v.add_bos}};
}

json::value Memory(const InspectReport& report) {
  if (!report.memory) return nullptr;
  const MemoryReport& m = *report.memory;
  return {{"context", m.context},   {"kv_type", m.kv_type}, {"weights", m.weight_bytes},
          {"kv_cache", m.kv_bytes}, {"work", m.work_bytes}, {"total", m.total_bytes}};
}

json::value Chat(const InspectReport& report) {
  if (!report.chat) return nullptr;
  return {{"family", report.chat->family}, {"uses_template", report.chat->uses_template}};
}

json::array Findings(const InspectReport& report) {
  json::array rows;
  for (const Finding& finding : report.findings) {
    rows.push_back({{"severity", SeverityName(finding.severity)},
                    {"code", finding.code},
                    {"text", Text(finding.text)}});
  }
  return rows;
}

}  // namespace

std::string InspectToJson(const InspectReport& report, Detail detail) {
  json::object out{{"file", Text(report.path.string())},
                   {"gguf_version", report.version},
                   {"alignment", report.alignment},
                   {"files", report.files},
                   {"bytes", report.file_bytes},
                   {"architecture", Text(report.architecture)},
                   {"name", Text(report.name)},
                   {"file_type", report.file_type},
                   {"parameters", report.parameters},
                   {"tensor_count", report.tensors.size()},
                   {"tensor_bytes", report.tensor_bytes},
                   {"bytes_per_token", report.bytes_per_token},
                   {"config", Config(report)},
                   {"vocabulary", Vocab(report)},
                   {"chat", Chat(report)},
                   {"memory", Memory(report)},
                   {"types", Types(report)},
                   {"warnings", Findings(report)}};
  if (detail == Detail::kAll) {
    out["metadata"] = Metadata(report);
    out["tensors"] = Tensors(report);
  }
  return json::serialize(out);
}

}  // namespace lemma::service
