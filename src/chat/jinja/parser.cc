// SPDX-License-Identifier: Apache-2.0
#include "chat/jinja/parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "chat/jinja/parser_impl.h"
#include "chat/jinja/source.h"

namespace lemma::chat::jinja {
namespace {

constexpr size_t kMaxParameters = 255;

template <typename Node>
Stmt Make(Node node) {
  Stmt stmt;
  stmt.node = std::move(node);
  return stmt;
}

}  // namespace

Result<Ast> ParseTemplate(std::string_view source, int max_depth) {
  LEMMA_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(source));
  return Parser(source, std::move(tokens), max_depth).Run();
}

Status Parser::Fail(size_t offset, std::string_view message) const {
  return WithLocation(InvalidArgument(std::string(message)), source_, offset);
}

Status Parser::FailHere(std::string_view expected) const {
  const Token& token = Current();
  if (token.kind == TokenKind::kEnd) {
    return Fail(token.offset, fmt::format("expected {}, found the end of the template", expected));
  }
  const std::string_view found = token.kind == TokenKind::kText ? "text" : TextOf(token);
  return Fail(token.offset, fmt::format("expected {}, found '{}'", expected, found.substr(0, 40)));
}

Status Parser::CheckDepth() const {
  if (depth_ < max_depth_) return OkStatus();
  return WithLocation(
      ResourceExhausted(fmt::format("nested deeper than the limit of {} levels", max_depth_)),
      source_, Current().offset);
}

bool Parser::TakeOperator(std::string_view text) {
  if (!IsOperator(text)) return false;
  Take();
  return true;
}

bool Parser::TakeName(std::string_view text) {
  if (!IsName(text)) return false;
  Take();
  return true;
}

Status Parser::ExpectOperator(std::string_view text) {
  return TakeOperator(text) ? OkStatus() : FailHere(fmt::format("'{}'", text));
}

Status Parser::ExpectClose() {
  if (!Is(TokenKind::kCloseStatement)) return FailHere("'%}'");
  Take();
  return OkStatus();
}

Result<std::string> Parser::ExpectName(std::string_view what) {
  if (!Is(TokenKind::kName)) return FailHere(what);
  return std::string(TextOf(Take()));
}

Symbol Parser::Intern(std::string_view name) {
  const auto next = static_cast<Symbol>(ast_.symbols.size());
  const auto [entry, added] = symbol_of_.try_emplace(std::string(name), next);
  if (added) ast_.symbols.push_back(entry->first);
  return entry->second;
}

void Parser::Mention(std::string_view text) { ast_.mentions.emplace_back(text); }

Result<Ast> Parser::Run() {
  LEMMA_ASSIGN_OR_RETURN(ast_.body, Body({}));
  std::sort(ast_.mentions.begin(), ast_.mentions.end());
  ast_.mentions.erase(std::unique(ast_.mentions.begin(), ast_.mentions.end()), ast_.mentions.end());
  return std::move(ast_);
}

// Statements up to a tag named in `ends`, of which "{%" is consumed and the name is not.
Result<Block> Parser::Body(std::initializer_list<std::string_view> ends) {
  LEMMA_RETURN_IF_ERROR(CheckDepth());
  const DepthGuard guard(*this);
  const uint32_t begin = Current().offset;
  Block block;
  while (!Is(TokenKind::kEnd)) {
    if (Is(TokenKind::kOpenStatement) && Ahead().kind == TokenKind::kName &&
        std::find(ends.begin(), ends.end(), TextOf(Ahead())) != ends.end()) {
      Take();
      return block;
    }
    LEMMA_RETURN_IF_ERROR(Statement(block));
  }
  if (ends.size() == 0) return block;
  return Fail(begin, fmt::format("block without {{% {} %}}", *(ends.end() - 1)));
}

Status Parser::Statement(Block& block) {
  const uint32_t offset = Current().offset;
  Result<Stmt> stmt = InternalError("unreachable");
  if (Is(TokenKind::kText)) {
    stmt = Make(Text{std::string(TextOf(Take()))});
  } else if (Is(TokenKind::kOpenExpression)) {
    stmt = OutputStatement();
  } else {
    Take();
    LEMMA_ASSIGN_OR_RETURN(const std::string tag, ExpectName("the name of a tag"));
    if (tag == "if") {
      stmt = IfStatement();
    } else if (tag == "for") {
      stmt = ForStatement();
    } else if (tag == "set") {
      stmt = SetStatement();
    } else if (tag == "macro") {
      stmt = MacroStatement();
    } else if (tag == "call") {
      stmt = CallStatement();
    } else if (tag == "filter") {
      stmt = FilterStatement();
    } else if (tag == "with") {
      stmt = WithStatement();
    } else if (tag == "generation") {
      stmt = GenerationStatement();
    } else if (tag == "do") {
      LEMMA_ASSIGN_OR_RETURN(ExprPtr value, ExpressionOrTuple());
      LEMMA_RETURN_IF_ERROR(ExpectClose());
      stmt = Make(Evaluate{std::move(value)});
    } else if (tag == "break" || tag == "continue") {
      stmt = LoopControl(tag);
    } else {
      const Status status(tag.substr(0, 3) == "end" || tag == "else" || tag == "elif"
                              ? InvalidArgument(fmt::format("'{}' closes no block", tag))
                              : Unsupported(fmt::format("the tag '{}' is not supported", tag)));
      return WithLocation(status, source_, offset);
    }
  }
  if (!stmt.ok()) return stmt.status();
  stmt->offset = offset;
  block.push_back(std::move(*stmt));
  return OkStatus();
}

