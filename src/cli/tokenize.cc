// SPDX-License-Identifier: Apache-2.0
// lemma tokenize, lemma detokenize: text to ids and back, through standard input and output.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <iostream>
#include <iterator>

#include "base/utf8.h"
#include "cli/command.h"
#include "cli/output.h"
#include "gguf/reader.h"
#include "model/vocab_from_gguf.h"
#include "tokenizer/tokenizer.h"

namespace lemma::cli {
namespace {

struct TokenizeOptions {
  std::string model;
  std::optional<std::string> text;  // absent: standard input
  bool ids = false;
  bool json = false;
  bool special = false;
  bool bos = false;
};

using TokenizerPtr = std::unique_ptr<const tokenizer::Tokenizer>;

Result<TokenizerPtr> LoadTokenizer(const std::string& model) {
  LEMMA_ASSIGN_OR_RETURN(const std::string path, ResolveModelPath(model));
  LEMMA_ASSIGN_OR_RETURN(const auto file, gguf::File::Open(path));
  LEMMA_ASSIGN_OR_RETURN(TokenizerPtr out, model::TokenizerFromGguf(*file));
  for (const std::string& warning : out->warnings()) PrintWarning(warning);
  return out;
}

std::string ReadStdin() {
  std::ios::sync_with_stdio(false);
  return {std::istreambuf_iterator<char>(std::cin), {}};
}

Status Tokenize(const TokenizeOptions& options) {
  LEMMA_ASSIGN_OR_RETURN(const TokenizerPtr tokens, LoadTokenizer(options.model));
  const std::string text = options.text ? *options.text : ReadStdin();
  std::vector<tokenizer::TokenId> ids;
  if (options.bos && tokens->bos()) ids.push_back(*tokens->bos());
  const auto special =
      options.special ? tokenizer::SpecialTokens::kParse : tokenizer::SpecialTokens::kPlainText;
  tokens->EncodeAppend(text, special, ids);
  if (options.json) {
    boost::json::array rows;
    for (const auto id : ids) {
      rows.push_back(boost::json::object{
          {"id", id},
          {"piece", SanitizeUtf8(tokens->Piece(id, tokenizer::ControlPieces::kRender))}});
    }
    PrintJson(boost::json::object{{"count", ids.size()}, {"tokens", rows}});
    return OkStatus();
  }
  std::string out;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (options.ids) {
      out += fmt::format("{}{}", i == 0 ? "" : " ", ids[i]);
    } else {
      const auto piece = tokens->Piece(ids[i], tokenizer::ControlPieces::kRender);
      out += fmt::format("{:>7}  {}\n", ids[i],
                         boost::json::serialize(boost::json::value(SanitizeUtf8(piece))));
    }
  }
  PrintOut(options.ids ? out + "\n" : out);
  return OkStatus();
}

Result<std::vector<tokenizer::TokenId>> ParseIds(std::string_view text, size_t vocab) {
  std::vector<tokenizer::TokenId> ids;
  const char* p = text.data();
  const char* const end = p + text.size();
  while (true) {
    while (p != end && (std::isspace(static_cast<unsigned char>(*p)) != 0 || *p == ',')) ++p;
    if (p == end) return ids;
    tokenizer::TokenId id = 0;
    const auto [rest, error] = std::from_chars(p, end, id);
    if (error != std::errc() || id < 0 || static_cast<size_t>(id) >= vocab) {
      return InvalidArgument(fmt::format("token number {} at byte {}: expected an id from 0 to {}",
                                         ids.size() + 1, p - text.data(), vocab - 1));
    }
    ids.push_back(id);
    p = rest;
  }
}

Status Detokenize(const TokenizeOptions& options) {
  LEMMA_ASSIGN_OR_RETURN(const TokenizerPtr tokens, LoadTokenizer(options.model));
  const std::string text = options.text ? *options.text : ReadStdin();
  LEMMA_ASSIGN_OR_RETURN(const auto ids, ParseIds(text, tokens->size()));
  const auto control =
      options.special ? tokenizer::ControlPieces::kRender : tokenizer::ControlPieces::kSkip;
  const std::string out = tokens->Decode(ids, control);
  if (options.json) {
    PrintJson(boost::json::object{{"text", SanitizeUtf8(out)}});
  } else {
    PrintOut(out);
  }
  return OkStatus();
}

}  // namespace

void AddTokenize(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("tokenize", "text from standard input to token ids");
  auto options = std::make_shared<TokenizeOptions>();
  command->add_option("-m,--model", options->model, "GGUF file with the vocabulary")
      ->envname("LEMMA_MODEL");
  command->add_option("-p,--text", options->text, "this text instead of standard input");
  command->add_flag("--ids", options->ids, "only the ids, separated by spaces");
  command->add_flag("--special", options->special, "read control tokens written in the text");
  command->add_flag("--bos", options->bos, "put the BOS token first");
  command->add_flag("--json", options->json, "print JSON");
  command->footer(
      "Examples:\n"
      "  lemma tokenize -m model.gguf --ids < text.txt\n"
      "  lemma tokenize -p \"<｜User｜>hi\" --special");
  command->callback([options, &context] {
    if (const Status status = Tokenize(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

void AddDetokenize(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("detokenize", "token ids from standard input to text");
  auto options = std::make_shared<TokenizeOptions>();
  command->add_option("-m,--model", options->model, "GGUF file with the vocabulary")
      ->envname("LEMMA_MODEL");
  command->add_option("-p,--ids", options->text, "these ids instead of standard input");
  command->add_flag("--special", options->special, "write control tokens too");
  command->add_flag("--json", options->json, "print JSON");
  command->footer("Example:\n  echo '15339 1917' | lemma detokenize -m model.gguf");
  command->callback([options, &context] {
    if (const Status status = Detokenize(*options); !status.ok()) {
      context.exit_code = ReportError(status);
    }
  });
}

}  // namespace lemma::cli
