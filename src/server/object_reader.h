// SPDX-License-Identifier: Apache-2.0
// Reads a JSON request body field by field, for every dialect the same way: a field of the wrong
// type or out of range is an error that names its path ("messages[2].content"), a field that nobody
// asked for becomes a warning, and null counts as absent. The first error stays; reading goes on
// harmlessly after it, so a parser needs one check at its end.
// Threads: one at a time.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace lemma::server {

inline constexpr size_t kMaxJsonDepth = 48;
inline constexpr size_t kMaxWarnings = 32;

// What reading one body brought to light. The paths that parsers asked for ("options.top_k",
// "messages[].role") are kept when `record_fields` is set: tests compare them with the OpenAPI
// file.
class BodyNotes {
 public:
  void Warn(std::string text);  // the same text once; at most kMaxWarnings
  void Fail(Status error);      // the first one stays
  void Known(std::string_view path);

  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  [[nodiscard]] const std::set<std::string>& fields() const { return fields_; }
  bool record_fields = false;

 private:
  Status status_;
  std::vector<std::string> warnings_;
  std::set<std::string> fields_;
};

class ObjectReader {
 public:
  // `path` is empty for the body itself. All three must outlive the reader.
  ObjectReader(const boost::json::object& object, std::string path, BodyNotes& notes);

  // Each leaves `out` as it is when the field is absent. Texts must be UTF-8 (the parser sees to
  // it).
  void Read(std::string_view name, std::string& out);
  void Read(std::string_view name, std::optional<std::string>& out);
  void Read(std::string_view name, bool& out);
  void Read(std::string_view name, std::optional<bool>& out);
  void Read(std::string_view name, std::optional<float>& out);
  void Read(std::string_view name, std::optional<double>& out);
  void Read(std::string_view name, std::optional<int64_t>& out);
  void Read(std::string_view name, std::optional<size_t>& out);  // an integer of at least 0
  // A string, or a list of strings.
  void ReadTexts(std::string_view name, std::vector<std::string>& out);

  // Null when absent; an error when of another type.
  const boost::json::object* Object(std::string_view name);
  const boost::json::array* Array(std::string_view name);
  const boost::json::value* Any(std::string_view name);

  // The field is known. If it is there: a warning that it has no effect, or an error.
  void NoEffect(std::string_view name, std::string_view why = {});
  void Refuse(std::string_view name, std::string_view why);

  // Fields of other servers, known by name and without a counterpart here: a warning that says so.
  void NotHere(std::initializer_list<std::string_view> names);

  // InvalidArgument "path.name: message".
  void Fail(std::string_view name, std::string_view message);
  void Warn(std::string_view name, std::string_view message);
  // Fields that nobody asked for become warnings.
  void Finish();

  [[nodiscard]] std::string PathOf(std::string_view name) const;
  [[nodiscard]] BodyNotes& notes() { return notes_; }

 private:
  void WrongType(std::string_view name, std::string_view expected);

  const boost::json::object& object_;
  const std::string path_;
  BodyNotes& notes_;
  std::vector<std::string_view> asked_;
};

// "string", "number", "list", ... for messages.
std::string_view JsonTypeName(const boost::json::value& value);
// The index made part of a path: ("messages", 2) is "messages[2]".
std::string IndexPath(std::string_view path, size_t index);
// The body as one JSON object. InvalidArgument says at which byte it ends to be one, or which name
// an object in it has twice.
Result<boost::json::value> ParseBody(std::string_view body);

}  // namespace lemma::server
