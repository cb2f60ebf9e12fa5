// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "chat/jinja/filters.h"
#include "chat/jinja/interpreter.h"
#include "chat/jinja/operators.h"

namespace lemma::chat::jinja {
Result<Arguments> Interpreter::EvalArguments(const ArgumentList& list) {
  Arguments out;
  for (const ArgumentExpr& argument : list) {
    if (argument.kind == ArgumentExpr::Kind::kSpread ||
        argument.kind == ArgumentExpr::Kind::kNamedSpread) {
      LEMMA_RETURN_IF_ERROR(Spread(argument, out));
      continue;
    }
    LEMMA_ASSIGN_OR_RETURN(Value value, Eval(*argument.value));
    if (argument.kind == ArgumentExpr::Kind::kNamed) {
      out.named.push_back({argument.name, std::move(value)});
    } else {
      out.positional.push_back(std::move(value));
    }
  }
  return out;
}

Status Interpreter::Spread(const ArgumentExpr& argument, Arguments& out) {
  LEMMA_ASSIGN_OR_RETURN(const Value value, Eval(*argument.value));
  if (argument.kind == ArgumentExpr::Kind::kSpread) {
    Result<Array> items = Iterate(context_, value);
    if (!items.ok()) return At(argument.value->offset, items.status());
    std::move(items->begin(), items->end(), std::back_inserter(out.positional));
    return OkStatus();
  }
  const Object* members = value.AsObject();
  if (members == nullptr) {
    return At(argument.value->offset,
              InvalidArgument(fmt::format("** needs a mapping, not {}", value.KindName())));
  }
  LEMMA_RETURN_IF_ERROR(budget_.Bytes(members->size() * sizeof(Keyword)));
  for (const Member& member : *members) {
    out.named.push_back({member.key.bytes(), member.value,
                         member.key.HasInput() ? Provenance::kInput : Provenance::kTrusted});
  }
  return OkStatus();
}

Result<Value> Interpreter::CallStep(const Value& callee, const PostfixStep& step) {
  const Callable* callable = callee.AsCallable();
  if (callable == nullptr) {
    return InvalidArgument(fmt::format("{} cannot be called", callee.KindName()));
  }
  LEMMA_ASSIGN_OR_RETURN(const Arguments arguments, EvalArguments(step.arguments));
  return Call(*callable, arguments);
}

Result<Value> Interpreter::CallMember(const Value& object, const PostfixStep& member,
                                      const PostfixStep& call) {
  const Value* found = object.Find(member.name);
  if (found != nullptr && found->AsCallable() != nullptr) return CallStep(*found, call);
  if (!HasMethod(object, member.name)) {
    return InvalidArgument(fmt::format("{} has no method '{}'", object.KindName(), member.name));
  }
  LEMMA_ASSIGN_OR_RETURN(const Arguments arguments, EvalArguments(call.arguments));
  return CallMethod(context_, object, member.name, arguments);
}

Result<Value> Interpreter::Call(const Callable& callable, const Arguments& arguments) {
  switch (callable.kind) {
    case Callable::Kind::kHost: {
      if (!arguments.named.empty()) {
        return InvalidArgument("this function takes no named arguments");
      }
      LEMMA_ASSIGN_OR_RETURN(Value value, callable.host(arguments.positional));
      return CheckedDepth(context_, std::move(value));
    }
    case Callable::Kind::kGlobal:
      if (callable.name == "namespace") return MakeNamespace(arguments);
      return CallGlobal(context_, callable.name, arguments);
    case Callable::Kind::kMethod:
      return CallMethod(context_, callable.self, callable.name, arguments);
    case Callable::Kind::kMacro:
      return CallMacro(callable, arguments);
  }
  return InternalError("no such function");
}

Result<Value> Interpreter::CallMacro(const Callable& callable, const Arguments& arguments) {
  const Macro& macro = *callable.macro;
  std::optional<Value> caller = std::exchange(next_caller_, std::nullopt);
  LEMMA_RETURN_IF_ERROR(EnterScope());
  const ScopeGuard guard(*this, callable.scope);
  LEMMA_RETURN_IF_ERROR(EnterScope());
  if (caller && caller_symbol_) scope_->Set(*caller_symbol_, std::move(*caller));
  LEMMA_RETURN_IF_ERROR(BindParameters(macro, arguments));
  MarkedText text;
  LEMMA_RETURN_IF_ERROR(Exec(macro.body, text));
  return Value::String(std::move(text));
}

Status Interpreter::BindParameters(const Macro& macro, const Arguments& arguments) {
  std::vector<bool> used(arguments.named.size(), false);
  std::vector<const Parameter*> defaulted;
  LEMMA_RETURN_IF_ERROR(budget_.Steps(
      static_cast<int64_t>(macro.parameters.size() * arguments.named.size() / kMembersPerStep)));
  for (size_t i = 0; i < macro.parameters.size(); ++i) {
    const Parameter& parameter = macro.parameters[i];
    const Value* value = i < arguments.positional.size() ? &arguments.positional[i] : nullptr;
    for (size_t k = 0; k < arguments.named.size(); ++k) {
      if (arguments.named[k].name != ast_.symbols[parameter.name]) continue;
      if (value != nullptr) {
        return InvalidArgument(
            fmt::format("macro '{}' got two values for '{}'", macro.name, arguments.named[k].name));
      }
      value = &arguments.named[k].value;
      used[k] = true;
    }
    scope_->Set(parameter.name, value == nullptr ? Value() : *value);
    if (value == nullptr && parameter.fallback != nullptr) defaulted.push_back(&parameter);
  }
  for (const Parameter* parameter : defaulted) {  // a default may name other parameters
    LEMMA_ASSIGN_OR_RETURN(Value value, Eval(*parameter->fallback));
    scope_->Set(parameter->name, std::move(value));
  }
  return BindExtra(macro, arguments, std::move(used));
}

// Arguments beyond the parameters become varargs and kwargs, where the template knows those names.
Status Interpreter::BindExtra(const Macro& macro, const Arguments& arguments,
                              std::vector<bool> used) {
  const size_t declared = macro.parameters.size();
  Array varargs;
  for (size_t i = declared; i < arguments.positional.size(); ++i) {
    varargs.push_back(arguments.positional[i]);
  }
  if (!varargs.empty() && !varargs_symbol_) {
    return InvalidArgument(
        fmt::format("macro '{}' takes at most {} arguments", macro.name, declared));
  }
  Object kwargs;
  for (size_t k = 0; k < used.size(); ++k) {
    if (used[k]) continue;
    if (!kwargs_symbol_) {
      return InvalidArgument(
          fmt::format("macro '{}' takes no argument '{}'", macro.name, arguments.named[k].name));
    }
    const Keyword& keyword = arguments.named[k];
    kwargs.push_back({MarkedText(keyword.name, keyword.provenance), keyword.value});
  }
  if (varargs_symbol_) {
    LEMMA_ASSIGN_OR_RETURN(const Value list, MakeList(context_, std::move(varargs)));
    scope_->Set(*varargs_symbol_, Value::Tuple(*list.AsArray()));
  }
  if (kwargs_symbol_) {
    LEMMA_ASSIGN_OR_RETURN(Value dict, MakeDict(context_, std::move(kwargs)));
    scope_->Set(*kwargs_symbol_, std::move(dict));
  }
  return OkStatus();
}

Result<Value> Interpreter::MakeNamespace(const Arguments& arguments) {
  LEMMA_ASSIGN_OR_RETURN(const Value members, CallGlobal(context_, "dict", arguments));
  LEMMA_RETURN_IF_ERROR(budget_.Bytes(sizeof(Namespace)));
  namespaces_.push_back({*members.AsObject()});
  return Value::OfNamespace(&namespaces_.back());
}

}  // namespace lemma::chat::jinja
