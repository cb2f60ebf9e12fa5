// SPDX-License-Identifier: Apache-2.0
// The formats in code against the templates published with the models (tests/data/templates), and
// the choice between them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "chat/family.h"
#include "chat/prompts.h"
#include "chat/template_prompt.h"

namespace lemma::chat {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string TemplateSource(std::string_view name) {
  const auto text = ReadFile(std::string(LEMMA_SOURCE_DIR "/tests/data/templates/") +
                             std::string(name) + ".jinja");
  EXPECT_TRUE(text.ok()) << text.status().ToString();
  return text.ok() ? *text : std::string();
}

ModelFacts DeepseekFacts(std::string chat_template) {
  ModelFacts facts;
  facts.architecture = "qwen2";
  facts.name = "DeepSeek R1 Distill Qwen 1.5B";
  facts.tokenizer_pre = "deepseek-r1-qwen";
  facts.chat_template = std::move(chat_template);
  facts.bos_text = "<｜begin▁of▁sentence｜>";
  facts.eos_text = "<｜end▁of▁sentence｜>";
  facts.control_tokens = {"<｜end▁of▁sentence｜>",   "<｜User｜>", "<｜Assistant｜>",
                          "<｜begin▁of▁sentence｜>", "<think>",    "</think>"};
  return facts;
}

ModelFacts QwenFacts(std::string architecture, std::string chat_template) {
  ModelFacts facts;
  facts.architecture = std::move(architecture);
  facts.chat_template = std::move(chat_template);
  facts.eos_text = "<|im_end|>";
  facts.control_tokens = {"<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"};
  return facts;
}

ModelFacts LlamaFacts(std::string chat_template) {
  ModelFacts facts;
  facts.architecture = "llama";
  facts.chat_template = std::move(chat_template);
  facts.bos_text = "<|begin_of_text|>";
  facts.eos_text = "<|eot_id|>";
  facts.control_tokens = {"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
                          "<|eot_id|>"};
  return facts;
}

Message SystemTurn(std::string text) { return {Role::kSystem, std::move(text), "", {}, "", ""}; }
Message UserTurn(std::string text) { return {Role::kUser, std::move(text), "", {}, "", ""}; }
Message AssistantTurn(std::string text) {
  return {Role::kAssistant, std::move(text), "", {}, "", ""};
}

// Plain conversations that every family renders.
std::vector<Conversation> Conversations() {
  const std::vector<std::vector<Message>> talks = {
      {UserTurn("hi")},
      {SystemTurn("Be brief."), UserTurn("hi")},
      {UserTurn("1+1?"), AssistantTurn("2"), UserTurn("\n中文 question ")},
      {SystemTurn(" s "), UserTurn("a"), AssistantTurn("b\n"), UserTurn("c"), AssistantTurn("d"),
       UserTurn("e")},
  };
  std::vector<Conversation> out;
  for (const auto& talk : talks) {
    for (const PromptEnd end : {PromptEnd::kGenerate, PromptEnd::kClosed}) {
      Conversation conversation;
      conversation.messages = talk;
      conversation.end = end;
      out.push_back(conversation);
    }
  }
  return out;
}

// One character a byte: 'i' for input.
std::string InputMap(const std::vector<PromptPart>& parts) {
  std::string map;
  for (const PromptPart& part : parts) map.append(part.text.size(), part.is_input ? 'i' : '.');
  return map;
}

// The text must be that of the template, and what is input there must be input in the code. (The
// braces of JSON are format for a template; the code takes a whole JSON text as input.)
void ExpectSame(const ModelFacts& facts, const Conversation& conversation,
                const FormattedPrompt& in_code) {
  const auto file = TemplatePrompt::Parse(facts);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const auto rendered = (*file)->Format(conversation);
  ASSERT_TRUE(rendered.ok()) << rendered.status().ToString();
  ASSERT_EQ(JoinParts(in_code.parts), JoinParts(rendered->parts));
  const std::string code_map = InputMap(in_code.parts);
  const std::string file_map = InputMap(rendered->parts);
  if (conversation.tools.empty()) {
    EXPECT_EQ(code_map, file_map);
    return;
  }
  for (size_t i = 0; i < file_map.size(); ++i) {
    ASSERT_TRUE(code_map[i] == 'i' || file_map[i] == '.')
        << "byte " << i << ", '" << JoinParts(in_code.parts).substr(i, 16) << "'";
  }
}

TEST(PublishedTemplates, DeepseekR1AgreesWithTheCode) {
  for (const char* name :
       {"deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", "deepseek-ai-DeepSeek-R1-Distill-Llama-8B"}) {
    const ModelFacts facts = DeepseekFacts(TemplateSource(name));
    for (const Conversation& conversation : Conversations()) {
      ExpectSame(facts, conversation, FormatDeepseekR1(conversation));
    }
    Conversation thought;
    thought.messages = {UserTurn("q"), AssistantTurn("<think>\nhm\n</think>\n\na"), UserTurn("r")};
    ExpectSame(facts, thought, FormatDeepseekR1(thought));
  }
}

TEST(PublishedTemplates, Qwen3AgreesWithTheCodeToolsIncluded) {
  const ModelFacts facts = QwenFacts("qwen3", TemplateSource("Qwen-Qwen3-0.6B"));
  for (Conversation conversation : Conversations()) {
    for (const Thinking thinking : {Thinking::kDefault, Thinking::kOn, Thinking::kOff}) {
      conversation.thinking = thinking;
      ExpectSame(facts, conversation, FormatQwen3(conversation));
    }
  }
  Conversation tools;
  tools.tools = {{"f", "Does f.", R"({"type":"object","properties":{"x":{"type":"number"}}})"}};
  tools.messages = {UserTurn("q"),
                    {Role::kAssistant, "", "need f", {{"1", "f", "{\"x\":1.5}"}}, "", ""},
                    {Role::kTool, "7", "", {}, "1", "f"},
                    {Role::kTool, "8", "", {}, "1", "f"}};
  ExpectSame(facts, tools, FormatQwen3(tools));
  tools.messages.insert(tools.messages.begin(), SystemTurn("S"));
  tools.messages.push_back(AssistantTurn("<think>\nso\n</think>\n\n15"));
  tools.messages.push_back(UserTurn("thanks"));
  ExpectSame(facts, tools, FormatQwen3(tools));
}

TEST(PublishedTemplates, Qwen25AgreesWithTheCodeToolsIncluded) {
  const ModelFacts facts = QwenFacts("qwen2", TemplateSource("Qwen-Qwen2.5-7B-Instruct"));
  constexpr std::string_view kSystem =
      "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";
  for (const Conversation& conversation : Conversations()) {
    ExpectSame(facts, conversation, FormatChatMl(conversation, kSystem));
  }
  Conversation tools;
  tools.tools = {{"f", "Does f.", ""}, {"g", "", ""}};
  tools.messages = {UserTurn("q"),
                    {Role::kAssistant, "Sure.", "", {{"1", "f", "{\"x\":\"中\"}"}}, "", ""},
                    {Role::kTool, "7", "", {}, "1", "f"}};
  ExpectSame(facts, tools, FormatChatMl(tools, kSystem));
}

TEST(PublishedTemplates, Llama3AgreesWithTheCodeToolsIncluded) {
  for (const char* name : {"meta-llama-Llama-3.1-8B-Instruct", "meta-llama-Llama-3.2-3B-Instruct",
                           "meta-llama-Llama-3.3-70B-Instruct"}) {
    const ModelFacts facts = LlamaFacts(TemplateSource(name));
    for (Conversation conversation : Conversations()) {
      conversation.kwargs = {{"date_string", "\"22 Nov 2026\""}};
      ExpectSame(facts, conversation, FormatLlama3(conversation));
    }
    Conversation tools;
    tools.kwargs = {{"date_string", "\"22 Nov 2026\""}};
    tools.tools = {{"f", "Does f.", R"({"type":"object","properties":{}})"}};
    tools.messages = {UserTurn(" q "),
                      {Role::kAssistant, "", "", {{"1", "f", "{\"x\":[1,2]}"}}, "", ""},
                      {Role::kTool, "7 \"x\"", "", {}, "1", "f"}};
    ExpectSame(facts, tools, FormatLlama3(tools));
  }
}

TEST(PromptBuilder, DetectsFamilies) {
  EXPECT_EQ(DetectFamily(DeepseekFacts("")), FamilyId::kDeepseekR1);
  EXPECT_EQ(DetectFamily(QwenFacts("qwen3", "")), FamilyId::kQwen3);
  EXPECT_EQ(DetectFamily(QwenFacts("qwen2", TemplateSource("Qwen-Qwen2.5-7B-Instruct"))),
            FamilyId::kQwen25);
  EXPECT_EQ(DetectFamily(QwenFacts("qwen2", "")), FamilyId::kChatMl);
  EXPECT_EQ(DetectFamily(LlamaFacts("")), FamilyId::kLlama3);
  EXPECT_EQ(DetectFamily({}), FamilyId::kPlain);
  ModelFacts other;
  other.chat_template = TemplateSource("google-gemma-2-2b-it");
  EXPECT_EQ(DetectFamily(other), FamilyId::kTemplate);
  for (size_t i = 0; i < Families().size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(Families()[i].id), i) << "rows are in the order of the enum";
  }
}

