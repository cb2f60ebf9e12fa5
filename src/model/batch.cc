// SPDX-License-Identifier: Apache-2.0
#include "model/batch.h"

namespace lemma::model {

size_t ForwardBatch::logit_rows() const {
  size_t rows = 0;
  for (const SequenceSlice& slice : slices) {
    if (slice.logits == LogitsWanted::kLast) rows += 1;
    if (slice.logits == LogitsWanted::kAll) rows += slice.count;
  }
  return rows;
}

KeptBatch::KeptBatch(const ForwardBatch& batch) : batch_(batch) {
  tables_.reserve(batch.slices.size());
  for (SequenceSlice& slice : batch_.slices) {
    tables_.emplace_back(slice.pages.begin(), slice.pages.end());
    slice.pages = tables_.back();
  }
}

}  // namespace lemma::model
