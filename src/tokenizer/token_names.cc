// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/token_names.h"

namespace lemma::tokenizer {
namespace {

constexpr std::string_view kEndOfGeneration[] = {"<|im_end|>",
                                                 "<|eot_id|>",
                                                 "<|eom_id|>",
                                                 "<|end|>",
                                                 "<|return|>",
                                                 "<|call|>",
                                                 "<|flush|>",
                                                 "<|calls|>",
                                                 "<end_of_turn>",
                                                 "<|endoftext|>",
                                                 "</s>",
                                                 "<EOT>",
                                                 "_<EOT>",
                                                 "[EOT]",
                                                 "[EOS]",
                                                 "<eos>",
                                                 "<|end_of_text|>",
                                                 "<end_of_utterance>",
                                                 "<turn|>",
                                                 "<|tool_response>",
                                                 "<｜end▁of▁sentence｜>",
                                                 "[e~["};
constexpr std::string_view kEndOfTurn[] = {
    "<|eot_id|>",        "<|im_end|>",      "<|end|>", "<end_of_turn>", "<｜end▁of▁sentence｜>",
    "<|endoftext|>",     "<|end_of_text|>", "<EOT>",   "_<EOT>",        "[EOT]",
    "<end_of_utterance>"};
constexpr std::string_view kFillInMiddle[] = {
    "<|fim_prefix|>", "<fim-prefix>",    "<fim_prefix>",    "<｜fim▁begin｜>", "<PRE>",
    "▁<PRE>",         "<|code_prefix|>", "<|prefix|>",      "<|fim_suffix|>",  "<fim-suffix>",
    "<fim_suffix>",   "<｜fim▁hole｜>",  "<SUF>",           "▁<SUF>",          "<|code_suffix|>",
    "<|suffix|>",     "<|fim_middle|>",  "<fim-middle>",    "<fim_middle>",    "<｜fim▁end｜>",
    "<MID>",          "▁<MID>",          "<|code_middle|>", "<|middle|>"};
constexpr std::string_view kFillInMiddleEnd[] = {
    "<|fim_pad|>",   "<fim-pad>",  "<fim_pad>", "<PAD>",      "[PAD]",       "<|fim_repo|>",
    "<|repo_name|>", "<fim-repo>", "<REPO>",    "<reponame>", "<|file_sep|>"};
constexpr std::string_view kChannel[] = {"<|channel|>", "<|message|>", "<|start|>",
                                         "<|constrain|>"};

}  // namespace

std::span<const std::string_view> EndOfGenerationNames() { return kEndOfGeneration; }
std::span<const std::string_view> EndOfTurnNames() { return kEndOfTurn; }
std::span<const std::string_view> FillInMiddleNames() { return kFillInMiddle; }
std::span<const std::string_view> FillInMiddleEndNames() { return kFillInMiddleEnd; }
std::span<const std::string_view> ChannelNames() { return kChannel; }

}  // namespace lemma::tokenizer
