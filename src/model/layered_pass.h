// SPDX-License-Identifier: Apache-2.0
// A forward pass that is run a few layers at a time, so that other batches may be computed between
// them: the result is that of Forward, bit for bit, as long as nobody else writes to the pages of
// its slices. Used by one thread, the one that uses the model.
#pragma once

#include <cstddef>
#include <vector>

#include "base/status.h"

namespace lemma::model {

class LayeredPass {
 public:
  virtual ~LayeredPass() = default;
  LayeredPass() = default;
  LayeredPass(const LayeredPass&) = delete;
  LayeredPass& operator=(const LayeredPass&) = delete;

  // Layers that are still to run; 0 when it is done.
  [[nodiscard]] virtual size_t layers_left() const = 0;
  // Runs the next layer, and after the last one writes the wanted rows to `output`, as Forward.
  // REQUIRES: layers_left() > 0. After an error the pass cannot go on.
  virtual Status RunLayer(std::vector<float>& output) = 0;
};

}  // namespace lemma::model
