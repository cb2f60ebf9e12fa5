// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/model_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace lemma::tokenizer {
namespace {

struct Words {
  StringTable table;
  size_t longest = 0;
};

// Every token that merging may give, by its piece (BPE) or its written form (SPM).
Words IndexWords(const CheckedVocab& vocab) {
  Words words{StringTable(vocab.size())};
  const bool bpe = vocab.data.kind == VocabKind::kBpe;
  for (size_t i = 0; i < vocab.size(); ++i) {
    if (!vocab.mergeable[i]) continue;
    const std::string& key = bpe ? vocab.pieces[i] : vocab.data.tokens[i];
    words.table.Insert(key, static_cast<TokenId>(i));
    words.longest = std::max(words.longest, key.size());
  }
  return words;
}

Result<std::array<TokenId, 256>> FindBpeBytes(const Words& words, BpeTables& tables) {
  std::array<TokenId, 256> bytes{};
  for (size_t b = 0; b < 256; ++b) {
    const char c = static_cast<char>(b);
    bytes[b] = words.table.Find({&c, 1});
    if (bytes[b] >= 0) continue;
    if (!NeverInUtf8(static_cast<uint8_t>(b))) {
      return DataLoss(
          fmt::format("tokenizer.ggml.tokens has no token for the byte 0x{:02X}, so that text "
                      "holding it could not be written",
                      b));
    }
    tables.lacks_invalid_bytes = true;
    bytes[b] = 0;  // never asked for
  }
  return bytes;
}

struct Merges {
  explicit Merges(size_t count) : table(count), of_bytes(size_t{256} * 256) {}
  // The first merge of a pair stays.
  void Insert(const CheckedVocab& vocab, TokenId left, TokenId right, PairTable::Merge merge) {
    table.Insert(left, right, merge);
    const std::string& a = vocab.pieces[static_cast<size_t>(left)];
    const std::string& b = vocab.pieces[static_cast<size_t>(right)];
    if (a.size() != 1 || b.size() != 1) return;
    PairTable::Merge& slot =
        of_bytes[static_cast<uint8_t>(a[0]) * size_t{256} + static_cast<uint8_t>(b[0])];
    if (slot.rank == PairTable::kNoRank) slot = merge;
  }
  PairTable table;
  std::vector<PairTable::Merge> of_bytes;
};

// Fills `merges` from "left right" lines, best first.
Status AddMerges(CheckedVocab& vocab, Merges& merges) {
  size_t ignored = 0;
  size_t first_ignored = 0;
  for (size_t i = 0; i < vocab.data.merges.size(); ++i) {
    const std::string& line = vocab.data.merges[i];
    const size_t space = line.find(' ', 1);
    if (line.empty() || space == line.npos || space + 1 == line.size()) {
      return DataLoss(fmt::format("tokenizer.ggml.merges[{}] is not two tokens with a space", i));
    }
    const std::string_view left = std::string_view(line).substr(0, space);
    const std::string_view right = std::string_view(line).substr(space + 1);
    const std::string joined = std::string(left).append(right);
    TokenId ids[3];
    const std::string_view texts[3] = {left, right, joined};
    bool usable = true;
    for (int k = 0; k < 3; ++k) {
      const std::optional<TokenId> id = vocab.Find(texts[k]);
      if (!id) {
        return DataLoss(fmt::format("tokenizer.ggml.merges[{}]: {} is not in tokenizer.ggml.tokens",
                                    i,
                                    k == 0   ? "its left part"
                                    : k == 1 ? "its right part"
                                             : "what it gives"));
      }
      ids[k] = *id;
      usable = usable && vocab.mergeable[static_cast<size_t>(*id)];
    }
    if (usable) {
      merges.Insert(vocab, ids[0], ids[1], {static_cast<uint32_t>(i), ids[2]});
    } else if (ignored++ == 0) {
      first_ignored = i;
    }
  }
  if (ignored > 0) {
    vocab.warnings.push_back(
        fmt::format("{} of tokenizer.ggml.merges make control or user-defined tokens out of text "
                    "and are ignored, the first is [{}]",
                    ignored, first_ignored));
  }
  return OkStatus();
}

}  // namespace

Result<BpeTables> BuildBpe(CheckedVocab& vocab, const PreTokenizer& pre) {
  if (vocab.data.merges.empty()) {
    return DataLoss("tokenizer.ggml.merges is absent or empty, but the vocabulary is BPE");
  }
  BpeTables tables;
  Words words = IndexWords(vocab);
  LEMMA_ASSIGN_OR_RETURN(const auto bytes, FindBpeBytes(words, tables));
  Merges merges(vocab.data.merges.size());
  LEMMA_RETURN_IF_ERROR(AddMerges(vocab, merges));
  tables.model =
      std::make_unique<BpeModel>(BpeModel::Parts{.bytes = bytes,
                                                 .merges = std::move(merges.table),
                                                 .byte_merges = std::move(merges.of_bytes),
                                                 .words = std::move(words.table),
                                                 .tokens = vocab.size(),
                                                 .longest = words.longest,
                                                 .whole_words = pre.whole_words});
  if (tables.lacks_invalid_bytes) {
    vocab.warnings.emplace_back(
        "the vocabulary has no tokens for some bytes that occur in no valid UTF-8; in text they "
        "become U+FFFD");
  }
  return tables;
}

Result<std::unique_ptr<SpmModel>> BuildSpm(CheckedVocab& vocab) {
  Words words = IndexWords(vocab);
  if (words.table.Find("\xE2\x96\x81") < 0) {
    return DataLoss(
        "tokenizer.ggml.tokens has no token U+2581, which SentencePiece writes for a space");
  }
  SpmModel::Parts parts{.words = std::move(words.table),
                        .scores = vocab.data.scores,
                        .longest = words.longest,
                        .bytes = {},
                        .unknown = 0};
  std::array<TokenId, 256> bytes;
  bytes.fill(-1);
  size_t found = 0;
  for (size_t i = 0; i < vocab.size(); ++i) {
    if (vocab.data.types[i] != TokenType::kByte) continue;
    TokenId& id = bytes[static_cast<uint8_t>(vocab.pieces[i][0])];
    found += id < 0 ? 1 : 0;
    id = static_cast<TokenId>(i);
  }
  if (found == 256) {
    parts.bytes = bytes;
  } else if (found > 0) {
    const auto missing = std::find(bytes.begin(), bytes.end(), -1) - bytes.begin();
    return DataLoss(
        fmt::format("tokenizer.ggml.tokens has {} byte tokens, expected 256; <0x{:02X}> is missing",
                    found, missing));
  } else if (vocab.data.unk) {
    parts.unknown = *vocab.data.unk;
    vocab.warnings.emplace_back(
        "the vocabulary has no byte tokens; characters outside it become the unknown token");
  } else {
    return DataLoss(
        "tokenizer.ggml.tokens has neither byte tokens nor tokenizer.ggml.unknown_token_id");
  }
  return std::make_unique<SpmModel>(std::move(parts));
}

}  // namespace lemma::tokenizer
