// SPDX-License-Identifier: Apache-2.0
#include "engine/embedder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/kv_pages.h"

namespace lemma::engine {
bool Embedder::Step(size_t tokens) {
  if (jobs_.empty()) return false;
  const auto& cancel = jobs_.front().cancel;
  const Status status = cancel && cancel->load()
                            ? Status(StatusCode::kCancelled, "cancelled by its owner")
                            : RunPass(NextPieces(std::max<size_t>(tokens, 1)));
  if (!status.ok()) {
    EndJob(status);
  } else if (text_ == jobs_.front().texts.size()) {
    EndJob(std::move(vectors_));
  }
  if (jobs_.empty()) kv_.reset();
  return true;
}

void Embedder::CancelAll() {
  while (!jobs_.empty()) EndJob(Status(StatusCode::kCancelled, "the engine stops"));
}

void Embedder::EndJob(Result<EmbedVectors> result) {
  EmbedJob job = std::move(jobs_.front());
  jobs_.pop_front();
  vectors_.clear();
  text_ = 0;
  position_ = 0;
  job.done(std::move(result));
}

// The rest of a text that was begun, or a part of one that is too long, goes alone: its keys and
// values stay at the first pages. Short texts go together.
std::vector<Embedder::Piece> Embedder::NextPieces(size_t tokens) const {
  const auto& texts = jobs_.front().texts;
  const size_t rest = texts[text_].size() - position_;
  if (position_ > 0 || rest >= tokens) return {{text_, position_, std::min(rest, tokens), 0}};
  std::vector<Piece> pieces;
  size_t pages = 0;
  for (size_t text = text_; text < texts.size() && texts[text].size() <= tokens; ++text) {
    pieces.push_back({text, 0, texts[text].size(), pages});
    tokens -= texts[text].size();
    pages += PagesFor(texts[text].size());
  }
  return pieces;
}

Status Embedder::Reserve(size_t pages) {
  if (kv_ && kv_->num_pages() >= pages) return OkStatus();
  kv_.reset();
  LEMMA_ASSIGN_OR_RETURN(kv_, model_.MakeKv(pages, types_));
  return OkStatus();
}

Status Embedder::RunPass(const std::vector<Piece>& pieces) {
  const auto& texts = jobs_.front().texts;
  // All of the first text at once: growing later would lose what is computed.
  const size_t whole = PagesFor(texts[pieces.front().text].size());
  const size_t last =
      pieces.back().first_page + PagesFor(pieces.back().begin + pieces.back().count);
  LEMMA_RETURN_IF_ERROR(Reserve(std::max(whole, last)));
  model::ForwardBatch batch;
  batch.output = model::OutputKind::kHidden;
  std::vector<kernels::PageId> pages(kv_->num_pages());
  for (size_t i = 0; i < pages.size(); ++i) pages[i] = static_cast<kernels::PageId>(i);
  for (const Piece& piece : pieces) {
    const auto begin = texts[piece.text].begin() + static_cast<ptrdiff_t>(piece.begin);
    const auto table =
        std::span(pages).subspan(piece.first_page, PagesFor(piece.begin + piece.count));
    batch.slices.push_back(
        {batch.tokens.size(), piece.count, piece.begin, table, model::LogitsWanted::kAll, matmul_});
    batch.tokens.insert(batch.tokens.end(), begin, begin + static_cast<ptrdiff_t>(piece.count));
  }
  LEMMA_RETURN_IF_ERROR(model_.Forward(batch, *kv_, hidden_));
  const size_t width = hidden_.size() / batch.tokens.size();
  const float* row = hidden_.data();
  for (const Piece& piece : pieces) {
    if (piece.begin == 0) sum_.assign(width, 0);
    for (size_t i = 0; i < piece.count; ++i, row += width) {
      for (size_t j = 0; j < width; ++j) sum_[j] += row[j];
    }
    position_ = piece.begin + piece.count;
    if (position_ == texts[piece.text].size()) FinishText(piece.text);
  }
  return OkStatus();
}

void Embedder::FinishText(size_t text) {
  double squares = 0;
  for (const double value : sum_) squares += value * value;
  // The mean has the direction of the sum.
  const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
  std::vector<float> vector;
  vector.reserve(sum_.size());
  for (const double value : sum_) vector.push_back(static_cast<float>(value * scale));
  vectors_.push_back(std::move(vector));
  text_ = text + 1;
  position_ = 0;
}

}  // namespace lemma::engine
