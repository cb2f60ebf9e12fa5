// SPDX-License-Identifier: Apache-2.0
// Answers in any text: the span holds the answer's text, the answer equals itself read again, and
// whole checks without a problem (sums, quotes against a source) never verify. Input: the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "check/check.h"
#include "check/json_value.h"

namespace {

using namespace lemma::check;  // NOLINT(google-build-using-namespace): a fuzz target

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto found = ExtractAnswer(text)) {
    Require(found->span.begin <= found->span.end && found->span.end <= text.size());
    Require(text.substr(found->span.begin, found->span.end - found->span.begin) ==
            found->answer.text);
    Require(SameAnswer(found->answer, ParseAnswer(found->answer.text)));
  }
  CheckRequest request;
  request.chain = std::string(text);
  request.answer = request.chain.substr(0, size / 2);
  request.sources = {{"1", request.chain.substr(size / 2)}};
  const auto report = CheckText(request);
  Require(report.ok() && report->status != Verdict::kVerified);
  Require(ParseJson(CheckReportJson(*report)).ok());
  for (const Quote& quote : CheckQuotes(request.answer, request.sources)) {
    Require(quote.span.end <= request.answer.size());
    if (quote.result != QuoteResult::kFound) continue;
    Require(quote.found.begin < quote.found.end &&
            quote.found.end <= request.sources[quote.found_in].text.size());
  }
  return 0;
}
