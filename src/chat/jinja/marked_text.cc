// SPDX-License-Identifier: Apache-2.0
#include "chat/jinja/marked_text.h"

#include <algorithm>

namespace lemma::chat::jinja {

MarkedText::MarkedText(std::string bytes, Provenance provenance) : bytes_(std::move(bytes)) {
  if (provenance == Provenance::kInput) MarkTail(0, bytes_.size());
}

std::vector<MarkedText::Range>::const_iterator MarkedText::RangeAfter(size_t index) const {
  return std::upper_bound(input_.begin(), input_.end(), index,
                          [](size_t at, const Range& range) { return at < range.end; });
}

bool MarkedText::IsInput(size_t index) const { return HasInput(index, 1); }

bool MarkedText::HasInput(size_t begin, size_t length) const {
  const auto range = RangeAfter(begin);
  return range != input_.end() && (range->begin <= begin || range->begin - begin < length);
}

void MarkedText::MarkTail(size_t begin, size_t end) {
  if (begin >= end) return;
  if (!input_.empty() && input_.back().end == begin) {
    input_.back().end = end;
  } else {
    input_.push_back({begin, end});
  }
}

void MarkedText::Append(std::string_view bytes, Provenance provenance) {
  const size_t begin = bytes_.size();
  bytes_.append(bytes);
  if (provenance == Provenance::kInput) MarkTail(begin, bytes_.size());
}

void MarkedText::Append(const MarkedText& other, size_t begin, size_t length) {
  begin = std::min(begin, other.size());
  const size_t end = begin + std::min(length, other.size() - begin);
  const size_t base = bytes_.size();
  bytes_.append(other.bytes_, begin, end - begin);
  for (auto range = other.RangeAfter(begin); range != other.input_.end() && range->begin < end;
       ++range) {
    MarkTail(base + std::max(range->begin, begin) - begin,
             base + std::min(range->end, end) - begin);
  }
}

MarkedText MarkedText::Slice(size_t begin, size_t length) const {
  MarkedText out;
  out.Append(*this, begin, length);
  return out;
}

std::vector<Part> MarkedText::Parts() const {
  std::vector<Part> parts;
  size_t done = 0;
  const auto add = [&](size_t end, Provenance provenance) {
    if (end > done) parts.push_back({bytes_.substr(done, end - done), provenance});
    done = end;
  };
  for (const Range& range : input_) {
    add(range.begin, Provenance::kTrusted);
    add(range.end, Provenance::kInput);
  }
  add(bytes_.size(), Provenance::kTrusted);
  return parts;
}

}  // namespace lemma::chat::jinja