Result<Stmt> Parser::OutputStatement() {
  Take();
  LEMMA_ASSIGN_OR_RETURN(ExprPtr value, ExpressionOrTuple());
  if (!Is(TokenKind::kCloseExpression)) return FailHere("'}}'");
  Take();
  return Make(Output{std::move(value)});
}

Result<Stmt> Parser::IfStatement() {
  If node;
  bool more = true;
  while (more) {
    IfBranch branch;
    LEMMA_ASSIGN_OR_RETURN(branch.condition, ExpressionOrTuple());
    LEMMA_RETURN_IF_ERROR(ExpectClose());
    LEMMA_ASSIGN_OR_RETURN(branch.body, Body({"elif", "else", "endif"}));
    node.branches.push_back(std::move(branch));
    more = TakeName("elif");
  }
  if (TakeName("else")) {
    LEMMA_RETURN_IF_ERROR(ExpectClose());
    LEMMA_ASSIGN_OR_RETURN(node.otherwise, Body({"endif"}));
  }
  Take();  // endif
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  return Make(std::move(node));
}

Result<Stmt> Parser::ForStatement() {
  For node;
  LEMMA_ASSIGN_OR_RETURN(node.target, AssignmentTarget());
  if (!node.target.member.empty()) return FailHere("a variable as the loop's target");
  if (!TakeName("in")) return FailHere("'in'");
  LEMMA_ASSIGN_OR_RETURN(node.items, ExpressionOrTuple(Ternaries::kLeftToCaller));
  const uint32_t offset = Current().offset;
  if (TakeName("if")) {
    LEMMA_ASSIGN_OR_RETURN(node.filter, LogicChain(LogicOp::kOr));
    if (TakeName("else")) {  // `for x in a if c else b`: a choice, not a filter
      auto choice = std::make_unique<Expr>();
      choice->offset = offset;
      LEMMA_ASSIGN_OR_RETURN(ExprPtr otherwise, Expression());
      choice->node = Ternary{std::move(node.filter), std::move(node.items), std::move(otherwise)};
      node.items = std::move(choice);
    }
  }
  if (IsName("recursive")) {
    return WithLocation(Unsupported("recursive loops are not supported"), source_,
                        Current().offset);
  }
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  const size_t names_before = loop_names_;
  ++loops_;
  LEMMA_ASSIGN_OR_RETURN(node.body, Body({"else", "endfor"}));
  --loops_;
  node.uses_loop = loop_names_ != names_before;
  if (TakeName("else")) {
    LEMMA_RETURN_IF_ERROR(ExpectClose());
    LEMMA_ASSIGN_OR_RETURN(node.otherwise, Body({"endfor"}));
  }
  Take();  // endfor
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  return Make(std::move(node));
}

Result<Target> Parser::AssignmentTarget() {
  Target target;
  const bool parenthesized = TakeOperator("(");
  target.unpack = parenthesized;
  do {
    if (!target.names.empty() && !Is(TokenKind::kName)) break;
    LEMMA_ASSIGN_OR_RETURN(const std::string name, ExpectName("a variable to assign to"));
    target.names.push_back(Intern(name));
    if (target.names.size() == 1 && TakeOperator(".")) {
      LEMMA_ASSIGN_OR_RETURN(target.member, ExpectName("a name after '.'"));
      return target;
    }
    if (!IsOperator(",")) break;
    target.unpack = true;
  } while (TakeOperator(","));
  if (parenthesized) LEMMA_RETURN_IF_ERROR(ExpectOperator(")"));
  if (parenthesized && target.names.size() == 1) target.unpack = false;
  return target;
}

Result<Stmt> Parser::SetStatement() {
  Set node;
  LEMMA_ASSIGN_OR_RETURN(node.target, AssignmentTarget());
  if (TakeOperator("=")) {
    LEMMA_ASSIGN_OR_RETURN(node.value, ExpressionOrTuple());
    LEMMA_RETURN_IF_ERROR(ExpectClose());
    return Make(std::move(node));
  }
  if (node.target.unpack) return FailHere("'='");
  LEMMA_ASSIGN_OR_RETURN(node.filters, FilterSteps());
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  LEMMA_ASSIGN_OR_RETURN(node.body, Body({"endset"}));
  Take();
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  return Make(std::move(node));
}

