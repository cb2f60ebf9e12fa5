// SPDX-License-Identifier: Apache-2.0
#include "model/vocab_from_gguf.h"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lemma::model {
namespace {

using tokenizer::TokenId;
using tokenizer::TokenType;
using tokenizer::VocabData;
using tokenizer::VocabKind;

std::string Key(std::string_view name) { return fmt::format("tokenizer.ggml.{}", name); }

Result<VocabKind> ReadKind(const gguf::File& file) {
  LEMMA_ASSIGN_OR_RETURN(const auto name, file.GetString(Key("model")));
  if (!name) return DataLoss("tokenizer.ggml.model is absent: the file has no vocabulary");
  if (*name == "gpt2") return VocabKind::kBpe;
  if (*name == "llama") return VocabKind::kSpm;
  return Unsupported(fmt::format(
      "tokenizer.ggml.model is '{}'; this version reads 'gpt2' (byte-level BPE) and 'llama' "
      "(SentencePiece)",
      name->substr(0, 64)));
}

Result<std::vector<std::string>> ReadStrings(const gguf::File& file, std::string_view name) {
  const gguf::Value* value = file.Find(Key(name));
  if (value == nullptr) return std::vector<std::string>();
  auto views = value->AsStrings();
  if (!views.ok()) return views.status().WithContext(Key(name));
  return std::vector<std::string>(views->begin(), views->end());
}

Result<std::vector<float>> ReadScores(const gguf::File& file) {
  const gguf::Value* value = file.Find(Key("scores"));
  std::vector<float> scores;
  if (value == nullptr) return scores;
  auto numbers = value->AsDoubles();
  if (!numbers.ok()) return numbers.status().WithContext(Key("scores"));
  scores.reserve(numbers->size());
  for (const double number : *numbers) scores.push_back(static_cast<float>(number));
  return scores;
}

Result<std::vector<TokenType>> ReadTypes(const gguf::File& file) {
  const gguf::Value* value = file.Find(Key("token_type"));
  std::vector<TokenType> types;
  if (value == nullptr) return types;
  auto numbers = value->AsInts();
  if (!numbers.ok()) return numbers.status().WithContext(Key("token_type"));
  types.reserve(numbers->size());
  for (size_t i = 0; i < numbers->size(); ++i) {
    const int64_t number = (*numbers)[i];
    if (number < 0 || number > static_cast<int64_t>(TokenType::kByte)) {
      return DataLoss(fmt::format("tokenizer.ggml.token_type[{}] is {}, expected 0..6", i, number));
    }
    types.push_back(static_cast<TokenType>(number));
  }
  return types;
}

Result<std::optional<TokenId>> ReadId(const gguf::File& file, std::string_view name) {
  LEMMA_ASSIGN_OR_RETURN(const auto id, file.GetUint(Key(name)));
  if (!id) return std::optional<TokenId>();
  if (*id > static_cast<uint64_t>(std::numeric_limits<TokenId>::max())) {
    return DataLoss(fmt::format("tokenizer.ggml.{} is {}, no token id", name, *id));
  }
  return std::optional<TokenId>(static_cast<TokenId>(*id));
}

Status ReadIds(const gguf::File& file, VocabData& data) {
  LEMMA_ASSIGN_OR_RETURN(data.bos, ReadId(file, "bos_token_id"));
  LEMMA_ASSIGN_OR_RETURN(data.eos, ReadId(file, "eos_token_id"));
  LEMMA_ASSIGN_OR_RETURN(data.eot, ReadId(file, "eot_token_id"));
  LEMMA_ASSIGN_OR_RETURN(data.eom, ReadId(file, "eom_token_id"));
  LEMMA_ASSIGN_OR_RETURN(data.pad, ReadId(file, "padding_token_id"));
  LEMMA_ASSIGN_OR_RETURN(data.unk, ReadId(file, "unknown_token_id"));
  return OkStatus();
}

}  // namespace

Result<VocabData> VocabFromGguf(const gguf::File& file) {
  VocabData data;
  LEMMA_ASSIGN_OR_RETURN(data.kind, ReadKind(file));
  LEMMA_ASSIGN_OR_RETURN(const auto pre, file.GetString(Key("pre")));
  data.pre = pre.value_or("");
  if (file.Find(Key("tokens")) == nullptr) return DataLoss("tokenizer.ggml.tokens is absent");
  LEMMA_ASSIGN_OR_RETURN(data.tokens, ReadStrings(file, "tokens"));
  LEMMA_ASSIGN_OR_RETURN(data.merges, ReadStrings(file, "merges"));
  LEMMA_ASSIGN_OR_RETURN(data.scores, ReadScores(file));
  LEMMA_ASSIGN_OR_RETURN(data.types, ReadTypes(file));
  LEMMA_RETURN_IF_ERROR(ReadIds(file, data));
  LEMMA_ASSIGN_OR_RETURN(data.add_bos, file.GetBool(Key("add_bos_token")));
  LEMMA_ASSIGN_OR_RETURN(data.add_eos, file.GetBool(Key("add_eos_token")));
  LEMMA_ASSIGN_OR_RETURN(data.add_space_prefix, file.GetBool(Key("add_space_prefix")));
  return data;
}

Result<std::unique_ptr<const tokenizer::Tokenizer>> TokenizerFromGguf(const gguf::File& file) {
  LEMMA_ASSIGN_OR_RETURN(VocabData data, VocabFromGguf(file));
  return tokenizer::Tokenizer::Create(std::move(data));
}

}  // namespace lemma::model
