// SPDX-License-Identifier: Apache-2.0
// The conversations that every template is rendered with. Each is rendered twice by its users:
// with add_generation_prompt true and false.

const user = (content) => ({role: "user", content});
const system = (content) => ({role: "system", content});
const assistant = (content, more = {}) => ({role: "assistant", content, ...more});
const call = (id, name, args) => ({id, type: "function", function: {name, arguments: args}});
const result = (id, name, content) => ({role: "tool", tool_call_id: id, name, content});
const tool = (name, description, parameters) =>
    ({type: "function", function: {name, description, parameters}});

const weather = tool("get_weather", "Current weather of a city", {
  type: "object",
  properties: {
    city: {type: "string", description: "Name of the city"},
    unit: {type: "string", enum: ["celsius", "fahrenheit"], description: "Unit of temperature"},
  },
  required: ["city"],
});
const calculate = tool("calculate", "Evaluates an expression.", {
  type: "object",
  properties: {
    expression: {type: "string", description: "such as \"1 + 2\" <or> 'a' & b"},
    digits: {type: "integer", description: "Digits after the point", default: 2, minimum: 0, maximum: 15},
  },
  required: ["expression"],
});
const now = tool("now", "The time", {type: "object", properties: {}});
const rich = tool("search_文档", "Durchsucht Dokumente – schnell; \"quoted\" \\ back", {
  type: "object",
  properties: {
    query: {type: "string", description: "Suchtext", maxLength: 200},
    tags: {type: "array", items: {type: "string"}, description: "tags"},
    limit: {type: ["integer", "null"], description: "how many", default: 10},
    exact: {type: "boolean", default: false},
    score: {type: "number", description: "at least", minimum: 0.5},
    when: {oneOf: [{type: "string", format: "date"}, {type: "integer"}], description: "date"},
    sort: {type: "array", items: {type: "string", enum: ["new", "old"]}},
  },
  required: ["query"],
});
const tools = [weather, calculate];

const weatherTurn = [
  user("What is the weather in Paris?"),
  assistant("", {tool_calls: [call("abcdef123", "get_weather", {city: "Paris", unit: "celsius"})]}),
  result("abcdef123", "get_weather", "{\"temperature\": 21.5, \"sky\": \"clear\"}"),
];
const withArguments = (args, content = "") => [
  user("Use the tool."),
  assistant(content, {tool_calls: [call("abcdef123", "calculate", args)]}),
  result("abcdef123", "calculate", "ok"),
];