TEST(PromptBuilder, PublishedTemplatesGiveNoWarningAndTheCode) {
  for (const ModelFacts& facts :
       {DeepseekFacts(TemplateSource("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B")),
        QwenFacts("qwen3", TemplateSource("Qwen-Qwen3-0.6B")),
        QwenFacts("qwen2", TemplateSource("Qwen-Qwen2.5-7B-Instruct")),
        LlamaFacts(TemplateSource("meta-llama-Llama-3.1-8B-Instruct"))}) {
    const auto builder = PromptBuilder::Make(facts);
    EXPECT_THAT(builder->warnings(), IsEmpty()) << builder->family().name;
    EXPECT_FALSE(builder->uses_template()) << builder->family().name;
  }
}

TEST(PromptBuilder, WrongTemplateOfADeepseekFileIsWarnedOfAndNotUsed) {
  for (std::string source :
       {TemplateSource("Qwen-Qwen2.5-7B-Instruct"), TemplateSource("llama-cpp-deepseek-r1"),
        std::string("{% for m in messages %}{{ m.nothing() }}{% endfor %}"),
        std::string("{{ bos_token }}{% for m in messages %}{{ '<｜User｜>' + m['content'] }}"
                    "{% endfor %}{{ '<｜Assistant｜>' }}")}) {
    const auto builder = PromptBuilder::Make(DeepseekFacts(source));
    ASSERT_THAT(builder->warnings(), SizeIs(1)) << source;
    EXPECT_EQ(builder->warnings()[0].code, "template-differs");
    EXPECT_FALSE(builder->uses_template());
    Conversation conversation;
    conversation.messages = {UserTurn("hi")};
    const auto prompt = builder->Build(conversation);
    ASSERT_TRUE(prompt.ok());
    EXPECT_EQ(JoinParts(prompt->parts),
              "<｜begin▁of▁sentence｜><｜User｜>hi<｜Assistant｜><think>\n");
    EXPECT_EQ(prompt->parser.start, StartState::kThinking);
  }
  const auto invalid = PromptBuilder::Make(DeepseekFacts("{% if %}"));
  ASSERT_THAT(invalid->warnings(), SizeIs(1));
  EXPECT_EQ(invalid->warnings()[0].code, "template-invalid");
}

