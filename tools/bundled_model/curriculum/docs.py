# SPDX-License-Identifier: Apache-2.0
"""F10: questions about one to three short documents; the answer quotes its source, or says it is not there."""

import random

from common import expand

from curriculum.core import Family

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_FACTS = {
    "zh": [("错误代码{code}表示{cause}", "错误代码{code}表示什么？", "cause"), ("型号{code}的{prop}为{value}", "型号{code}的{prop}是多少？", "value"),
           ("{place}的开放时间是{hour}点到{hour2}点", "{place}几点开放？", "hour"), ("{name}负责{task}", "谁负责{task}？", "name"),
           ("{item}的价格是{price}元", "{item}多少钱？", "price"), ("合同{code}于{year}年{month}月签订", "合同{code}是哪一年签订的？", "year"),
           ("{place}到{place2}的距离是{value2}千米", "{place}到{place2}有多少千米？", "value2"), ("{item}应在{temp}度以下保存", "{item}应在多少度以下保存？", "temp")],
    "en": [("error code {code} means {cause}", "What does error code {code} mean?", "cause"), ("the {prop} of model {code} is {value}", "What is the {prop} of model {code}?", "value"),
           ("{place} is open from {hour} to {hour2} o'clock", "At what hour does {place} open?", "hour"), ("{name} is responsible for {task}", "Who is responsible for {task}?", "name"),
           ("{item} costs {price} dollars", "How many dollars does {item} cost?", "price"), ("contract {code} was signed in {year}", "In which year was contract {code} signed?", "year"),
           ("the distance from {place} to {place2} is {value2} km", "How many km is it from {place} to {place2}?", "value2"), ("{item} must be kept below {temp} degrees", "Below how many degrees must {item} be kept?", "temp")],
}
_WORDS = {
    "zh": {"cause": ["温度过高", "电压过低", "水位不足", "门未关好", "传感器断开", "电机过载", "网络中断", "内存不足", "滤网堵塞", "密码错误"], "prop": ["额定功率", "额定电压", "重量", "容量", "最大转速"],
           "place": ["图书馆", "博物馆", "体育馆", "动物园", "科技馆", "植物园", "档案室", "服务台"], "name": ["张伟", "李娜", "王强", "刘洋", "陈静", "赵敏", "孙浩", "周杰"],
           "task": ["采购", "验收", "设备维护", "客户投诉", "安全检查", "培训", "预算", "仓库管理"], "item": ["一号试剂", "蓝色外套", "鲜牛奶", "电池组", "打印纸", "样品甲", "绿茶", "滤芯"]},
    "en": {"cause": ["high temperature", "low voltage", "low water", "door open", "sensor lost", "motor overload", "network down", "out of memory", "filter blocked", "wrong password"],
           "prop": ["power", "voltage", "weight", "capacity", "top speed"], "place": ["the library", "the museum", "the gym", "the zoo", "the science hall", "the garden", "the archive", "the service desk"],
           "name": ["Wei Zhang", "Nora Li", "Paul Wang", "Ida Berg", "Omar Aziz", "Lena Vogt", "Hugo Sun", "Jay Zhou"],
           "task": ["purchasing", "acceptance", "maintenance", "complaints", "safety checks", "training", "the budget", "the warehouse"],
           "item": ["reagent one", "the blue coat", "fresh milk", "the battery pack", "printer paper", "sample A", "green tea", "the filter"]},
}
_ASK = {"zh": {"1": "{q}请按[citation:X]的格式引用资料。", "2": "根据资料回答：{q}", "3": "请根据以上资料回答并引用原文：{q}", "4": "{q}", "5h": "看资料，引用原文回答：{q}"},
        "en": {"1": "{q} Cite the source as [citation:X].", "2": "Answer from the documents: {q}", "3": "Use the documents above and quote them: {q}", "4": "{q}", "5h": "With a quote from the text, answer: {q}"}}
MISSING = {"zh": "未找到", "en": "not found"}


