// SPDX-License-Identifier: Apache-2.0
// The builtin filters, tests, methods and functions of the language. Filters and tests take their
// operand and arguments; an unknown one is found as null. Internal.
#pragma once

#include <string_view>

#include "base/status.h"
#include "chat/jinja/budget.h"
#include "chat/jinja/callable.h"
#include "chat/jinja/value.h"

namespace lemma::chat::jinja {

using Filter = Result<Value> (*)(const Context&, const Value& operand, const Arguments&);
using Test = Result<bool> (*)(const Context&, const Value& operand, const Arguments&);

struct NamedFilter {
  std::string_view name;
  Filter filter;
};

Filter FindFilter(std::string_view name);
Filter FindTextFilter(std::string_view name);  // filters_text.cc
Filter FindListFilter(std::string_view name);  // filters_list.cc
Test FindTest(std::string_view name);

// Methods of strings, lists and mappings: "strip", "get". Attributes that are no functions
// ("length" of a string) have no entry.
bool HasMethod(const Value& self, std::string_view name);
Result<Value> CallMethod(const Context& context, const Value& self, std::string_view name,
                         const Arguments& arguments);

bool IsGlobalFunction(std::string_view name);
// Of range, dict, raise_exception and strftime_now. (`namespace` belongs to the interpreter.)
Result<Value> CallGlobal(const Context& context, std::string_view name, const Arguments& arguments);

// "%s and %d" % (a, b)
Result<Value> FormatPercent(const Context& context, const Value& format,
                            const Arguments& arguments);
// "{} and {name}".format(a, name=b)
Result<Value> FormatBraces(const Context& context, const Value& format, const Arguments& arguments);

}  // namespace lemma::chat::jinja
