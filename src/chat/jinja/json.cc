// SPDX-License-Identifier: Apache-2.0
#include "chat/jinja/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/utf8.h"
#include "chat/jinja/text_ops.h"

namespace lemma::chat::jinja {
namespace {

void AppendUnicodeEscape(uint32_t unit, std::string& out) { out += fmt::format("\\u{:04x}", unit); }

// The escape of one character of a JSON string; empty if it stands for itself.
std::string JsonEscape(uint32_t c, bool ascii_only) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    default:
      break;
  }
  std::string out;
  if (c == kInvalidUtf8 || (c >= 0x20 && (c < 0x7F || !ascii_only))) return out;
  if (c >= 0x10000) {
    AppendUnicodeEscape(0xD800 + ((c - 0x10000) >> 10), out);
    AppendUnicodeEscape(0xDC00 + ((c - 0x10000) & 0x3FF), out);
  } else {
    AppendUnicodeEscape(c, out);
  }
  return out;
}

std::string ReprEscape(uint32_t c, char quote) {
  if (c == static_cast<uint32_t>(quote) || c == '\\') return {'\\', static_cast<char>(c)};
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  if (c < 0x20 || c == 0x7F) return fmt::format("\\x{:02x}", c);
  return {};
}

// Writes one value tree. The error is kept in status(), and writing stops.
class Writer {
 public:
  explicit Writer(const Context& context) : context_(context) {}
  virtual ~Writer() = default;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Result<MarkedText> Run(const Value& value) {
    Write(value, 0);
    if (!status_.ok()) return status_;
    return std::move(out_);
  }

 protected:
  virtual void WriteScalar(const Value& value) = 0;
  virtual void WriteString(const MarkedText& text) = 0;
  virtual void WriteArray(const Value& value, int depth) = 0;
  virtual void WriteObject(const Object& members, int depth) = 0;

  void Write(const Value& value, int depth) {
    if (!status_.ok()) return;
    status_ = context_.budget.Steps(1);
    if (status_.ok()) status_ = context_.budget.Fits(out_.size());
    if (!status_.ok()) return;
    if (const MarkedText* text = value.AsString()) {
      WriteString(*text);
    } else if (value.AsArray() != nullptr) {
      WriteArray(value, depth);
    } else if (const Object* members = value.AsObject()) {
      WriteObject(*members, depth);
    } else if (Namespace* space = value.AsNamespace()) {
      if (depth > context_.budget.limits().value_depth) {  // it may hold itself
        status_ = ResourceExhausted("a namespace nested too deeply to be printed");
        return;
      }
      WriteObject(space->members, depth);
    } else {
      WriteScalar(value);
    }
  }

  void Put(std::string_view text) { out_.Append(text, Provenance::kTrusted); }

  template <typename EscapeOf>
  void PutEscaped(const MarkedText& text, EscapeOf escape_of) {
    ForEachCodePoint(text.bytes(), [&](size_t begin, size_t length, uint32_t c) {
      const std::string escape = escape_of(c);
      if (escape.empty()) {
        out_.Append(text, begin, length);
      } else {
        out_.Append(escape,
                    text.HasInput(begin, length) ? Provenance::kInput : Provenance::kTrusted);
      }
    });
  }

  void Fail(const Value& value) {
    status_ = InvalidArgument(fmt::format("a {} cannot be written as text", value.KindName()));
  }

  const Context& context_;
  MarkedText out_;
  Status status_;
};

class JsonWriter : public Writer {
 public:
  JsonWriter(const Context& context, const JsonStyle& style) : Writer(context), style_(style) {}

 private:
  void WriteScalar(const Value& value) override {
    switch (value.kind()) {
      case Value::Kind::kUndefined:
      case Value::Kind::kNull:
        return Put("null");
      case Value::Kind::kBool:
        return Put(*value.AsBool() ? "true" : "false");
      case Value::Kind::kInt:
        return Put(fmt::format("{}", *value.AsInt()));
      case Value::Kind::kDouble:
        return Put(JsonDouble(*value.AsDouble()));
      default:
        return Fail(value);
    }
  }

  static std::string JsonDouble(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
    return DoubleText(number);
  }