class Documents(Family):
    """Params: (seed, lang-free layout): a fact list drawn from `seed`; (seed, documents, facts, asked, missing)."""

    name, share = "F10", 0.08

    def draw(self, rng, level):
        docs = min(level, 3)
        per = rng.randint(1, min(level, 3) + 1)
        return rng.randrange(1 << 30), docs, per, rng.randrange(docs * per), rng.random() < 0.25

    def _facts(self, params, lang):
        """[(sentence, question, value)] with one entry more than the documents hold."""
        rng, words = random.Random(params[0]), _WORDS[lang]
        seen, out = set(), []
        while len(out) < params[1] * params[2] + 1:
            kind = rng.randrange(len(_FACTS[lang]))
            sentence, question, slot = _FACTS[lang][kind]
            fill = {k: v[rng.randrange(len(v))] for k, v in words.items()}
            fill["place2"] = words["place"][rng.randrange(len(words["place"]))]
            fill.update(code=f"{_LETTERS[rng.randrange(len(_LETTERS))]}{rng.randint(100, 999)}", value=rng.randint(2, 950), value2=rng.randint(2, 950), hour=rng.randint(6, 11),
                        hour2=rng.randint(15, 22), price=rng.randint(2, 990), year=rng.randint(1990, 2026), month=rng.randint(1, 12), temp=rng.randint(2, 40))
            asked = question.format(**fill)
            if asked in seen or fill["place"] == fill["place2"]:
                continue
            seen.add(asked)
            out.append((sentence.format(**fill), asked, str(fill[slot])))
        return out

    def _layout(self, params, lang):
        """(documents as texts, question, value or None, number of the document, sentence)."""
        facts = self._facts(params, lang)
        _, docs, per, asked, missing = params
        end, gap = ("。", "") if lang == "zh" else (".", " ")
        texts = []
        for d in range(docs):
            own = [s[0].upper() + s[1:] if lang == "en" else s for s, _, _ in facts[d * per:(d + 1) * per]]
            texts.append(gap.join(s + end for s in own))
        if missing:
            return texts, facts[-1][1], None, 0, ""
        sentence, question, value = facts[asked]
        return texts, question, value, asked // per + 1, sentence[0].upper() + sentence[1:] if lang == "en" else sentence

    def documents(self, params, lang):
        return self._layout(params, lang)[0]

    def prompt(self, rng, lang, params, heldout):
        texts, question = self._layout(params, lang)[:2]
        name, ask = self.pick(rng, _ASK[lang], heldout)
        if len(texts) == 1 and rng.random() < 0.5:
            head = f"[file name]: {rng.choice(['notes', 'manual', 'report', '说明', '记录'])}.txt\n[file content begin]\n{texts[0]}\n[file content end]\n"
        else:
            head = "".join(f"[webpage {i} begin]{t}[webpage {i} end]\n" for i, t in enumerate(texts, 1))
        return name, head + expand(rng, ask).format(q=question)

    def solve(self, chain, params):
        texts, question, value, where, sentence = self._layout(params, chain.lang)
        chain.given(chain.say(f"资料{len(texts)}篇; 问: {question}", f"{len(texts)} documents; asked: {question}"))
        if value is None:
            chain.setup(chain.say("逐篇查找: 没有提到", "look in each: not mentioned"))
            chain.check(chain.say("没有原文可引", "nothing to quote"), True)
            return None
        chain.setup(chain.say(f"资料{where}: {sentence}", f"document {where}: {sentence}"))
        chain.note(chain.say(f"答案是{value}", f"the answer is {value}"))
        chain.check(chain.say(f"原文有“{value}”", f"the text has \"{value}\""), value in sentence)
        return value, where, sentence

    def truth(self, params):
        """By language: the caller asks boxed() and say() with the same params."""
        return None if params[4] else ()

    def boxed(self, answer, lang, params):
        if params[4]:
            return MISSING[lang]
        return answer[0] if answer else self._layout(params, lang)[2]

    def say(self, answer, lang, params):
        box = f"\\boxed{{{self.boxed(answer, lang, params)}}}"
        if answer is None:
            return f"资料中未找到。{box}" if lang == "zh" else f"Not found in the documents. {box}"
        _, _, _, where, sentence = self._layout(params, lang)
        return f"“{sentence}”[citation:{where}]。{box}" if lang == "zh" else f"\"{sentence}\"[citation:{where}]. {box}"
