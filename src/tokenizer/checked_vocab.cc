// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/checked_vocab.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tokenizer/byte_alphabet.h"
#include "tokenizer/token_names.h"

namespace lemma::tokenizer {
namespace {

constexpr std::string_view kSpmSpace = "\xE2\x96\x81";  // U+2581

// Text of a file in an error message: short, and no control characters on a terminal.
std::string Quote(std::string_view text) {
  std::string out = "'";
  for (const char c : text.substr(0, 40)) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + (text.size() > 40 ? "...'" : "'");
}

Status CheckLengths(const VocabData& data, const VocabLimits& limits) {
  const size_t n = data.tokens.size();
  if (n == 0) return DataLoss("tokenizer.ggml.tokens is empty");
  if (n > limits.max_tokens) {
    return ResourceExhausted(
        fmt::format("tokenizer.ggml.tokens has {} entries, the limit is {}", n, limits.max_tokens));
  }
  if (data.merges.size() > limits.max_merges) {
    return ResourceExhausted(fmt::format("tokenizer.ggml.merges has {} entries, the limit is {}",
                                         data.merges.size(), limits.max_merges));
  }
  for (size_t i = 0; i < n; ++i) {
    if (data.tokens[i].size() > limits.max_token_bytes) {
      return ResourceExhausted(
          fmt::format("tokenizer.ggml.tokens[{}] has {} bytes, the limit is {}", i,
                      data.tokens[i].size(), limits.max_token_bytes));
    }
  }
  if (!data.types.empty() && data.types.size() != n) {
    return DataLoss(
        fmt::format("tokenizer.ggml.token_type has {} entries, expected {}, one a token",
                    data.types.size(), n));
  }
  if (data.kind == VocabKind::kSpm && data.scores.size() != n) {
    return DataLoss(fmt::format("tokenizer.ggml.scores has {} entries, expected {}, one a token",
                                data.scores.size(), n));
  }
  for (size_t i = 0; i < data.scores.size() && data.kind == VocabKind::kSpm; ++i) {
    if (!std::isfinite(data.scores[i])) {
      return DataLoss(fmt::format("tokenizer.ggml.scores[{}] is not a finite number", i));
    }
  }
  return OkStatus();
}

Status CheckIds(const VocabData& data) {
  const struct {
    std::string_view key;
    std::optional<TokenId> id;
  } ids[] = {{"bos_token_id", data.bos},     {"eos_token_id", data.eos},
             {"eot_token_id", data.eot},     {"eom_token_id", data.eom},
             {"padding_token_id", data.pad}, {"unknown_token_id", data.unk}};
  for (const auto& [key, id] : ids) {
    if (id && (*id < 0 || static_cast<size_t>(*id) >= data.tokens.size())) {
      return DataLoss(
          fmt::format("tokenizer.ggml.{} is {}, expected below {}, the number of tokens", key, *id,
                      data.tokens.size()));
    }
  }
  return OkStatus();
}

Status IndexTexts(CheckedVocab& vocab) {
  vocab.by_text = StringTable(vocab.size());
  size_t empty = 0;
  for (size_t i = 0; i < vocab.size(); ++i) {
    const std::string& text = vocab.data.tokens[i];
    if (text.empty()) {
      ++empty;
      continue;
    }
    const TokenId first = vocab.by_text.Insert(text, static_cast<TokenId>(i));
    if (first != static_cast<TokenId>(i)) {
      return DataLoss(
          fmt::format("tokenizer.ggml.tokens[{}] is {}, the same as [{}]", i, Quote(text), first));
    }
  }
  if (empty > 0) {
    vocab.warnings.push_back(fmt::format("tokenizer.ggml.tokens has {} empty entries", empty));
  }
  return OkStatus();
}

// Is `text` what one of the merges gives? Then it is ordinary text, whatever it looks like: "</s>"
// is a common word of web pages.
bool IsMerged(const VocabData& data, std::string_view text) {
  return std::any_of(data.merges.begin(), data.merges.end(), [text](const std::string& line) {
    if (line.size() != text.size() + 1) return false;
    const size_t space = line.find(' ', 1);
    return space != line.npos && text.substr(0, space) == line.substr(0, space) &&
           text.substr(space) == line.substr(space + 1);
  });
}

// The token of that written form, unless it is ordinary text.
std::optional<TokenId> FindProtocolToken(const CheckedVocab& vocab, std::string_view name) {
  const std::optional<TokenId> id = vocab.Find(name);
  if (id && vocab.type(*id) == TokenType::kNormal && IsMerged(vocab.data, name)) {
    return std::nullopt;
  }
  return id;
}

// Gives the tokens of these names another type; says so when they were ordinary text.
void Retype(CheckedVocab& vocab, std::span<const std::string_view> names, TokenType type) {
  for (const std::string_view name : names) {
    const std::optional<TokenId> id = FindProtocolToken(vocab, name);
    if (!id || vocab.type(*id) == type) continue;
    if (vocab.type(*id) == TokenType::kNormal) {
      vocab.warnings.push_back(fmt::format("tokenizer.ggml.token_type[{}] of {} is {}, taken as {}",
                                           *id, Quote(name), static_cast<int>(vocab.type(*id)),
                                           static_cast<int>(type)));
    }
    vocab.data.types[static_cast<size_t>(*id)] = type;
  }
}

// "<0x0A>" -> 10.
std::optional<uint8_t> ParseByteToken(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return std::nullopt;
  const int high = digit(text[3]);
  const int low = digit(text[4]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<uint8_t>(high * 16 + low);
}

std::string WithSpaces(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const bool space = text.substr(at).starts_with(kSpmSpace);
    out += space ? ' ' : text[at];
    at += space ? kSpmSpace.size() : 1;
  }
  return out;
}

Status MakePieces(CheckedVocab& vocab) {
  vocab.pieces.resize(vocab.size());
  vocab.mergeable.assign(vocab.size(), 0);
  const bool bpe = vocab.data.kind == VocabKind::kBpe;
  for (size_t i = 0; i < vocab.size(); ++i) {
    const std::string& text = vocab.data.tokens[i];
    std::string& piece = vocab.pieces[i];
    const TokenType type = vocab.data.types[i];
    if (text.empty()) continue;
    if (IsControlType(type)) {
      piece = text;
    } else if (type == TokenType::kByte) {
      const std::optional<uint8_t> byte = ParseByteToken(text);
      if (!byte) {
        return DataLoss(
            fmt::format("tokenizer.ggml.tokens[{}] is {}, expected <0xXX>, as its type is byte", i,
                        Quote(text)));
      }
      piece.assign(1, static_cast<char>(*byte));
    } else if (bpe) {
      std::optional<std::string> bytes = AlphabetToBytes(text);
      // A user-defined token stands for its text as written.
      vocab.mergeable[i] = bytes && (type != TokenType::kUserDefined || *bytes == text);
      piece = vocab.mergeable[i] ? *bytes : text;
    } else {
      vocab.mergeable[i] = 1;
      piece = WithSpaces(text);
    }
  }
  return OkStatus();
}

// SentencePiece always has these three first; older files do not say so.
void FillSpmDefaults(VocabData& data) {
  const auto control_at = [&](size_t id) -> std::optional<TokenId> {
    if (id >= data.types.size() || !IsControlType(data.types[id])) return std::nullopt;
    return static_cast<TokenId>(id);
  };
  if (!data.unk) data.unk = control_at(0);
  if (!data.bos) data.bos = control_at(1);
  if (!data.eos) data.eos = control_at(2);
}

void FindEnds(CheckedVocab& vocab) {
  VocabData& data = vocab.data;
  for (const std::string_view name : EndOfTurnNames()) {
    if (!data.eot) data.eot = FindProtocolToken(vocab, name);
  }
  if (!data.eom) data.eom = vocab.Find("<|eom_id|>");
  for (const auto names : {EndOfGenerationNames(), FillInMiddleEndNames()}) {
    Retype(vocab, names, TokenType::kControl);
    for (const std::string_view name : names) {
      if (const auto id = FindProtocolToken(vocab, name)) vocab.eog.push_back(*id);
    }
  }
  for (const auto id : {data.eos, data.eot, data.eom}) {
    if (id) vocab.eog.push_back(*id);
  }
  // In OpenAI's harmony format <|end|> ends a message, and another one follows.
  const auto end = vocab.Find("<|end|>");
  const bool harmony = (vocab.Find("<|return|>") && vocab.Find("<|call|>")) ||
                       (vocab.Find("<|flush|>") && vocab.Find("<|calls|>"));
  if (end && harmony) {
    std::erase(vocab.eog, *end);
    data.types[static_cast<size_t>(*end)] = TokenType::kUserDefined;
  }
  std::sort(vocab.eog.begin(), vocab.eog.end());
  vocab.eog.erase(std::unique(vocab.eog.begin(), vocab.eog.end()), vocab.eog.end());
}

}  // namespace

Result<CheckedVocab> CheckVocab(VocabData data, const VocabLimits& limits) {
  LEMMA_RETURN_IF_ERROR(CheckLengths(data, limits));
  LEMMA_RETURN_IF_ERROR(CheckIds(data));
  CheckedVocab vocab;
  vocab.data = std::move(data);
  if (vocab.data.types.empty()) vocab.data.types.assign(vocab.size(), TokenType::kNormal);
  for (size_t i = 0; i < vocab.size(); ++i) {
    if (vocab.data.types[i] > TokenType::kByte) {
      return DataLoss(fmt::format("tokenizer.ggml.token_type[{}] is {}, expected 0..6", i,
                                  static_cast<int>(vocab.data.types[i])));
    }
  }
  LEMMA_RETURN_IF_ERROR(IndexTexts(vocab));
  if (vocab.data.kind == VocabKind::kSpm) FillSpmDefaults(vocab.data);
  Retype(vocab, FillInMiddleNames(), TokenType::kControl);
  FindEnds(vocab);
  Retype(vocab, ChannelNames(), TokenType::kUserDefined);
  LEMMA_RETURN_IF_ERROR(MakePieces(vocab));
  return vocab;
}

}  // namespace lemma::tokenizer
