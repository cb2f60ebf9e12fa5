// SPDX-License-Identifier: Apache-2.0
#include "model/synth_vocab.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "tokenizer/byte_alphabet.h"
#include "tokenizer/vocab.h"

namespace lemma::model {
namespace {

using tokenizer::TokenType;

constexpr std::string_view kTokensKey = "tokenizer.ggml.tokens";
constexpr std::string_view kTypesKey = "tokenizer.ggml.token_type";
constexpr std::string_view kScoresKey = "tokenizer.ggml.scores";
constexpr std::string_view kMergesKey = "tokenizer.ggml.merges";

struct SpecialToken {
  std::string_view text;
  TokenType type;
};

// Spellings and types as in the published vocabularies. The first is BOS or padding, the second
// ends a turn.
constexpr SpecialToken kDeepseekTokens[] = {
    {"<｜begin▁of▁sentence｜>", TokenType::kControl},
    {"<｜end▁of▁sentence｜>", TokenType::kControl},
    {"<｜User｜>", TokenType::kControl},
    {"<｜Assistant｜>", TokenType::kControl},
    {"<think>", TokenType::kUserDefined},
    {"</think>", TokenType::kUserDefined},
};
constexpr SpecialToken kChatMlTokens[] = {
    {"<|endoftext|>", TokenType::kControl}, {"<|im_end|>", TokenType::kControl},
    {"<|im_start|>", TokenType::kControl},  {"<think>", TokenType::kUserDefined},
    {"</think>", TokenType::kUserDefined},
};

constexpr std::string_view kDeepseekTemplate =
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}"
    "{{ message['content'] }}{% elif message['role'] == 'user' %}<｜User｜>{{ message['content'] }}"
    "{% elif message['role'] == 'assistant' %}<｜Assistant｜>"
    "{{ message['content'].split('</think>')[-1] }}<｜end▁of▁sentence｜>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<｜Assistant｜><think>\n{% endif %}";
constexpr std::string_view kChatMlTemplate =
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'].split('</think>')[-1].lstrip('\\n') }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}"
    "<think>\n\n</think>\n\n{% endif %}{% endif %}";

struct PromptParts {
  std::span<const SpecialToken> tokens;
  std::string_view chat_template;
};

PromptParts PartsOf(SynthPrompt prompt) {
  if (prompt == SynthPrompt::kChatMl) return {kChatMlTokens, kChatMlTemplate};
  return {kDeepseekTokens, kDeepseekTemplate};
}

// All bytes, the frequent ones of English text first, as characters of the byte alphabet.
std::vector<std::string> ByteTokens() {
  constexpr std::string_view kFrequent = " etaoinshrdlucmfwypvbgkjqxz";
  std::vector<uint8_t> order(kFrequent.begin(), kFrequent.end());
  for (int byte = 0; byte < 256; ++byte) {
    if (kFrequent.find(static_cast<char>(byte)) == std::string_view::npos) {
      order.push_back(static_cast<uint8_t>(byte));
    }
  }
  std::vector<std::string> out;
  for (const uint8_t byte : order) {
    std::string& token = out.emplace_back();
    AppendUtf8(tokenizer::ByteToAlphabet(byte), token);
  }
  return out;
}

// Adds tokens and the merges that make them: pairs of bytes, then pairs followed by a byte.
class MergeMaker {
 public:
  explicit MergeMaker(std::vector<std::string>& tokens) : tokens_(tokens), bytes_(tokens) {}

  void MakeUpTo(size_t num_tokens) {
    limit_ = num_tokens;
    const size_t first_pair = tokens_.size();
    // In order of the rarer byte, so that a small vocabulary joins frequent letters.
    for (size_t n = 0; n < bytes_.size() && !Full(); ++n) {
      for (size_t i = 0; i <= n; ++i) Add(bytes_[i], bytes_[n]);
      for (size_t i = 0; i < n; ++i) Add(bytes_[n], bytes_[i]);
    }
    const size_t last_pair = tokens_.size();
    for (size_t pair = first_pair; pair < last_pair && !Full(); ++pair) {
      for (const std::string& byte : bytes_) Add(std::string(tokens_[pair]), byte);
    }
  }
  [[nodiscard]] const std::vector<std::string>& merges() const { return merges_; }

 private:
  [[nodiscard]] bool Full() const { return tokens_.size() >= limit_; }
  void Add(const std::string& left, const std::string& right) {
    if (Full()) return;
    tokens_.push_back(left + right);
    merges_.push_back(fmt::format("{} {}", left, right));
  }

