// SPDX-License-Identifier: Apache-2.0
// The global functions: range and dict of Jinja2, raise_exception and strftime_now of the
// transformers library.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "chat/jinja/arguments.h"
#include "chat/jinja/filters.h"
#include "chat/jinja/operators.h"

namespace lemma::chat::jinja {
namespace {

constexpr size_t kMaxMessageBytes = 2000;
constexpr std::string_view kTimeConversions = "aAbBcdeHIjmMpSTuUwWxXyYFD";

Result<Value> Range(const Context& context, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"start", "stop", "step"}));
  LEMMA_ASSIGN_OR_RETURN(const auto first, IntegerArgument(arguments, {0, "start"}));
  LEMMA_ASSIGN_OR_RETURN(const auto second, IntegerArgument(arguments, {1, "stop"}));
  LEMMA_ASSIGN_OR_RETURN(const auto third, IntegerArgument(arguments, {2, "step"}));
  if (!first) return InvalidArgument("range needs an integer");
  const int64_t start = second ? *first : 0;
  const int64_t stop = second.value_or(*first);
  const int64_t step = third.value_or(1);
  if (step == 0) return InvalidArgument("the step of range cannot be 0");
  Array items;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (static_cast<int64_t>(items.size()) >= context.budget.limits().range_items) {
      return ResourceExhausted(fmt::format("range longer than the limit of {} items",
                                           context.budget.limits().range_items));
    }
    items.push_back(Value::Int(i));
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  LEMMA_RETURN_IF_ERROR(context.budget.Steps(static_cast<int64_t>(items.size())));
  return MakeList(context, std::move(items));
}

Status AddPairs(const Context& context, const Value& pairs, Object& members) {
  LEMMA_ASSIGN_OR_RETURN(const Array items, Iterate(context, pairs));
  for (const Value& item : items) {
    LEMMA_ASSIGN_OR_RETURN(const Array pair, Iterate(context, item));
    if (pair.size() != 2 || !pair[0].IsString()) {
      return InvalidArgument("needs a mapping or pairs of a string and a value");
    }
    members.push_back({*pair[0].AsString(), pair[1]});
  }
  return OkStatus();
}

Result<Value> Dict(const Context& context, const Arguments& arguments) {
  if (arguments.positional.size() > 1) {
    return InvalidArgument("takes at most one argument without a name");
  }
  Object members;
  if (!arguments.positional.empty()) {
    const Value& source = arguments.positional[0];
    if (const Object* given = source.AsObject()) {
      LEMMA_RETURN_IF_ERROR(context.budget.Bytes(given->size() * sizeof(Member)));
      members = *given;
    } else {
      LEMMA_RETURN_IF_ERROR(AddPairs(context, source, members));
    }
  }
  for (const Keyword& keyword : arguments.named) {
    members.push_back({MarkedText(keyword.name, keyword.provenance), keyword.value});
  }
  return MakeDict(context, std::move(members));
}

Result<Value> RaiseException(const Context& context, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"message"}));
  const Value* message = FindArgument(arguments, {0, "message"});
  LEMMA_ASSIGN_OR_RETURN(const MarkedText text,
                         ToText(context, message == nullptr ? Value() : *message));
  return FailedPrecondition(text.bytes().substr(0, kMaxMessageBytes));
}

std::tm LocalNow() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return local;
}

Result<Value> StrftimeNow(const Context& context, const Arguments& arguments) {
  LEMMA_RETURN_IF_ERROR(CheckArguments(arguments, {"format"}));
  LEMMA_ASSIGN_OR_RETURN(const auto format, StringArgument(arguments, {0, "format"}));
  if (!format) return InvalidArgument("strftime_now needs a format");
  std::tm now = context.options.now ? *context.options.now : LocalNow();
  timegm(&now);  // fills in the days of the week and of the year
  const std::string& bytes = format->bytes();
  MarkedText out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char conversion = bytes[i] == '%' && i + 1 < bytes.size() ? bytes[i + 1] : '\0';
    if (conversion == '%') {
      out.Append(*format, i++, 1);
    } else if (conversion != '\0' && kTimeConversions.find(conversion) != std::string_view::npos) {
      const std::array<char, 3> one = {'%', conversion, '\0'};
      std::array<char, 128> buffer;
      const size_t length = std::strftime(buffer.data(), buffer.size(), one.data(), &now);
      out.Append({buffer.data(), length}, Provenance::kTrusted);
      ++i;
    } else {
      out.Append(*format, i, 1);
    }
  }
  return MakeString(context, std::move(out));
}

struct Global {
  std::string_view name;
  Result<Value> (*call)(const Context&, const Arguments&);
};

constexpr Global kGlobals[] = {{"dict", Dict},
                               {"namespace", Dict},
                               {"raise_exception", RaiseException},
                               {"range", Range},
                               {"strftime_now", StrftimeNow}};

const Global* FindGlobal(std::string_view name) {
  const auto* found = std::find_if(std::begin(kGlobals), std::end(kGlobals),
                                   [&](const Global& entry) { return entry.name == name; });
  return found == std::end(kGlobals) ? nullptr : found;
}

}  // namespace

bool IsGlobalFunction(std::string_view name) { return FindGlobal(name) != nullptr; }

Result<Value> CallGlobal(const Context& context, std::string_view name,
                         const Arguments& arguments) {
  const Global* global = FindGlobal(name);
  if (global == nullptr) return InternalError(fmt::format("no global function '{}'", name));
  return global->call(context, arguments);
}

}  // namespace lemma::chat::jinja
