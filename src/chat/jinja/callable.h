// SPDX-License-Identifier: Apache-2.0
// What a callable Value points to: a function of the host, a global of the language, a method bound
// to its object, or a macro (or call block) with the scope it was written in. Internal.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "chat/jinja/value.h"

namespace lemma::chat::jinja {

struct Macro;
class Scope;

struct Keyword {
  std::string name;
  Value value;
  // Of the name, which may come from a mapping (**given) and be printed as a key.
  Provenance provenance = Provenance::kTrusted;
};

struct Arguments {
  std::vector<Value> positional;
  std::vector<Keyword> named;
};

struct Callable {
  enum class Kind { kHost, kGlobal, kMethod, kMacro };
  Kind kind = Kind::kHost;
  std::function<Result<Value>(std::span<const Value>)> host;
  std::string name;              // kGlobal, kMethod
  Value self;                    // kMethod
  const Macro* macro = nullptr;  // kMacro: owned by the template
  std::shared_ptr<Scope> scope;  // kMacro
};

}  // namespace lemma::chat::jinja
