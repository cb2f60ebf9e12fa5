// SPDX-License-Identifier: Apache-2.0
// Values as text: JSON as Python's json.dumps writes it (RFC 8259), and Python's repr. Marks of
// strings and keys are kept; punctuation is trusted. Internal.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "chat/jinja/budget.h"
#include "chat/jinja/value.h"

namespace lemma::chat::jinja {

struct JsonStyle {
  std::optional<int64_t> indent;  // spaces a level; absent: one line
  MarkedText item_separator{", ", Provenance::kTrusted};
  MarkedText key_separator{": ", Provenance::kTrusted};
  bool ascii_only = false;
  bool sort_keys = false;
};

// Undefined is null; functions are an error.
Result<MarkedText> ToJson(const Context& context, const Value& value, const JsonStyle& style);
// Python's repr(): 'a', [1, None], {'k': True}.
Result<MarkedText> ToRepr(const Context& context, const Value& value);
// The shortest text that reads back as `number`, as Python's repr writes it: "1.0", "1e-07".
std::string DoubleText(double number);

}  // namespace lemma::chat::jinja
