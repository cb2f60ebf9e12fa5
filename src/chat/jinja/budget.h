// SPDX-License-Identifier: Apache-2.0
// What one rendering has used of its limits, and the context that builtins work in. One thread.
// Internal.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/status.h"
#include "chat/jinja/template.h"
#include "chat/jinja/value.h"

namespace lemma::chat::jinja {

class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits) {}

  [[nodiscard]] const Limits& limits() const { return limits_; }

  Status Steps(int64_t count) {
    steps_ += count;
    if (steps_ <= limits_.steps) return OkStatus();
    return ResourceExhausted(fmt::format("more than the limit of {} steps", limits_.steps));
  }

  // Memory that an operation is about to fill, or has filled.
  Status Bytes(size_t count) {
    if (count <= limits_.work_bytes - used_bytes_) {
      used_bytes_ += count;
      return OkStatus();
    }
    return ResourceExhausted(
        fmt::format("more than the limit of {} bytes of work", limits_.work_bytes));
  }

  // The length of a string about to be made, or made: counted, and checked.
  Status StringLength(size_t bytes) {
    LEMMA_RETURN_IF_ERROR(Fits(bytes));
    return Bytes(bytes);
  }

  // Whether a string that grows may be this long: not counted.
  [[nodiscard]] Status Fits(size_t bytes) const {
    if (bytes <= limits_.output_bytes) return OkStatus();
    return ResourceExhausted(
        fmt::format("a string longer than the limit of {} bytes", limits_.output_bytes));
  }

 private:
  const Limits& limits_;
  int64_t steps_ = 0;
  size_t used_bytes_ = 0;
};

struct Context {
  Budget& budget;
  const RenderOptions& options;
  [[nodiscard]] bool IsPython() const { return options.dialect == Dialect::kPython; }
};

// The value, or the error of the limit it breaks.
inline Result<Value> MakeString(const Context& context, MarkedText text) {
  LEMMA_RETURN_IF_ERROR(context.budget.Fits(text.size()));
  LEMMA_RETURN_IF_ERROR(context.budget.Bytes(text.footprint()));
  return Value::String(std::move(text));
}

inline Result<Value> CheckedDepth(const Context& context, Value value) {
  if (value.depth() <= context.budget.limits().value_depth) return value;
  return ResourceExhausted(fmt::format("values nested deeper than the limit of {} levels",
                                       context.budget.limits().value_depth));
}

inline Result<Value> MakeList(const Context& context, Array items) {
  LEMMA_RETURN_IF_ERROR(context.budget.Bytes(items.size() * sizeof(Value)));
  return CheckedDepth(context, Value::List(std::move(items)));
}

inline Result<Value> MakeDict(const Context& context, Object members) {
  LEMMA_RETURN_IF_ERROR(context.budget.Bytes(members.size() * sizeof(Member)));
  return CheckedDepth(context, Value::Dict(std::move(members)));
}

}  // namespace lemma::chat::jinja
