// SPDX-License-Identifier: Apache-2.0
// Written forms of protocol tokens in published models. Files often leave out which token ends a
// turn, or give such a token the type of ordinary text; the names settle it, the same way as
// llama.cpp does. Constants; any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace lemma::tokenizer {

// End the generation wherever they exist.
std::span<const std::string_view> EndOfGenerationNames();
// Candidates for the end of a turn, the better ones first.
std::span<const std::string_view> EndOfTurnNames();
// Fill-in-the-middle markers: control, whatever the file says.
std::span<const std::string_view> FillInMiddleNames();
// Of these, the ones that end the generation (a new file or repository starts).
std::span<const std::string_view> FillInMiddleEndNames();
// Protocol tokens that must be shown to the parser of the answer, so they count as user-defined.
std::span<const std::string_view> ChannelNames();

}  // namespace lemma::tokenizer