  std::vector<std::string>& tokens_;
  std::vector<std::string> bytes_;
  std::vector<std::string> merges_;
  size_t limit_ = 0;
};

std::vector<std::string_view> Views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

// Appends "[PADn]" tokens to the arrays that are as long as the vocabulary.
Status PadVocab(const gguf::File& from, uint64_t count, uint64_t wanted, gguf::Writer& writer) {
  LEMMA_ASSIGN_OR_RETURN(std::vector<std::string_view> tokens, from.Find(kTokensKey)->AsStrings());
  std::vector<std::string> pads;
  for (uint64_t i = count; i < wanted; ++i) pads.push_back(fmt::format("[PAD{}]", i));
  tokens.insert(tokens.end(), pads.begin(), pads.end());
  writer.SetStrings(kTokensKey, tokens);
  if (const gguf::Value* types = from.Find(kTypesKey)) {
    LEMMA_ASSIGN_OR_RETURN(const auto values, types->AsInts());
    std::vector<int32_t> padded;
    padded.reserve(wanted);
    for (const int64_t value : values) padded.push_back(static_cast<int32_t>(value));
    padded.resize(wanted, static_cast<int32_t>(TokenType::kUnused));
    writer.SetInt32s(kTypesKey, padded);
  }
  if (const gguf::Value* scores = from.Find(kScoresKey)) {
    LEMMA_ASSIGN_OR_RETURN(const auto values, scores->AsDoubles());
    std::vector<float> padded;
    padded.reserve(wanted);
    for (const double value : values) padded.push_back(static_cast<float>(value));
    padded.resize(wanted, -1000.0F);
    writer.SetFloat32s(kScoresKey, padded);
  }
  return OkStatus();
}

}  // namespace

Result<uint64_t> CopyVocab(const gguf::File& from, const SynthShape& shape, VocabFit fit,
                           gguf::Writer& writer) {
  const gguf::Value* tokens = from.Find(kTokensKey);
  if (tokens == nullptr || tokens->count() == 0) {
    return InvalidArgument(fmt::format("the vocabulary file has no {}", kTokensKey));
  }
  const uint64_t count = tokens->count();
  const uint64_t wanted = fit == VocabFit::kTakeSize ? count : shape.vocab;
  if (count > wanted) {
    return InvalidArgument(fmt::format("the vocabulary file has {} tokens, the shape {} holds {}",
                                       count, shape.name, wanted));
  }
  for (const gguf::Pair& pair : from.pairs()) {
    if (pair.key.starts_with("tokenizer.")) writer.Copy(pair);
  }
  if (count < wanted) LEMMA_RETURN_IF_ERROR(PadVocab(from, count, wanted, writer));
  return wanted;
}

void WriteSyntheticVocab(const SynthShape& shape, gguf::Writer& writer) {
  const PromptParts parts = PartsOf(shape.prompt);
  std::vector<std::string> tokens = ByteTokens();
  MergeMaker merges(tokens);
  merges.MakeUpTo(shape.vocab - parts.tokens.size());
  std::vector<int32_t> types(tokens.size(), static_cast<int32_t>(TokenType::kNormal));
  const auto first_special = static_cast<uint32_t>(tokens.size());
  for (const SpecialToken& special : parts.tokens) {
    tokens.emplace_back(special.text);
    types.push_back(static_cast<int32_t>(special.type));
  }
  const bool deepseek = shape.prompt == SynthPrompt::kDeepseekR1;
  writer.SetString("tokenizer.ggml.model", "gpt2");
  writer.SetString("tokenizer.ggml.pre", shape.pre);
  writer.SetStrings(kTokensKey, Views(tokens));
  writer.SetInt32s(kTypesKey, types);
  writer.SetStrings(kMergesKey, Views(merges.merges()));
  writer.SetUint32("tokenizer.ggml.bos_token_id", first_special);
  writer.SetUint32("tokenizer.ggml.eos_token_id", first_special + 1);
  writer.SetUint32("tokenizer.ggml.padding_token_id", deepseek ? first_special + 1 : first_special);
  writer.SetBool("tokenizer.ggml.add_bos_token", deepseek);
  writer.SetBool("tokenizer.ggml.add_eos_token", false);
  writer.SetString("tokenizer.chat_template", parts.chat_template);
}

}  // namespace lemma::model
