// SPDX-License-Identifier: Apache-2.0
// Template source to syntax tree, after the grammar of Jinja2's parser. Internal.
#pragma once

#include <string_view>

#include "base/status.h"
#include "chat/jinja/ast.h"

namespace lemma::chat::jinja {

// `source` is normalised (lexer.h). `max_depth` bounds nested blocks, brackets and operators.
// Errors as Template::Parse.
Result<Ast> ParseTemplate(std::string_view source, int max_depth);

}  // namespace lemma::chat::jinja
