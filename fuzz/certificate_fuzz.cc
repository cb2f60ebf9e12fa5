// SPDX-License-Identifier: Apache-2.0
// Certificates from anyone, and JSON against a JSON Schema: no crash, no hang; what is accepted as
// a certificate is one that this program writes. Input: a certificate, or a schema, byte 0, a
// value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "check/certificate.h"
#include "check/schema.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lemma::check;  // NOLINT(google-build-using-namespace): a fuzz target
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = text.find('\0');
  if (cut == text.npos) {
    const lemma::Status first = RecheckCertificate(text);
    Require(first.ok() == RecheckCertificate(text).ok());
    return 0;
  }
  const auto schema = ParseJson(text.substr(0, cut));
  const auto value = ParseJson(text.substr(cut + 1));
  if (!schema.ok() || !value.ok()) return 0;
  const SchemaReport report = CheckSchema(*schema, *value);
  Require(report.verdict == SchemaVerdict::kInvalid || report.faults.empty());
  Require(report.verdict != SchemaVerdict::kUnknown || !report.unknown.empty());
  return 0;
}
