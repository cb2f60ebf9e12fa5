// SPDX-License-Identifier: Apache-2.0
#include "model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lemma::model {
namespace {

// The (real-valued) pair that turns `turns` times within the original context:
// solves original_context * base^(-2i/d) = 2 pi turns for i.
double PairThatTurns(double turns, double dimensions, double base, double original_context) {
  return dimensions * std::log(original_context / (turns * 2.0 * std::numbers::pi)) /
         (2.0 * std::log(base));
}

// The share of the unscaled frequency each pair keeps: 1 up to `low`, 0 from `high` on.
class YarnRamp {
 public:
  YarnRamp(size_t dimensions, double base, const RopeScaling& scaling)
      : mix_(scaling.extrapolation_mix) {
    const auto d = static_cast<double>(dimensions);
    low_ = std::floor(PairThatTurns(scaling.beta_fast, d, base, scaling.original_context));
    high_ = std::ceil(PairThatTurns(scaling.beta_slow, d, base, scaling.original_context));
    low_ = std::max(low_, 0.0);
    high_ = std::min(high_, d - 1.0);
  }
  [[nodiscard]] double Kept(size_t pair) const {
    const double along = (static_cast<double>(pair) - low_) / std::max(high_ - low_, 0.001);
    return mix_ * (1.0 - std::clamp(along, 0.0, 1.0));
  }

 private:
  double mix_;
  double low_;
  double high_;
};

}  // namespace

Rope MakeRope(size_t dimensions, double base, const RopeScaling& scaling,
              std::span<const float> divisors) {
  const size_t pairs = dimensions / 2;
  const bool yarn = scaling.kind == RopeScalingKind::kYarn && scaling.extrapolation_mix != 0.0;
  const double shrink = scaling.kind == RopeScalingKind::kNone ? 1.0 : 1.0 / scaling.factor;
  const YarnRamp ramp(dimensions, base, scaling);

  Rope rope;
  rope.frequencies.reserve(pairs);
  for (size_t i = 0; i < pairs; ++i) {
    double frequency =
        std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(dimensions));
    if (!divisors.empty()) frequency /= static_cast<double>(divisors[i]);
    const double kept = yarn ? ramp.Kept(i) : 0.0;
    rope.frequencies.push_back(static_cast<float>(frequency * (shrink * (1.0 - kept) + kept)));
  }
  // YaRN's softmax temperature 1/t, sqrt(1/t) = 0.1 ln(s) + 1, applied to q and k alike.
  const double temperature =
      yarn && scaling.factor > 1.0 ? 0.1 * std::log(scaling.factor) + 1.0 : 1.0;
  rope.magnitude = static_cast<float>(scaling.attention_factor * temperature);
  return rope;
}

}  // namespace lemma::model
