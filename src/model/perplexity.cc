// SPDX-License-Identifier: Apache-2.0
#include "model/perplexity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace lemma::model {
namespace {

Status CheckOptions(const ModelConfig& config, size_t tokens, const PerplexityOptions& options) {
  if (options.window < 4 || options.window > config.context_length) {
    return InvalidArgument(fmt::format("window is {} tokens, expected 4 to {} (the context length)",
                                       options.window, config.context_length));
  }
  if (options.batch < 1) return InvalidArgument("batch is 0 tokens, expected at least 1");
  if (options.kl_model != nullptr && options.kl_model->config().vocab != config.vocab) {
    return InvalidArgument(fmt::format("the reference has a vocabulary of {}, expected {}",
                                       options.kl_model->config().vocab, config.vocab));
  }
  if (options.max_windows && *options.max_windows < 1) {
    return InvalidArgument("max_windows is 0, expected at least 1");
  }
  if (tokens / 2 < options.window) {
    return InvalidArgument(
        fmt::format("the text has {} tokens, expected at least {}: two windows "
                    "of {}",
                    tokens, 2 * options.window, options.window));
  }
  return OkStatus();
}

class Scorer {
 public:
  void Add(double nll) {
    sum_ += nll;
    squares_ += nll * nll;
    ++count_;
  }
  void AddPair(std::span<const float> reference, std::span<const float> logits) {
    const double kl = KlDivergence(reference, logits);
    kl_sum_ += kl;
    kl_largest_ = std::max(kl_largest_, kl);
    const auto top = [](std::span<const float> row) {
      return std::max_element(row.begin(), row.end()) - row.begin();
    };
    if (top(reference) == top(logits)) ++same_top_;
    ++pairs_;
  }
  [[nodiscard]] PerplexityResult Summary(uint64_t windows) const {
    PerplexityResult result;
    result.tokens = count_;
    result.windows = windows;
    const auto n = static_cast<double>(count_);
    result.nll = sum_ / n;
    result.ppl = std::exp(result.nll);
    const double variance = squares_ / n - result.nll * result.nll;
    if (count_ > 1 && variance > 0.0) {
      result.ppl_error = result.ppl * std::sqrt(variance / (n - 1.0));
    }
    if (pairs_ > 0) {
      result.kl = kl_sum_ / static_cast<double>(pairs_);
      result.kl_largest = kl_largest_;
      result.same_top = static_cast<double>(same_top_) / static_cast<double>(pairs_);
    }
    return result;
  }

 private:
  double kl_sum_ = 0.0;
  double kl_largest_ = 0.0;
  uint64_t same_top_ = 0;
  uint64_t pairs_ = 0;
  double sum_ = 0.0;
  double squares_ = 0.0;
  uint64_t count_ = 0;
};

// Runs one window from an empty context and scores its second half.
class WindowRunner {
 public:
  // `reference` may be null.
  WindowRunner(Model& model, const PerplexityOptions& options, kernels::KvStorage& kv,
               kernels::KvStorage* reference)
      : model_(model), options_(options), kv_(kv), reference_(reference), pages_(kv.num_pages()) {
    std::iota(pages_.begin(), pages_.end(), kernels::PageId{0});
  }

  Status Run(std::span<const int32_t> window, Scorer& scorer) {
    for (size_t begin = 0; begin < window.size(); begin += options_.batch) {
      const size_t end = std::min(begin + options_.batch, window.size());
      LEMMA_RETURN_IF_ERROR(RunBatch(window, begin, end, scorer));
    }
    return OkStatus();
  }