  void WriteString(const MarkedText& text) override {
    Put("\"");
    PutEscaped(text, [this](uint32_t c) { return JsonEscape(c, style_.ascii_only); });
    Put("\"");
  }

  void NewLine(int depth) {
    if (!style_.indent) return;
    // A negative or absurd width is cut: the string limit stops the rest.
    const int64_t width = std::clamp<int64_t>(*style_.indent, 0, 1 << 20) * depth;
    const size_t limit = context_.budget.limits().output_bytes;
    Put("\n");
    Put(std::string(std::min(static_cast<size_t>(width), limit), ' '));
  }

  void WriteArray(const Value& value, int depth) override {
    const Array& items = *value.AsArray();
    Put("[");
    for (size_t i = 0; i < items.size() && status_.ok(); ++i) {
      if (i > 0) out_.Append(style_.item_separator);
      NewLine(depth + 1);
      Write(items[i], depth + 1);
    }
    if (!items.empty()) NewLine(depth);
    Put("]");
  }

  void WriteObject(const Object& members, int depth) override {
    std::vector<const Member*> order;
    order.reserve(members.size());
    for (const Member& member : members) order.push_back(&member);
    if (style_.sort_keys) {
      std::sort(order.begin(), order.end(),
                [](const Member* a, const Member* b) { return a->key.bytes() < b->key.bytes(); });
    }
    Put("{");
    for (size_t i = 0; i < order.size() && status_.ok(); ++i) {
      if (i > 0) out_.Append(style_.item_separator);
      NewLine(depth + 1);
      WriteString(order[i]->key);
      out_.Append(style_.key_separator);
      Write(order[i]->value, depth + 1);
    }
    if (!order.empty()) NewLine(depth);
    Put("}");
  }

  const JsonStyle& style_;
};

class ReprWriter : public Writer {
 public:
  using Writer::Writer;

 private:
  void WriteScalar(const Value& value) override {
    switch (value.kind()) {
      case Value::Kind::kUndefined:
        return Put("Undefined");
      case Value::Kind::kNull:
        return Put("None");
      case Value::Kind::kBool:
        return Put(*value.AsBool() ? "True" : "False");
      case Value::Kind::kInt:
        return Put(fmt::format("{}", *value.AsInt()));
      case Value::Kind::kDouble:
        return Put(DoubleText(*value.AsDouble()));
      default:
        return Fail(value);
    }
  }

  void WriteString(const MarkedText& text) override {
    const bool has_single = text.bytes().find('\'') != std::string::npos;
    const bool has_double = text.bytes().find('"') != std::string::npos;
    const char quote = has_single && !has_double ? '"' : '\'';
    Put({&quote, 1});
    PutEscaped(text, [quote](uint32_t c) { return ReprEscape(c, quote); });
    Put({&quote, 1});
  }

  void WriteArray(const Value& value, int depth) override {
    const Array& items = *value.AsArray();
    Put(value.IsTuple() ? "(" : "[");
    for (size_t i = 0; i < items.size() && status_.ok(); ++i) {
      if (i > 0) Put(", ");
      Write(items[i], depth + 1);
    }
    if (value.IsTuple() && items.size() == 1) Put(",");
    Put(value.IsTuple() ? ")" : "]");
  }

  void WriteObject(const Object& members, int depth) override {
    Put("{");
    for (size_t i = 0; i < members.size() && status_.ok(); ++i) {
      if (i > 0) Put(", ");
      WriteString(members[i].key);
      Put(": ");
      Write(members[i].value, depth + 1);
    }
    Put("}");
  }
};

}  // namespace

std::string DoubleText(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::array<char, 64> buffer;
  char* const end = buffer.data() + buffer.size();
  const double size = std::fabs(number);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto written =
      plain ? std::to_chars(buffer.data(), end, number, std::chars_format::fixed)
            : std::to_chars(buffer.data(), end, number, std::chars_format::scientific);
  std::string text(buffer.data(), written.ptr);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

Result<MarkedText> ToJson(const Context& context, const Value& value, const JsonStyle& style) {
  return JsonWriter(context, style).Run(value);
}

Result<MarkedText> ToRepr(const Context& context, const Value& value) {
  return ReprWriter(context).Run(value);
}

}  // namespace lemma::chat::jinja
