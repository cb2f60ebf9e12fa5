// SPDX-License-Identifier: Apache-2.0
// The values of the template language: undefined, none, boolean, integer, float, string, list (and
// tuple), ordered mapping, namespace, callable. A Value is a small handle; what it points to is
// immutable (namespaces excepted) and shared, so copies are cheap and may cross threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "chat/jinja/marked_text.h"

namespace lemma::chat::jinja {

class Value;
struct Member;
struct Namespace;
struct Callable;

using Array = std::vector<Value>;
// A mapping in insertion order. Keys are unique: Value::Object keeps the last of equal keys.
using Object = std::vector<Member>;

class Value {
 public:
  enum class Kind {
    kUndefined,
    kNull,
    kBool,
    kInt,
    kDouble,
    kString,
    kArray,  // lists and tuples
    kObject,
    kNamespace,
    kCallable,
  };

  Value() = default;  // undefined
  static Value Null();
  static Value Bool(bool held);
  static Value Int(int64_t held);
  static Value Double(double held);
  // A string of this program or of the template: control tokens in it count.
  static Value Trusted(std::string text);
  // A string from outside: never a control token.
  static Value Input(std::string text);
  static Value String(MarkedText text);
  static Value List(Array items);
  static Value Tuple(Array items);
  static Value Dict(Object members);
  // A function of the host. Its errors become errors of the template, with line and column.
  static Value Function(std::function<Result<Value>(std::span<const Value>)> call);

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] bool IsUndefined() const { return kind() == Kind::kUndefined; }
  [[nodiscard]] bool IsNull() const { return kind() == Kind::kNull; }
  [[nodiscard]] bool IsString() const { return kind() == Kind::kString; }
  [[nodiscard]] bool IsInt() const { return kind() == Kind::kInt; }
  [[nodiscard]] bool IsNumber() const { return IsInt() || kind() == Kind::kDouble; }
  [[nodiscard]] bool IsTuple() const { return is_tuple_; }

  // Null when the kind differs.
  [[nodiscard]] const bool* AsBool() const { return std::get_if<bool>(&data_); }
  [[nodiscard]] const int64_t* AsInt() const { return std::get_if<int64_t>(&data_); }
  [[nodiscard]] const double* AsDouble() const { return std::get_if<double>(&data_); }
  [[nodiscard]] const MarkedText* AsString() const { return Shared<MarkedText>(); }
  [[nodiscard]] const Array* AsArray() const { return Shared<Array>(); }
  [[nodiscard]] const Object* AsObject() const { return Shared<Object>(); }
  [[nodiscard]] const Callable* AsCallable() const { return Shared<Callable>(); }
  [[nodiscard]] Namespace* AsNamespace() const;
  // The value under `key` of a mapping or namespace; null if absent or of another kind.
  [[nodiscard]] const Value* Find(std::string_view key) const;

  // Python's truth: empty strings and containers, zero, none and undefined are false.
  [[nodiscard]] bool Truthy() const;
  // Nesting: 0 for scalars, else 1 + that of the deepest item. Namespaces count as scalars.
  [[nodiscard]] int depth() const { return depth_; }
  // "string", "integer", ...: for messages.
  [[nodiscard]] std::string_view KindName() const;

  // For the interpreter: a namespace lives as long as the rendering that made it.
  static Value OfNamespace(Namespace* space);
  static Value OfCallable(std::shared_ptr<const Callable> callable);

 private:
  struct NullTag {};
  template <typename T>
  [[nodiscard]] const T* Shared() const {
    const auto* held = std::get_if<std::shared_ptr<const T>>(&data_);
    return held == nullptr ? nullptr : held->get();
  }

  std::variant<std::monostate, NullTag, bool, int64_t, double, std::shared_ptr<const MarkedText>,
               std::shared_ptr<const Array>, std::shared_ptr<const Object>, Namespace*,
               std::shared_ptr<const Callable>>
      data_;
  bool is_tuple_ = false;
  uint16_t depth_ = 0;
};

struct Member {
  MarkedText key;
  Value value;
};

struct Namespace {
  Object members;
};

}  // namespace lemma::chat::jinja
