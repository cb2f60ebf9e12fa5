#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of ollama_fuzz and anthropic_fuzz: bodies that use every field once.

Usage: make_body_seeds.py
"""
import json
import pathlib

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
OPTIONS = {"temperature": 0.5, "top_k": 40, "top_p": 0.9, "min_p": 0.0, "typical_p": 1.0,
           "repeat_penalty": 1.1, "repeat_last_n": -1, "presence_penalty": 0.1,
           "frequency_penalty": 0.1, "seed": 7, "num_predict": 16, "num_ctx": 2048, "stop": ["\n"],
           "num_gpu": 1, "mirostat": 0}
FUNCTION = {"name": "get", "description": "d", "parameters": {"type": "object"}}
OLLAMA = {
    "generate": {"model": "m", "prompt": "Hello 你好", "system": "s", "stream": False, "raw": False,
                 "think": True, "keep_alive": "1h30m", "options": OPTIONS, "logprobs": True,
                 "top_logprobs": 2, "truncate": True, "shift": False, "format": "", "context": [],
                 "suffix": "", "template": "", "images": []},
    "raw": {"model": "m", "prompt": "<s>x", "raw": True, "keep_alive": -1, "think": "low"},
    "chat": {"model": "m", "tools": [{"type": "function", "function": FUNCTION}], "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "q", "images": []},
        {"role": "assistant", "content": "", "thinking": "t", "tool_calls": [
            {"id": "c", "function": {"index": 0, "name": "get", "arguments": {"a": [1, 2.5]}}}]},
        {"role": "tool", "content": "21", "tool_name": "get", "tool_call_id": "c"}]},
    "embed": {"model": "m", "input": ["a", "b"], "truncate": False, "dimensions": 3},
    "embeddings": {"model": "m", "prompt": "a", "keep_alive": 0},
    "show": {"name": "m", "verbose": True},
}
ANTHROPIC = {
    "no_blocks": {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": []}]},
    "text": {"model": "m", "max_tokens": 99, "system": "s", "stream": True, "temperature": 0.5,
             "top_p": 0.9, "top_k": 5, "stop_sequences": ["E"], "metadata": {"user_id": "u"},
             "thinking": {"type": "enabled", "budget_tokens": 16}, "service_tier": "auto",
             "output_config": {"effort": "low"}, "messages": [{"role": "user", "content": "q"}]},
    "blocks": {"model": "m", "max_tokens": 9, "system": [{"type": "text", "text": "s",
                                                          "cache_control": {"type": "ephemeral"}}],
               "tools": [{"name": "get", "description": "d", "input_schema": {"type": "object"}}],
               "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
               "messages": [
                   {"role": "user", "content": [{"type": "text", "text": "q"}]},
                   {"role": "assistant", "content": [
                       {"type": "thinking", "thinking": "t", "signature": "s"},
                       {"type": "redacted_thinking", "data": "x"},
                       {"type": "text", "text": "a"},
                       {"type": "tool_use", "id": "t1", "name": "get", "input": {"a": 1}}]},
                   {"role": "user", "content": [
                       {"type": "tool_result", "tool_use_id": "t1", "is_error": True,
                        "content": [{"type": "text", "text": "21"}]}]},
                   {"role": "assistant", "content": "So"}]},
}


def main():
    for folder, bodies in (("ollama", OLLAMA), ("anthropic", ANTHROPIC)):
        (CORPUS / folder).mkdir(parents=True, exist_ok=True)
        for name, body in bodies.items():
            (CORPUS / folder / f"{name}.json").write_text(json.dumps(body, ensure_ascii=False))


if __name__ == "__main__":
    main()