 private:
  Status RunBatch(std::span<const int32_t> window, size_t begin, size_t end, Scorer& scorer) {
    // The logits at position p score the token at p + 1; wanted for p in [first, size - 1).
    const size_t first = std::clamp(window.size() / 2, begin, end);
    ForwardBatch batch;
    batch.tokens.assign(window.begin() + static_cast<ptrdiff_t>(begin),
                        window.begin() + static_cast<ptrdiff_t>(end));
    if (begin == 0 && options_.bos) batch.tokens[0] = *options_.bos;
    if (first > begin) {
      batch.slices.push_back(
          {0, first - begin, begin, pages_, LogitsWanted::kNone, options_.prefill_type});
    }
    if (first < end) {
      batch.slices.push_back(
          {first - begin, end - first, first, pages_, LogitsWanted::kAll, options_.prefill_type});
    }
    LEMMA_RETURN_IF_ERROR(model_.Forward(batch, kv_, logits_));
    if (reference_ != nullptr) {
      Model& model = options_.kl_model != nullptr ? *options_.kl_model : model_;
      for (SequenceSlice& slice : batch.slices) slice.matmul = kernels::MatmulType::kInt8;
      LEMMA_RETURN_IF_ERROR(model.Forward(batch, *reference_, reference_logits_));
    }
    const size_t vocab = model_.config().vocab;
    for (size_t p = first; p < std::min(end, window.size() - 1); ++p) {
      const auto row = std::span<const float>(logits_).subspan((p - first) * vocab, vocab);
      if (reference_ != nullptr) {
        const std::span<const float> logits(reference_logits_);
        scorer.AddPair(logits.subspan((p - first) * vocab, vocab), row);
      }
      scorer.Add(NegativeLogProbability(row, static_cast<size_t>(window[p + 1])));
    }
    return OkStatus();
  }

  Model& model_;
  const PerplexityOptions& options_;
  kernels::KvStorage& kv_;
  kernels::KvStorage* reference_;
  std::vector<kernels::PageId> pages_;
  std::vector<float> logits_;
  std::vector<float> reference_logits_;
};

}  // namespace

double KlDivergence(std::span<const float> reference, std::span<const float> logits) {
  const double log_sum_p =
      NegativeLogProbability(reference, 0) + double{reference[0]};  // ln sum exp
  const double log_sum_q = NegativeLogProbability(logits, 0) + double{logits[0]};
  double kl = 0.0;
  for (size_t i = 0; i < reference.size(); ++i) {
    const double ln_p = double{reference[i]} - log_sum_p;
    const double ln_q = double{logits[i]} - log_sum_q;
    kl += std::exp(ln_p) * (ln_p - ln_q);
  }
  return kl;
}

double NegativeLogProbability(std::span<const float> logits, size_t token) {
  const double top = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - top);
  return std::log(sum) + top - static_cast<double>(logits[token]);
}

Result<PerplexityResult> Perplexity(Model& model, std::span<const int32_t> tokens,
                                    const PerplexityOptions& options,
                                    const PerplexityProgress& progress) {
  LEMMA_RETURN_IF_ERROR(CheckOptions(model.config(), tokens.size(), options));
  for (const int32_t token : tokens) {
    if (token < 0 || static_cast<size_t>(token) >= model.config().vocab) {
      return InvalidArgument(
          fmt::format("token {}, expected 0 to {}", token, model.config().vocab - 1));
    }
  }
  const size_t pages = (options.window + kernels::kPageTokens - 1) / kernels::kPageTokens;
  LEMMA_ASSIGN_OR_RETURN(const std::unique_ptr<kernels::KvStorage> kv,
                         model.MakeKv(pages, options.kv_type));
  std::unique_ptr<kernels::KvStorage> reference;
  if (options.kl_reference) {
    Model& other = options.kl_model != nullptr ? *options.kl_model : model;
    LEMMA_ASSIGN_OR_RETURN(reference, other.MakeKv(pages, *options.kl_reference));
  }
  WindowRunner runner(model, options, *kv, reference.get());
  Scorer scorer;
  const uint64_t available = tokens.size() / options.window;
  const uint64_t total = std::min<uint64_t>(available, options.max_windows.value_or(available));
  for (uint64_t i = 0; i < total; ++i) {
    LEMMA_RETURN_IF_ERROR(runner.Run(tokens.subspan(i * options.window, options.window), scorer));
    if (progress && !progress(i + 1, total, scorer.Summary(i + 1))) {
      return Status(StatusCode::kCancelled, "perplexity was cancelled");
    }
  }
  return scorer.Summary(total);
}

}  // namespace lemma::model