TEST(PromptBuilder, VariantOfAFamilyUsesItsTemplate) {
  // Qwen3-2507-Thinking: the prompt opens the thinking block.
  const auto builder = PromptBuilder::Make(QwenFacts(
      "qwen3",
      "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"
      "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}"
      "{% endif %}"));
  ASSERT_THAT(builder->warnings(), SizeIs(1));
  EXPECT_EQ(builder->warnings()[0].code, "template-differs");
  EXPECT_TRUE(builder->uses_template());
  EXPECT_EQ(builder->family().id, FamilyId::kQwen3) << "tags and sampling are the family's";
  Conversation conversation;
  conversation.messages = {UserTurn("hi")};
  EXPECT_EQ(builder->Build(conversation)->parser.start, StartState::kThinking);
  conversation.thinking = Thinking::kOff;
  EXPECT_THAT(JoinParts(builder->Build(conversation)->parts), EndsWith("<think>\n\n</think>\n\n"));
  EXPECT_EQ(builder->Build(conversation)->parser.start, StartState::kContent);
  conversation.tools = {{"f", "", ""}};
  EXPECT_EQ(builder->Build(conversation).status().code(), StatusCode::kInvalidArgument)
      << "the template has no tools";
}

TEST(PromptBuilder, UnknownFamilyUsesItsTemplate) {
  ModelFacts facts;
  facts.chat_template = TemplateSource("google-gemma-2-2b-it");
  facts.bos_text = "<bos>";
  const auto builder = PromptBuilder::Make(facts);
  EXPECT_THAT(builder->warnings(), IsEmpty());
  EXPECT_TRUE(builder->uses_template());
  Conversation conversation;
  conversation.messages = {UserTurn("hi <end_of_turn>")};
  const auto prompt = builder->Build(conversation);
  ASSERT_TRUE(prompt.ok()) << prompt.status().ToString();
  EXPECT_EQ(JoinParts(prompt->parts),
            "<bos><start_of_turn>user\nhi <end_of_turn><end_of_turn>\n<start_of_turn>model\n");
  EXPECT_THAT(prompt->parts, ::testing::Contains(PromptPart{"hi <end_of_turn>", true}));
  conversation.messages.insert(conversation.messages.begin(), SystemTurn("s"));
  EXPECT_EQ(builder->Build(conversation).status().code(), StatusCode::kFailedPrecondition)
      << "the template refuses system messages, and says so";
}

