// SPDX-License-Identifier: Apache-2.0
#include "chat/jinja/value.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "chat/jinja/callable.h"

namespace lemma::chat::jinja {
namespace {

constexpr size_t kSmallObject = 16;  // up to here, equal keys are found by comparing all pairs

uint16_t DepthAbove(uint16_t deepest, int item) {
  const int next = std::min<int>(item + 1, std::numeric_limits<uint16_t>::max());
  return std::max(deepest, static_cast<uint16_t>(next));
}

// Keeps the place of the first and the value of the last of equal keys, as Python's dict does.
void MergeEqualKeys(Object& members) {
  std::unordered_map<std::string_view, size_t> large;
  size_t kept = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    const std::string& key = members[i].key.bytes();
    size_t same = kept;
    if (members.size() <= kSmallObject) {
      same = 0;
      while (same < kept && members[same].key.bytes() != key) ++same;
    } else if (const auto found = large.find(key); found != large.end()) {
      same = found->second;
    }
    if (same < kept) {
      members[same].value = std::move(members[i].value);
      continue;
    }
    if (kept != i) members[kept] = std::move(members[i]);
    if (members.size() > kSmallObject) large.emplace(members[kept].key.bytes(), kept);
    ++kept;
  }
  members.erase(members.begin() + static_cast<std::ptrdiff_t>(kept), members.end());
}

}  // namespace

Value Value::Null() {
  Value value;
  value.data_ = NullTag{};
  return value;
}

Value Value::Bool(bool held) {
  Value value;
  value.data_ = held;
  return value;
}

Value Value::Int(int64_t held) {
  Value value;
  value.data_ = held;
  return value;
}

Value Value::Double(double held) {
  Value value;
  value.data_ = held;
  return value;
}

Value Value::Trusted(std::string text) {
  return String(MarkedText(std::move(text), Provenance::kTrusted));
}

Value Value::Input(std::string text) {
  return String(MarkedText(std::move(text), Provenance::kInput));
}

Value Value::String(MarkedText text) {
  Value value;
  value.data_ = std::make_shared<const MarkedText>(std::move(text));
  return value;
}

Value Value::List(Array items) {
  Value value;
  value.depth_ = 1;
  for (const Value& item : items) value.depth_ = DepthAbove(value.depth_, item.depth());
  value.data_ = std::make_shared<const Array>(std::move(items));
  return value;
}

Value Value::Tuple(Array items) {
  Value value = List(std::move(items));
  value.is_tuple_ = true;
  return value;
}

Value Value::Dict(Object members) {
  MergeEqualKeys(members);
  Value value;
  value.depth_ = 1;
  for (const Member& member : members) {
    value.depth_ = DepthAbove(value.depth_, member.value.depth());
  }
  value.data_ = std::make_shared<const Object>(std::move(members));
  return value;
}

Value Value::Function(std::function<Result<Value>(std::span<const Value>)> call) {
  auto callable = std::make_shared<Callable>();
  callable->host = std::move(call);
  return OfCallable(std::move(callable));
}

Value Value::OfNamespace(Namespace* space) {
  Value value;
  value.data_ = space;
  return value;
}

Value Value::OfCallable(std::shared_ptr<const Callable> callable) {
  Value value;
  if (callable != nullptr) value.depth_ = DepthAbove(0, callable->self.depth());
  value.data_ = std::move(callable);
  return value;
}

Value::Kind Value::kind() const { return static_cast<Kind>(data_.index()); }

Namespace* Value::AsNamespace() const {
  Namespace* const* space = std::get_if<Namespace*>(&data_);
  return space == nullptr ? nullptr : *space;
}

const Value* Value::Find(std::string_view key) const {
  const Namespace* space = AsNamespace();
  const Object* members = space != nullptr ? &space->members : AsObject();
  if (members == nullptr) return nullptr;
  for (const Member& member : *members) {
    if (member.key.bytes() == key) return &member.value;
  }
  return nullptr;
}

bool Value::Truthy() const {
  switch (kind()) {
    case Kind::kUndefined:
    case Kind::kNull:
      return false;
    case Kind::kBool:
      return *AsBool();
    case Kind::kInt:
      return *AsInt() != 0;
    case Kind::kDouble:
      return *AsDouble() != 0.0;
    case Kind::kString:
      return !AsString()->empty();
    case Kind::kArray:
      return !AsArray()->empty();
    case Kind::kObject:
      return !AsObject()->empty();
    case Kind::kNamespace:
    case Kind::kCallable:
      return true;
  }
  return false;
}

std::string_view Value::KindName() const {
  static constexpr std::string_view kNames[] = {"undefined", "none",    "boolean", "integer",
                                                "float",     "string",  "list",    "mapping",
                                                "namespace", "function"};
  return is_tuple_ ? "tuple" : kNames[data_.index()];
}

}  // namespace lemma::chat::jinja
