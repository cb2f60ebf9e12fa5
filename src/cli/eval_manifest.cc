// SPDX-License-Identifier: Apache-2.0
#include "cli/eval_manifest.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "engine/page_file.h"
#include "gguf/reader.h"
#include "service/model_fingerprint.h"

namespace lemma::cli {
namespace {

// Texts one after the other, each behind its length: none can run into the next.
class Texts {
 public:
  Texts& Add(std::string_view text) {
    all_ += fmt::format("{}:{}", text.size(), text);
    return *this;
  }
  [[nodiscard]] std::string Hash() const {
    return fmt::format("{:016x}", engine::Checksum(std::as_bytes(std::span(all_))));
  }

 private:
  std::string all_;
};

}  // namespace

Result<std::string> ModelFingerprint(const service::LoadedModel& model) {
  LEMMA_ASSIGN_OR_RETURN(const auto file, gguf::File::Open(model.path()));
  return service::FingerprintOf(*file);
}

std::string ItemsHash(const std::vector<reasoning::EvalItem>& items) {
  Texts out;
  for (const reasoning::EvalItem& item : items) {
    out.Add(item.id).Add(item.question).Add(item.gold).Add(item.family);
    out.Add(item.tests).Add(item.entry_point).Add(item.support);
  }
  return out.Hash();
}

std::string EvidenceHash(const reasoning::VerifyRequest& evidence) {
  Texts out;
  out.Add(evidence.tests).Add(evidence.entry_point).Add(evidence.support);
  out.Add(evidence.check.schema);
  for (const auto& source : evidence.check.sources) out.Add(source.name).Add(source.text);
  return out.Hash();
}

std::string ScaffoldsHash(const reasoning::Scaffolds& scaffolds) {
  Texts out;
  for (const reasoning::Scaffold& each : scaffolds.all()) {
    out.Add(each.name).Add(each.language == service::TextLanguage::kChinese ? "zh" : "en");
    out.Add(each.text);
  }
  return out.Hash();
}

std::string RulesHash(const reasoning::Notebook& notes) {
  Texts out;
  for (const reasoning::Note& note : notes.notes()) {
    out.Add(note.task).Add(note.language).Add(note.question).Add(note.rule);
    out.Add(notes.Enabled(note) ? "on" : "off");
  }
  return out.Hash();
}

}  // namespace lemma::cli
