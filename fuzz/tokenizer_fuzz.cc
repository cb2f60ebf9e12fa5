// SPDX-License-Identifier: Apache-2.0
// Any bytes as text, for every pre-tokenizer and SPM, and any changes to a small vocabulary: no
// crash, the text comes back byte for byte, plain text gives no control token, and the streaming
// detokenizer gives valid UTF-8 only.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "tokenizer/detokenizer.h"
#include "tokenizer/test_vocab.h"
#include "tokenizer/tokenizer.h"

namespace lemma::tokenizer {
namespace {

// Stops the fuzzer: the tokenizer broke a promise.
void Require(bool condition) {
  if (!condition) std::abort();
}

// SPM cannot tell U+2581 from a space.
std::string SpmNormal(std::string_view text) {
  constexpr std::string_view kMark = "\xE2\x96\x81";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const bool mark = text.substr(at).starts_with(kMark);
    out += mark ? ' ' : text[at];
    at += mark ? kMark.size() : 1;
  }
  return out;
}

bool HasBytesOutsideUtf8(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return byte == 0xC0 || byte == 0xC1 || byte >= 0xF5;
  });
}

void CheckStream(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  StreamDetokenizer stream(tokenizer);
  std::string pieces;
  std::string streamed;
  for (const TokenId id : ids) {
    pieces += tokenizer.Piece(id);
    const std::string part = stream.Push(id);
    Require(IsValidUtf8(part));
    streamed += part;
  }
  streamed += stream.Flush();
  Require(streamed == SanitizeUtf8(pieces));
}

void CheckText(const Tokenizer& tokenizer, std::string_view text) {
  const bool bpe = tokenizer.kind() == VocabKind::kBpe;
  const bool lossless = tokenizer.warnings().empty() || (bpe && !HasBytesOutsideUtf8(text));
  for (const SpecialTokens mode :
       {SpecialTokens::kLiteral, SpecialTokens::kPlainText, SpecialTokens::kParse}) {
    const std::vector<TokenId> ids = tokenizer.Encode(text, mode);
    for (const TokenId id : ids) {
      Require(id >= 0 && static_cast<size_t>(id) < tokenizer.size());
      // An SPM vocabulary without bytes writes what it lacks as the unknown token.
      const bool unknown = tokenizer.type(id) == TokenType::kUnknown && !bpe;
      Require(mode == SpecialTokens::kParse || !tokenizer.IsControl(id) || unknown);
    }
    const std::string back = tokenizer.Decode(ids, ControlPieces::kRender);
    if (lossless && bpe) Require(back == text);
    if (lossless && !bpe && mode == SpecialTokens::kLiteral) {
      Require(SpmNormal(back) == SpmNormal(text));
    }
    CheckStream(tokenizer, ids);
  }
}

const std::vector<std::unique_ptr<const Tokenizer>>& Tokenizers() {
  static const auto* const all = [] {
    auto* made = new std::vector<std::unique_ptr<const Tokenizer>>();
    for (const char* pre : {"qwen2", "llama-bpe", "gpt-2", "default", "deepseek-llm",
                            "deepseek-coder", "deepseek-v3", "qwen35", "starcoder", "falcon"}) {
      made->push_back(std::move(Tokenizer::Create(SmallBpe(pre)).value()));
    }
    made->push_back(std::move(Tokenizer::Create(SmallSpm()).value()));
    return made;
  }();
  return *all;
}

// Cuts the fuzzer's bytes into fields.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(bytes_[0]);
    bytes_.remove_prefix(1);
    return byte;
  }
  std::string_view Text() {
    const std::string_view text = bytes_.substr(0, Byte() % 16);
    bytes_.remove_prefix(std::min(bytes_.size(), text.size()));
    return text;
  }
  [[nodiscard]] std::string_view Rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

size_t Pick(size_t size, Fields& fields) {
  return size == 0 ? 0 : (size_t{fields.Byte()} * 256 + fields.Byte()) % size;
}

void Change(VocabData& vocab, Fields& fields) {
  switch (fields.Byte() % 10) {
    case 0:
      AddMerge(vocab, fields.Text(), fields.Text());
      break;
    case 1:
      AddToken(vocab, fields.Text(), static_cast<TokenType>(fields.Byte() % 8));
      break;
    case 2:
      if (!vocab.types.empty()) {
        vocab.types[Pick(vocab.types.size(), fields)] = static_cast<TokenType>(fields.Byte() % 7);
      }
      break;
    case 3:
      vocab.tokens[Pick(vocab.tokens.size(), fields)] = fields.Text();
      break;
    case 4:
      vocab.merges.emplace_back(fields.Text());
      break;
    case 5:
      vocab.pre = fields.Text();
      break;
    case 6:
      vocab.bos = static_cast<TokenId>(fields.Byte()) * 3 - 5;
      vocab.add_bos = fields.Byte() % 2 == 0;
      break;
    case 7:
      if (!vocab.scores.empty()) {
        vocab.scores[Pick(vocab.scores.size(), fields)] = static_cast<float>(fields.Byte()) - 128;
      }
      break;
    case 8:
      vocab.add_space_prefix = fields.Byte() % 2 == 0;
      break;
    default:
      vocab.types.clear();
  }
}

void CheckVocabulary(Fields fields) {
  VocabData vocab = fields.Byte() % 2 == 0 ? SmallBpe() : SmallSpm();
  for (int changes = fields.Byte() % 8; changes > 0; --changes) Change(vocab, fields);
  const auto made = Tokenizer::Create(std::move(vocab));
  if (made.ok()) {
    CheckText(**made, fields.Rest());
  } else {
    Require(!made.status().message().empty());
  }
}

}  // namespace
}  // namespace lemma::tokenizer

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lemma::tokenizer;  // NOLINT(google-build-using-namespace): one entry point
  Fields fields({reinterpret_cast<const char*>(data), size});
  const uint8_t which = fields.Byte();
  if (which < 240) {  // making a vocabulary takes long, so that is the rarer case
    CheckText(*Tokenizers()[which % Tokenizers().size()], fields.Rest());
  } else {
    CheckVocabulary(fields);
  }
  return 0;
}