Result<std::vector<PostfixStep>> Parser::FilterSteps() {
  std::vector<PostfixStep> steps;
  while (TakeOperator("|")) {
    LEMMA_ASSIGN_OR_RETURN(PostfixStep step, FilterStep());
    steps.push_back(std::move(step));
  }
  return steps;
}

Result<std::vector<Parameter>> Parser::Parameters() {
  LEMMA_RETURN_IF_ERROR(ExpectOperator("("));
  std::vector<Parameter> parameters;
  while (!IsOperator(")")) {
    const uint32_t offset = Current().offset;
    Parameter parameter;
    LEMMA_ASSIGN_OR_RETURN(const std::string name, ExpectName("the name of a parameter"));
    parameter.name = Intern(name);
    if (parameters.size() == kMaxParameters) {
      return Fail(offset, fmt::format("more than {} parameters", kMaxParameters));
    }
    for (const Parameter& other : parameters) {
      if (other.name == parameter.name) {
        return Fail(offset, fmt::format("parameter '{}' is named twice", name));
      }
    }
    if (TakeOperator("=")) {
      LEMMA_ASSIGN_OR_RETURN(parameter.fallback, Expression());
    } else if (!parameters.empty() && parameters.back().fallback != nullptr) {
      return Fail(offset, "a parameter without a default follows one with a default");
    }
    parameters.push_back(std::move(parameter));
    if (!TakeOperator(",")) break;
  }
  LEMMA_RETURN_IF_ERROR(ExpectOperator(")"));
  return parameters;
}

Result<Block> Parser::MacroBody(std::string_view end) {
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  const int loops = std::exchange(loops_, 0);
  LEMMA_ASSIGN_OR_RETURN(Block body, Body({end}));
  loops_ = loops;
  Take();
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  return body;
}

Result<Stmt> Parser::MacroStatement() {
  auto macro = std::make_unique<Macro>();
  LEMMA_ASSIGN_OR_RETURN(macro->name, ExpectName("the name of the macro"));
  macro->symbol = Intern(macro->name);
  LEMMA_ASSIGN_OR_RETURN(macro->parameters, Parameters());
  LEMMA_ASSIGN_OR_RETURN(macro->body, MacroBody("endmacro"));
  return Make(MacroDefinition{std::move(macro)});
}

Result<Stmt> Parser::CallStatement() {
  CallBlock node;
  node.caller = std::make_unique<Macro>();
  node.caller->name = "caller";
  node.caller->symbol = Intern("caller");
  if (IsOperator("(")) {
    LEMMA_ASSIGN_OR_RETURN(node.caller->parameters, Parameters());
  }
  const uint32_t offset = Current().offset;
  LEMMA_ASSIGN_OR_RETURN(node.call, Signed(/*with_filters=*/false));
  const auto* postfix = std::get_if<Postfix>(&node.call->node);
  if (postfix == nullptr || postfix->steps.back().kind != PostfixStep::Kind::kCall) {
    return Fail(offset, "expected a call of a macro");
  }
  LEMMA_ASSIGN_OR_RETURN(node.caller->body, MacroBody("endcall"));
  return Make(std::move(node));
}

Result<Stmt> Parser::FilterStatement() {
  FilterBlock node;
  LEMMA_ASSIGN_OR_RETURN(PostfixStep first, FilterStep());
  node.filters.push_back(std::move(first));
  LEMMA_ASSIGN_OR_RETURN(std::vector<PostfixStep> more, FilterSteps());
  std::move(more.begin(), more.end(), std::back_inserter(node.filters));
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  LEMMA_ASSIGN_OR_RETURN(node.body, Body({"endfilter"}));
  Take();
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  return Make(std::move(node));
}

Result<Stmt> Parser::WithStatement() {
  With node;
  while (!Is(TokenKind::kCloseStatement)) {
    LEMMA_ASSIGN_OR_RETURN(Target target, AssignmentTarget());
    LEMMA_RETURN_IF_ERROR(ExpectOperator("="));
    LEMMA_ASSIGN_OR_RETURN(ExprPtr value, Expression());
    node.bindings.emplace_back(std::move(target), std::move(value));
    if (!TakeOperator(",")) break;
  }
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  LEMMA_ASSIGN_OR_RETURN(node.body, Body({"endwith"}));
  Take();
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  return Make(std::move(node));
}

Result<Stmt> Parser::GenerationStatement() {
  Group node;
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  LEMMA_ASSIGN_OR_RETURN(node.body, Body({"endgeneration"}));
  Take();
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  return Make(std::move(node));
}

Result<Stmt> Parser::LoopControl(std::string_view name) {
  if (loops_ == 0) {
    return Fail(Current().offset, fmt::format("'{}' outside a loop", name));
  }
  LEMMA_RETURN_IF_ERROR(ExpectClose());
  if (name == "break") return Make(Break{});
  return Make(Continue{});
}

}  // namespace lemma::chat::jinja
