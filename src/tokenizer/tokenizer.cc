// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tokenizer/checked_vocab.h"
#include "tokenizer/model_parts.h"
#include "tokenizer/special_matcher.h"

namespace lemma::tokenizer {

struct Tokenizer::Impl {
  CheckedVocab vocab;
  PreTokenizer pre;
  BpeTables bpe;                  // kBpe
  std::unique_ptr<SpmModel> spm;  // kSpm
  SpecialMatcher user_defined;
  SpecialMatcher all_special;
  bool add_bos = false;
  bool add_eos = false;
  bool add_space_prefix = false;

  Status SetUp();
  Status SetUpFlags();
  void EncodeText(std::string_view text, std::vector<TokenId>& ids) const;
  void EncodeBpe(std::string_view text, std::vector<TokenId>& ids) const;
  void EncodeSpm(std::string_view text, std::vector<TokenId>& ids) const;
  [[nodiscard]] const SpecialMatcher* Matcher(SpecialTokens special) const;
  [[nodiscard]] bool Has(TokenId id) const {
    return id >= 0 && static_cast<size_t>(id) < vocab.size();
  }
};

namespace {

SpecialMatcher MakeMatcher(const CheckedVocab& vocab, bool with_control) {
  std::vector<SpecialMatcher::Pattern> patterns;
  for (size_t i = 0; i < vocab.size(); ++i) {
    const TokenType type = vocab.data.types[i];
    if (vocab.data.tokens[i].empty()) continue;
    if (type == TokenType::kUserDefined || (with_control && IsControlType(type))) {
      patterns.push_back({vocab.data.tokens[i], static_cast<TokenId>(i)});
    }
  }
  return SpecialMatcher(std::move(patterns));
}

std::string ReplaceInvalidBytes(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  for (const char c : text) {
    if (NeverInUtf8(static_cast<uint8_t>(c))) {
      out += "\xEF\xBF\xBD";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Status Tokenizer::Impl::SetUp() {
  if (vocab.data.kind == VocabKind::kBpe) {
    if (const auto found = FindPreTokenizer(vocab.data.pre)) {
      pre = *found;
    } else {
      vocab.warnings.push_back(
          fmt::format("tokenizer.ggml.pre is '{}', which this version does not know; words are cut "
                      "by the default rule, so answers may be worse",
                      vocab.data.pre.substr(0, 64)));
    }
    if (vocab.data.pre.empty()) {
      vocab.warnings.emplace_back(
          "tokenizer.ggml.pre is absent; words are cut by the default rule, so answers may be "
          "worse");
    }
    LEMMA_ASSIGN_OR_RETURN(bpe, BuildBpe(vocab, pre));
  } else {
    LEMMA_ASSIGN_OR_RETURN(spm, BuildSpm(vocab));
  }
  user_defined = MakeMatcher(vocab, /*with_control=*/false);
  all_special = MakeMatcher(vocab, /*with_control=*/true);
  vocab.data.merges = {};
  return SetUpFlags();
}

Status Tokenizer::Impl::SetUpFlags() {
  const VocabData& data = vocab.data;
  const bool is_spm = data.kind == VocabKind::kSpm;
  add_space_prefix = is_spm && data.add_space_prefix.value_or(true);
  add_bos = data.add_bos.value_or((is_spm || pre.add_bos) && data.bos.has_value());
  add_eos = data.add_eos.value_or(false);
  if (add_bos && !data.bos) {
    return DataLoss("tokenizer.ggml.add_bos_token is true, but there is no bos_token_id");
  }
  if (add_eos && !data.eos) {
    return DataLoss("tokenizer.ggml.add_eos_token is true, but there is no eos_token_id");
  }
  return OkStatus();
}

const SpecialMatcher* Tokenizer::Impl::Matcher(SpecialTokens special) const {
  switch (special) {
    case SpecialTokens::kLiteral:
      return nullptr;
    case SpecialTokens::kPlainText:
      return &user_defined;
    case SpecialTokens::kParse:
      return &all_special;
  }
  return nullptr;
}

void Tokenizer::Impl::EncodeText(std::string_view text, std::vector<TokenId>& ids) const {
  if (text.empty()) return;
  if (spm) {
    EncodeSpm(text, ids);
  } else if (bpe.lacks_invalid_bytes && std::any_of(text.begin(), text.end(), [](char c) {
               return NeverInUtf8(static_cast<uint8_t>(c));
             })) {
    EncodeBpe(ReplaceInvalidBytes(text), ids);
  } else {
    EncodeBpe(text, ids);
  }
}

void Tokenizer::Impl::EncodeBpe(std::string_view text, std::vector<TokenId>& ids) const {
  SplitWords(pre.rule, text, [&](std::string_view word) { bpe.model->Encode(word, ids); });
}

void Tokenizer::Impl::EncodeSpm(std::string_view text, std::vector<TokenId>& ids) const {
  constexpr std::string_view kSpace = "\xE2\x96\x81";
  std::string marked;
  marked.reserve(text.size() + text.size() / 2 + kSpace.size());
  if (add_space_prefix && (ids.empty() || IsControlType(vocab.type(ids.back())) ||
                           vocab.type(ids.back()) == TokenType::kUserDefined)) {
    marked += kSpace;
  }
  for (const char c : text) {
    if (c == ' ') {
      marked += kSpace;
    } else {
      marked += c;
    }
  }
  spm->Encode(marked, ids);
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;

Result<std::unique_ptr<const Tokenizer>> Tokenizer::Create(VocabData data,
                                                           const VocabLimits& limits) {
  auto impl = std::make_unique<Impl>();
  LEMMA_ASSIGN_OR_RETURN(impl->vocab, CheckVocab(std::move(data), limits));
  LEMMA_RETURN_IF_ERROR(impl->SetUp());
  return std::unique_ptr<const Tokenizer>(new Tokenizer(std::move(impl)));
}

std::span<const std::string> Tokenizer::warnings() const { return impl_->vocab.warnings; }

std::vector<TokenId> Tokenizer::Encode(std::string_view text, SpecialTokens special) const {
  std::vector<TokenId> ids;
  EncodeAppend(text, special, ids);
  return ids;
}

void Tokenizer::EncodeAppend(std::string_view text, SpecialTokens special,
                             std::vector<TokenId>& ids) const {
  const SpecialMatcher* matcher = impl_->Matcher(special);
  size_t start = 0;
  while (matcher != nullptr) {
    const SpecialMatcher::Match match = matcher->FindNext(text, start);
    if (match.position == SpecialMatcher::Match::kNone) break;
    impl_->EncodeText(text.substr(start, match.position - start), ids);
    ids.push_back(match.id);
    start = match.position + match.length;
  }
  impl_->EncodeText(text.substr(start), ids);
}

std::string_view Tokenizer::Piece(TokenId id, ControlPieces control) const {
  if (!impl_->Has(id)) return {};
  if (control == ControlPieces::kSkip && IsControl(id)) return {};
  return impl_->vocab.pieces[static_cast<size_t>(id)];
}

std::string Tokenizer::Decode(std::span<const TokenId> ids, ControlPieces control) const {
  std::string out;
  bool strip = impl_->add_space_prefix;
  for (const TokenId id : ids) {
    std::string_view piece = Piece(id, control);
    if (strip && !IsControl(id)) {
      if (piece.starts_with(' ')) piece.remove_prefix(1);
      strip = false;
    }
    out += piece;
  }
  return out;
}

size_t Tokenizer::size() const { return impl_->vocab.size(); }
VocabKind Tokenizer::kind() const { return impl_->vocab.data.kind; }
TokenType Tokenizer::type(TokenId id) const {
  return impl_->Has(id) ? impl_->vocab.type(id) : TokenType::kUndefined;
}
bool Tokenizer::IsControl(TokenId id) const { return IsControlType(type(id)); }
bool Tokenizer::IsEog(TokenId id) const {
  return std::binary_search(impl_->vocab.eog.begin(), impl_->vocab.eog.end(), id);
}
std::span<const TokenId> Tokenizer::eog_ids() const { return impl_->vocab.eog; }
std::optional<TokenId> Tokenizer::Find(std::string_view piece) const {
  return impl_->vocab.Find(piece);
}
std::optional<TokenId> Tokenizer::bos() const { return impl_->vocab.data.bos; }
std::optional<TokenId> Tokenizer::eos() const { return impl_->vocab.data.eos; }
std::optional<TokenId> Tokenizer::eot() const { return impl_->vocab.data.eot; }
std::optional<TokenId> Tokenizer::pad() const { return impl_->vocab.data.pad; }
std::optional<TokenId> Tokenizer::unk() const { return impl_->vocab.data.unk; }
bool Tokenizer::add_bos() const { return impl_->add_bos; }
bool Tokenizer::add_eos() const { return impl_->add_eos; }

}  // namespace lemma::tokenizer