export const conversations = {
  user: {messages: [user("Hello!")]},
  system: {messages: [system("You are terse."), user("Hello!")]},
  turns: {messages: [user("Hi"), assistant("Hello."), user("How are you?")]},
  system_turns: {
    messages: [system("You are terse."), user("Hi"), assistant("Hello."), user("2+2?"), assistant("4"), user("3+3?")],
  },
  ends_assistant: {messages: [user("Hi"), assistant("Hello.")]},
  long: {
    messages: [system("s"), ...Array.from({length: 12}, (_, i) => i % 2 ? assistant(`a${i}`) : user(`u${i}`)), user("end")],
  },
  unicode: {
    messages: [system("你是一个有用的助手。"), user("¿Qué es «ℝ»? 🧮👩‍👩‍👧 שלום"), assistant("Это — множество. ｜▁｜"), user("谢谢 e\u0301")],
  },
  spaces: {messages: [system("  padded\t"), user("\n\n  indented\n    more  \n"), assistant(" a \n"), user("\ttab")]},
  empty: {messages: [system(""), user(""), assistant(""), user("x")]},
  controls: {
    messages: [user("<|im_end|>\n<|im_start|>system\n</s>[/INST]<｜User｜><|eot_id|>{{ 7 * 7 }}{% raw %}"), assistant("<｜end▁of▁sentence｜>"), user("\u0001 \" \\ \u007f")],
  },
  think_inline: {
    messages: [user("2+2?"), assistant("<think>\nIt is four.\n</think>\n\nThe answer is 4."), user("3+3?")],
  },
  think_inline_last: {messages: [user("2+2?"), assistant("<think>\nIt is four.\n</think>\n\nThe answer is 4.")]},
  think_field: {
    messages: [user("2+2?"), assistant("The answer is 4.", {reasoning_content: "It is four."}), user("3+3?"), assistant("6", {reasoning_content: "Six."})],
  },
  think_field_null: {messages: [user("2+2?"), assistant("4", {reasoning_content: null}), user("3+3?")]},
  think_field_empty: {messages: [user("2+2?"), assistant("4", {reasoning_content: ""})]},
  think_unclosed: {messages: [user("q"), assistant("<think>\nno end"), user("go on"), assistant("</think>\n\ndone"), user("?")]},
  think_twice: {messages: [user("q"), assistant("<think>a</think>b<think>c</think>d"), user("r")]},
  think_in_user: {messages: [user("what is </think> for? <think>"), assistant("a tag"), user("ok")]},
  think_then_tool: {
    messages: [
      ...weatherTurn.slice(0, 1),
      assistant("Let me look.", {reasoning_content: "I need the tool.", tool_calls: [call("abcdef123", "get_weather", {city: "Paris"})]}),
      weatherTurn[2],
      assistant("<think>\nWarm.\n</think>\n\nIt is 21.5 degrees."),
    ],
    tools,
  },
  enable_thinking: {messages: [user("Hi")], enable_thinking: true},
  disable_thinking: {messages: [user("Hi"), assistant("Hello."), user("And?")], enable_thinking: false},
  disable_thinking_tools: {messages: [user("Hi")], tools, enable_thinking: false},
  tools_user: {messages: [user("Weather in Rome?")], tools},
  tools_system: {messages: [system("You are terse."), user("Weather in Rome?")], tools},
  tools_turns: {messages: [user("Hi"), assistant("Hello."), user("Weather?")], tools},
  tools_empty: {messages: [user("Hi")], tools: []},
  tools_null: {messages: [user("Hi")], tools: null},
  tool_without_parameters: {messages: [user("Time?")], tools: [now]},
  tool_rich: {messages: [user("Suche")], tools: [rich, weather]},
  tool_named_function: {messages: [user("x")], tools: [weather.function]},
  tool_call: {messages: weatherTurn, tools},
  tool_call_answer: {messages: [...weatherTurn, assistant("It is 21.5 degrees."), user("Thanks. And in Rome?")], tools},
  tool_call_system: {messages: [system("You are terse."), ...weatherTurn], tools},
  tool_call_without_tools: {messages: weatherTurn},
  tool_call_string: {messages: withArguments("{\"expression\": \"1 + 2\", \"digits\": 0}"), tools},
  tool_call_null_content: {messages: withArguments({expression: "1 + 2"}, null), tools},
  tool_call_null_content_string: {messages: withArguments("{\"expression\": \"1 + 2\"}", null), tools},
  tool_call_no_content: {
    messages: [user("Use it."), {role: "assistant", tool_calls: [call("abcdef123", "calculate", {expression: "2*3"})]}, result("abcdef123", "calculate", "6")],
    tools,
  },
  tool_call_text: {messages: withArguments({expression: "1 + 2"}, "I will compute."), tools},
  tool_call_values: {
    messages: withArguments({text: "a \"b\" \\ \n ü 🧮", whole: 7, half: 0.5, small: -3, yes: true, no: false, none: null, list: [1, "two", [3]], map: {k: {v: "w"}}, empty_list: [], empty_map: {}}),
    tools,
  },
  tool_call_no_arguments: {messages: withArguments({}), tools},
  tool_calls_two: {
    messages: [
      user("Paris and Rome?"),
      assistant("", {tool_calls: [call("abcdef123", "get_weather", {city: "Paris"}), call("abcdef124", "get_weather", {city: "Rome"})]}),
      result("abcdef123", "get_weather", "21"),
      result("abcdef124", "get_weather", "25"),
      assistant("21 and 25."),
      user("Thanks"),
    ],
    tools,
  },
  tool_calls_two_string: {
    messages: [
      user("Paris and Rome?"),
      assistant(null, {tool_calls: [call("abcdef123", "get_weather", "{\"city\": \"Paris\"}"), call("abcdef124", "get_weather", "{\"city\": \"Rome\"}")]}),
      result("abcdef123", "get_weather", "21"),
      result("abcdef124", "get_weather", "25"),
    ],
    tools,
  },
  tool_calls_twice: {
    messages: [
      ...weatherTurn,
      assistant("", {tool_calls: [call("abcdef125", "calculate", {expression: "21.5 * 2"})]}),
      result("abcdef125", "calculate", "43"),
    ],
    tools,
  },
  tool_call_short_id: {
    messages: [user("x"), assistant("", {tool_calls: [call("1", "calculate", {expression: "1"})]}), result("1", "calculate", "1")],
    tools,
  },
  tool_calls_empty: {messages: [user("x"), assistant("y", {tool_calls: []}), user("z")], tools},
  tool_calls_null: {messages: [user("x"), assistant("y", {tool_calls: null}), user("z")], tools},
  tool_result_object: {
    messages: [user("x"), assistant("", {tool_calls: [call("abcdef123", "calculate", {expression: "1"})]}), result("abcdef123", "calculate", {value: 1, unit: "m"})],
    tools,
  },
  tool_result_text: {
    messages: [user("x"), assistant("", {tool_calls: [call("abcdef123", "calculate", {expression: "1"})]}), result("abcdef123", "calculate", " </tool_response><|im_end|>\n\u4e00 ")],
    tools,
  },
  tools_in_system: {messages: [system("You are terse."), user("Weather?")], tools, tools_in_user_message: false},
  builtin_tools: {messages: [user("Plot it")], builtin_tools: ["brave_search", "code_interpreter"]},
  builtin_call: {
    messages: [user("Find it"), assistant("", {tool_calls: [call("abcdef123", "brave_search", {query: "lemma"})]}), {role: "ipython", content: "found"}],
    tools,
    builtin_tools: ["brave_search"],
  },
  code_interpreter: {messages: [user("Plot it")], tools: [{type: "code_interpreter"}, weather]},
  date: {messages: [system("s"), user("Which day?")], date_string: "01 Feb 2025"},
  firefunction: {messages: [system("s"), user("Weather?")], functions: "[{\"name\": \"get_weather\"}]", datetime: "2025-02-01 10:00"},
  documents: {
    messages: [user("What do they say?")],
    documents: [{title: "One", text: "First \"text\"."}, {title: "Zwei", text: "Zweiter Text."}],
  },
  documents_tools: {messages: [user("x")], documents: [{text: "t"}], tools, enable_citations: true},
  content_parts: {messages: [system("s"), user([{type: "text", text: "Look: "}, {type: "text", text: "done"}])]},
  content_image: {messages: [user([{type: "image"}, {type: "text", text: "What is it?"}])], add_vision_id: true},
  content_image_in_system: {messages: [system([{type: "image"}]), user("x")]},
  content_odd_part: {messages: [user([{type: "sound"}])]},
  assistant_first: {messages: [assistant("I begin."), user("ok")]},
  user_twice: {messages: [user("a"), user("b")]},
  assistant_twice: {messages: [user("a"), assistant("b"), assistant("c")]},
  system_late: {messages: [user("a"), system("be terse"), assistant("b"), user("c")]},
  system_twice: {messages: [system("one"), system("two"), user("c")]},
  system_only: {messages: [system("You are terse.")]},
  unknown_role: {messages: [user("a"), {role: "developer", content: "b"}]},
  no_messages: {messages: []},
  null_content: {messages: [user("a"), assistant(null), user("b")]},
  named: {messages: [{role: "user", content: "a", name: "Ada"}, assistant("b"), user("c")]},
};

// Variables that a template cannot do without, where a conversation does not give them. "*": all.
export const defaults = {
  "*": {bos_token: "<|bos|>", eos_token: "<|eos|>"},
  "CohereForAI-c4ai-command-r-plus-tool_use.jinja": {tools: []},
  "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja": {tools: []},
  "NousResearch-Hermes-3-Llama-3.1-8B-tool_use.jinja": {tools: []},
  "fireworks-ai-llama-3-firefunction-v2.jinja": {functions: "[]", datetime: "2025-02-01 10:00"},
};
