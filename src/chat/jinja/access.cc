// SPDX-License-Identifier: Apache-2.0
// Reaching into values: subscripts, slices, iteration.
#include <fmt/format.h>

#include "chat/jinja/operators.h"
#include "chat/jinja/text_ops.h"

namespace lemma::chat::jinja {
namespace {

constexpr size_t kBytesPerCodePoint = 24;  // of the tables that index a string by code point

Result<std::optional<int64_t>> Bound(const Value& value) {
  if (value.IsUndefined() || value.IsNull()) return std::optional<int64_t>();
  if (const int64_t* integer = value.AsInt()) return std::optional<int64_t>(*integer);
  return InvalidArgument(fmt::format("a slice needs integers, not {}", value.KindName()));
}

}  // namespace

Result<Value> Subscript(const Context& context, const Value& container, const Value& index) {
  if (const MarkedText* key = index.AsString()) {
    if (const Object* members = container.AsObject()) {
      LEMMA_RETURN_IF_ERROR(
          context.budget.Steps(static_cast<int64_t>(members->size() / kMembersPerStep)));
    }
    const Value* found = container.Find(key->bytes());
    return found == nullptr ? Value() : *found;
  }
  const int64_t* position = index.AsInt();
  if (position == nullptr) return Value();
  if (const Array* items = container.AsArray()) {
    const auto size = static_cast<int64_t>(items->size());
    const int64_t at = *position < 0 ? *position + size : *position;
    return at < 0 || at >= size ? Value() : (*items)[static_cast<size_t>(at)];
  }
  if (const MarkedText* text = container.AsString()) {
    LEMMA_RETURN_IF_ERROR(context.budget.Bytes(text->size()));
    const int64_t size = CountCodePoints(text->bytes());
    const int64_t at = *position < 0 ? *position + size : *position;
    if (at < 0 || at >= size) return Value();
    int64_t passed = 0;
    MarkedText found;
    ForEachCodePoint(text->bytes(), [&](size_t begin, size_t length, uint32_t) {
      if (passed++ == at) found = text->Slice(begin, length);
    });
    return Value::String(std::move(found));
  }
  return Value();
}

Result<Value> Slice(const Context& context, const Value& container, const Array& bounds) {
  SliceBounds slice;
  LEMMA_ASSIGN_OR_RETURN(slice.start, Bound(bounds[0]));
  LEMMA_ASSIGN_OR_RETURN(slice.stop, Bound(bounds[1]));
  LEMMA_ASSIGN_OR_RETURN(const std::optional<int64_t> step, Bound(bounds[2]));
  slice.step = step.value_or(1);
  if (slice.step == 0) return InvalidArgument("the step of a slice cannot be 0");
  if (const Array* items = container.AsArray()) {
    LEMMA_RETURN_IF_ERROR(context.budget.Bytes(items->size() * sizeof(Value)));
    Array out;
    for (const int64_t i : SliceIndices(static_cast<int64_t>(items->size()), slice)) {
      out.push_back((*items)[static_cast<size_t>(i)]);
    }
    return container.IsTuple() ? Value::Tuple(std::move(out)) : Value::List(std::move(out));
  }
  if (const MarkedText* text = container.AsString()) {
    LEMMA_RETURN_IF_ERROR(context.budget.Bytes(text->size() * kBytesPerCodePoint));
    return MakeString(context, SliceCodePoints(*text, slice));
  }
  return InvalidArgument(fmt::format("cannot slice {}", container.KindName()));
}

Result<Array> Iterate(const Context& context, const Value& value) {
  Array items;
  if (const Array* list = value.AsArray()) {
    LEMMA_RETURN_IF_ERROR(context.budget.Bytes(list->size() * sizeof(Value)));
    items = *list;
  } else if (const Object* members = value.AsObject()) {
    LEMMA_RETURN_IF_ERROR(context.budget.Bytes(members->size() * sizeof(Member)));
    for (const Member& member : *members) items.push_back(Value::String(member.key));
  } else if (const MarkedText* text = value.AsString()) {
    LEMMA_RETURN_IF_ERROR(
        context.budget.Bytes(text->size() * (sizeof(Value) + sizeof(MarkedText))));
    for (MarkedText& point : CodePoints(*text)) items.push_back(Value::String(std::move(point)));
  } else if (!(value.IsUndefined() && context.IsPython())) {
    return InvalidArgument(fmt::format("{} cannot be iterated over", value.KindName()));
  }
  return items;
}

}  // namespace lemma::chat::jinja
