// SPDX-License-Identifier: Apache-2.0
// Text that remembers which of its bytes came from outside (users, documents, tools, models). The
// marks travel with the bytes through every operation of the template language, so a prompt can be
// tokenised with control tokens recognised only in the template's own text. A byte is input if it
// was copied, or made by a case change or an escape, from an input byte. Values are plain: no
// thread rule.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lemma::chat::jinja {

enum class Provenance {
  kTrusted,  // written by the template or by this program
  kInput,    // written by a user, a document, a tool or a model
};

// A piece of a rendered prompt. Neighbouring parts differ in `provenance`; none is empty.
struct Part {
  std::string text;
  Provenance provenance = Provenance::kTrusted;
  [[nodiscard]] bool is_input() const { return provenance == Provenance::kInput; }
  friend bool operator==(const Part&, const Part&) = default;
};

class MarkedText {
 public:
  MarkedText() = default;
  MarkedText(std::string bytes, Provenance provenance);

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  // Bytes of memory that the text and its marks take.
  [[nodiscard]] size_t footprint() const { return bytes_.size() + input_.size() * sizeof(Range); }
  // Whether the byte at `index` is input; false past the end.
  [[nodiscard]] bool IsInput(size_t index) const;
  // Whether any byte of [begin, begin + length) is input.
  [[nodiscard]] bool HasInput(size_t begin, size_t length) const;
  [[nodiscard]] bool HasInput() const { return !input_.empty(); }

  void Append(std::string_view bytes, Provenance provenance);
  void Append(const MarkedText& other) { Append(other, 0, other.size()); }
  // Appends other[begin, begin + length), cut to what `other` has. REQUIRES: &other != this.
  void Append(const MarkedText& other, size_t begin, size_t length);
  // bytes [begin, begin + length), cut to what there is.
  [[nodiscard]] MarkedText Slice(size_t begin, size_t length) const;
  [[nodiscard]] std::vector<Part> Parts() const;

 private:
  struct Range {
    size_t begin;
    size_t end;
  };
  // The first range that ends after `index`.
  [[nodiscard]] std::vector<Range>::const_iterator RangeAfter(size_t index) const;
  void MarkTail(size_t begin, size_t end);

  std::string bytes_;
  std::vector<Range> input_;  // sorted, disjoint, not touching, not empty
};

}  // namespace lemma::chat::jinja