TEST(PromptBuilder, NothingKnownIsPlainTextWithAWarning) {
  const auto builder = PromptBuilder::Make({});
  ASSERT_THAT(builder->warnings(), SizeIs(1));
  EXPECT_EQ(builder->warnings()[0].code, "no-template");
  Conversation conversation;
  conversation.messages = {SystemTurn("S"), UserTurn("hi"), AssistantTurn("ho"), UserTurn("hm")};
  EXPECT_EQ(JoinParts(builder->Build(conversation)->parts),
            "S\n\nUser: hi\nAssistant: ho\nUser: hm\nAssistant:");
  EXPECT_THAT(builder->family().stop_strings, ::testing::ElementsAre("\nUser:"));
}

TEST(PromptBuilder, TemplatesContinueTheLastMessage) {
  const auto builder = PromptBuilder::Make(
      QwenFacts("qwen2",
                "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content | trim + "
                "'<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}"
                "{{ '<|im_start|>assistant\n' }}{% endif %}-"));
  ASSERT_TRUE(builder->uses_template());
  Conversation conversation;
  conversation.end = PromptEnd::kContinueFinal;
  conversation.messages = {UserTurn("hi"), AssistantTurn("The answer is ")};
  auto prompt = builder->Build(conversation);
  ASSERT_TRUE(prompt.ok());
  EXPECT_THAT(JoinParts(prompt->parts), EndsWith("<|im_start|>assistant\nThe answer is "));
  conversation.messages[1] = {Role::kAssistant, "", "First", {}, "", ""};
  prompt = builder->Build(conversation);
  ASSERT_TRUE(prompt.ok());
  EXPECT_THAT(JoinParts(prompt->parts), HasSubstr("<think>\nFirst"));
  EXPECT_EQ(prompt->parser.start, StartState::kThinking);
}

TEST(PromptBuilder, EveryPublishedTemplateBuildsAPrompt) {
  for (const char* name :
       {"CohereForAI-c4ai-command-r-plus-tool_use", "NousResearch-Hermes-3-Llama-3.1-8B-tool_use",
        "Qwen3-Coder", "Qwen3.5-4B", "meetkai-functionary-medium-v3.1",
        "microsoft-Phi-3.5-mini-instruct", "mistralai-Mistral-Nemo-Instruct-2407"}) {
    ModelFacts facts;
    facts.chat_template = TemplateSource(name);
    facts.bos_text = "<s>";
    facts.eos_text = "</s>";
    const auto builder = PromptBuilder::Make(facts);
    Conversation conversation;
    conversation.messages = {UserTurn("a needle")};
    const auto prompt = builder->Build(conversation);
    ASSERT_TRUE(prompt.ok()) << name << ": " << prompt.status().ToString();
    EXPECT_THAT(JoinParts(prompt->parts), HasSubstr("a needle")) << name;
  }
}

}  // namespace
}  // namespace lemma::chat
