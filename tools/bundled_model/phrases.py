# SPDX-License-Identifier: Apache-2.0
"""Wordings of every problem family. Ids that end in "h" are held out: evaluation only."""

F1 = {
    "zh": {
        "1": "[笼子|院子|农场|棚子]里有{a}和{b}，[一共|总共|共]有{n}个头，{m}只脚，[问|求]{a}和{b}各有[几|多少]只？",
        "2": "{a}{b}同笼，[头共|共有头]{n}个，[脚共|共有脚]{m}只，{a}、{b}各[多少|几]只？",
        "3": "[今有|现有]{a}{b}同笼，上有{n}头，下有{m}足，问{a}{b}各几何？",
        "4": "[小明|小红|爷爷|奶奶|李叔叔|王阿姨|农夫]养了{a}和{b}[共|一共]{n}只，[它们|]一共有{m}条腿，{a}有[几|多少]只？{b}有[几|多少]只？",
        "5": "已知{a}和{b}的总数是{n}只，腿的总数是{m}条，求{a}和{b}的只数。",
        "6": "{a}和{b}加起来{n}只，脚加起来{m}只。各有多少？",
        "7": "{n}个头，{m}只脚，{a}和{b}各几只？",
        "8": "鸡兔同笼[问题|类问题]：{a}和{b}共{n}只，共{m}只脚，分别有多少只？",
        "9": "数一数，{a}与{b}的头有{n}个，腿有{m}条。请[算出|求出|计算]{a}与{b}各有多少只。",
        "10": "[动物园|草地上|河边]有[一些|若干]{a}和{b}，数头是{n}个，数腿是{m}条，{a}和{b}分别是几只？",
        "13": "{a}、{b}[都|]关在[一起|同一个笼子里|一个院子里]，[总共有|一共是]{n}个脑袋、{m}[只脚|条腿]，[请问|]各是多少？",
        "14": "[已知|有|知道]{a}、{b}[若干只|两种动物]，头的数目是{n}，脚的数目是{m}，[试求|求出]两种动物各[有多少|几只]。",
        "15": "[如果|要是|假如]{a}和{b}[共|一共|总共]有{n}只，腿[共|一共|总共]{m}条，{a}[有几只|多少只]，{b}[有几只|多少只]？",
        "16": "农场主[清点|数了数]动物：[只有|全是]{a}和{b}，{n}只动物，{m}[条腿|只脚]，[两种各几只|每种有多少只]？",
        "17": "头{n}，[腿|脚|足]{m}，[求|问]{a}、{b}[数量|各多少|各几只]",
        "18": "{m}条腿[属于|来自]{n}只动物，[它们|这些动物]是{a}或{b}，[分别|各]有几只？",
        "19": "[这里|农场上|院里][有|共有]{n}只[动物|小动物]，{a}或者{b}，[脚|腿]的[总数|数量][为|是]{m}，[两种动物的数量|每种的只数][是多少|各是几]？",
        "20": "[头数|动物总数]：{n}；[脚数|腿数]：{m}；[种类|动物]：{a}、{b}。[各几只|求每种多少]？",
        "11h": "有{n}只动物，不是{a}就是{b}，它们总共有{m}只脚。这些动物里{a}、{b}各占几只？",
        "12h": "如果{a}和{b}合起来数头为{n}，数脚为{m}，那么{a}是多少只，{b}是多少只？",
    },
    "en": {
        "1": "A [farm|cage|yard|barn] has {a} and {b}. There are {n} heads and {m} legs [in total|altogether|]. How many {a} and how many {b} are there?",
        "2": "There are {n} {a} and {b} with {m} legs [in total|altogether]. How many of each?",
        "3": "[Tom|Anna|A farmer|Mr. Lee|My uncle] keeps {a} and {b}. [He counts|They count|I count] {n} heads and {m} feet. Find the number of {a} and {b}.",
        "4": "{a} and {b} together have {n} heads and {m} legs. How many are {a} and how many are {b}?",
        "5": "Heads: {n}, legs: {m}. How many {a} and {b}?",
        "6": "The total number of {a} and {b} is {n}, and they have {m} legs. [Find|Compute|Work out] the number of each.",
        "7": "If there are {n} heads and {m} legs among {a} and {b}, how many of each animal are there?",
        "8": "Solve the {a} and {b} problem: {n} heads, {m} feet.",
        "9": "In a [field|zoo|pen] there are some {a} and some {b}, {n} animals and {m} feet. How many {a}? How many {b}?",
        "10": "I see {n} heads and {m} legs. They belong to {a} and {b}. How many of each are there?",
        "13": "[Suppose|Assume|Imagine] there are {n} animals, [each|all] either {a} or {b}. They have {m} [legs|feet]. [What are the numbers of each|How many of each kind]?",
        "14": "[Some|There are some] {a} and {b} are [in a pen|in one cage|on a hill]. [Counting gives|I counted] {n} heads and {m} [legs|feet]. [Tell me|Find out|Say] how many of each.",
        "15": "{m} [legs|feet] and {n} heads: {a} and {b}. [What is the count of each|How many of each]?",
        "16": "A farmer has only {a} and {b}, {n} [animals|heads] in all with {m} [legs|feet] in all. [Determine|Calculate|Give] the number of {a} and the number of {b}.",
        "17": "[We have|My neighbour has|The zoo owns] {n} {a} and {b} [together|in all]. Their [legs|feet] [number|add up to|total] {m}. How many {a}, how many {b}?",
        "18": "{n} animals [live|are] [here|on the farm|in the barn], [either {a} or {b}|{a} or {b}|only {a} or {b}]. Their [feet|legs] are {m} [in number|]. [How many of both kinds|Find the two counts]?",
        "19": "Number of heads: {n}. Number of [legs|feet]: {m}. [Animals|Kinds]: {a}, {b}. [Numbers?|How many of each?|Find each.]",
        "20": "[The count of|The number of] heads is {n} and [the count of|the number of] [legs|feet] is {m}. If [all animals are|there are only] {a} and {b}, how many of each?",
        "21": "[Both|Two kinds], {a} and {b}, [share a field|live together]. [Heads come to|There are] {n} heads, [legs come to|and] {m} legs. [Answer|Say|Tell] how many of [each kind|both].",
        "11h": "Every animal here is one of the {a} or one of the {b}. Counting heads gives {n}; counting legs gives {m}. What are the two numbers?",
        "12h": "We own {n} animals, only {a} and {b}, standing on {m} feet altogether. Tell me how many there are of each kind.",
    },
}

F1_WHEELS = {
    "zh": {
        "w1": "停车场[里|]有{a}和{b}共{n}辆，[一共|总共|共]有{m}个轮子，{a}和{b}各有[几|多少]辆？",
        "w2": "{a}和{b}一共{n}辆，轮子[一共|总共]{m}个，[各有多少辆|求各有几辆]？",
        "w3": "[店里|车棚里|院子里]停着{a}和{b}，[共|一共]{n}辆车，{m}个车轮，问{a}、{b}各几辆？",
        "w5": "[如果|已知]{a}与{b}的总数是{n}辆，轮子总数是{m}个，[两种车|它们]各多少辆？",
        "w6": "{n}辆车，{m}个轮子，[都是|全是|只有]{a}[或|和]{b}，[分别是|各有]多少辆？",
        "w7": "[小明|保安|管理员][看见|发现]{a}和{b}，车[共|有]{n}辆，轮子[共|有]{m}个，{a}几辆，{b}几辆？",
        "w4h": "数车有{n}辆，数轮子有{m}个，只有{a}和{b}两种，每种各多少辆？",
    },
    "en": {
        "w1": "A parking lot has {n} {a} and {b} with {m} wheels in total. How many {a} and {b} are there?",
        "w2": "There are {a} and {b}: {n} vehicles, {m} wheels. How many of each?",
        "w3": "A shop has {n} {a} and {b} [altogether|in total], and they have {m} wheels. Find how many of each.",
        "w5": "[Only {a} and {b} are parked here|The street is full of {a} and {b}]: {n} in number, {m} wheels. [How many of each|Find both numbers]?",
        "w6": "{n} vehicles [stand|are] in a garage, {a} or {b}. [Together they have|There are] {m} wheels. How many {a}, how many {b}?",
        "w7": "[We|They|The guards] see {m} wheels and {n} vehicles. [All are|They are] {a} or {b}. [Find|Give] the number of {a} and {b}.",
        "w4h": "Someone counted {m} wheels on {n} vehicles, all of them {a} or {b}. How many of each kind?",
    },
}

F1_PRICE = {
    "zh": {
        "p1": "{a}每张{la}元，{b}每张{lb}元，[小明|小红|老师|妈妈]买了{n}张，[共|一共]花了{m}元，{a}和{b}各买了几张？",
        "p2": "[电影院|公园|剧院]卖出{a}和{b}共{n}张，收入{m}元。{a}{la}元一张，{b}{lb}元一张，各卖出多少张？",
        "p3": "有{a}和{b}共{n}张，总价{m}元，单价分别是{la}元和{lb}元，求{a}和{b}各多少张。",
        "p5": "{n}张[门票|票]里有{a}也有{b}，{a}单价{la}元，{b}单价{lb}元，[合计|共计|总计]{m}元，[每种|两种]各多少张？",
        "p6": "[学校|公司|全班]花{m}元买了{n}张票，[有的是|一部分是]{a}（{la}元），[有的是|其余是]{b}（{lb}元），[各几张|各有多少张]？",
        "p7": "{a}：{la}元；{b}：{lb}元；[总数|张数]{n}，[总价|金额]{m}元，[求|问]各几张",
        "p8": "[某人|爸爸|张老师][付了|用了]{m}元，[得到|买到]{n}张票，{a}[票价|每张]是{la}元，{b}[票价|每张]是{lb}元，[分别|各自][是多少|有几]张？",
        "p4h": "一共{n}张票用去{m}元，其中{a}的价格是{la}元，{b}的价格是{lb}元。两种票各几张？",
    },
    "en": {
        "p1": "{a} cost {la} dollars each and {b} cost {lb} dollars each. {n} tickets cost {m} dollars in total. How many {a} and how many {b}?",
        "p2": "A [theater|park|school] sold {n} {a} and {b} for {m} dollars. {a} are {la} dollars, {b} are {lb} dollars. How many of each were sold?",
        "p3": "There are {n} {a} and {b} worth {m} dollars in total, priced at {la} and {lb} dollars. Find how many of each.",
        "p5": "[Someone|A teacher|Our class] paid {m} dollars for {n} tickets. Some were {a} ({la} dollars), the others {b} ({lb} dollars). [How many of each|Find both numbers]?",
        "p6": "{a}: {la} dollars, {b}: {lb} dollars, {n} tickets, {m} dollars [in all|together]. How many of each?",
        "p7": "With {a} at {la} dollars and {b} at {lb} dollars, {n} tickets [came to|made|brought in] {m} dollars. How many {a}? How many {b}?",
        "p4h": "For {m} dollars a group bought {n} tickets: {a} at {la} dollars and {b} at {lb} dollars. How many of each kind?",
    },
}

# {h} and {u} are relations such as "比十位数字大2".
F2 = {
    "zh": {
        "1": "一个三位数，[各位|各个数位上的|三个]数字之和是{s}，百位数字{h}，个位数字{u}，[求这个三位数|这个三位数是多少|这个数是几]？",
        "2": "[有一个|某个|某]三位数，数字[和|之和]为{s}，百位{h}，个位{u}。[求该数|求这个数|这个数是多少]。",
        "3": "求一个三位数：数字之和是{s}；百位数字{h}；个位数字{u}。",
        "4": "一个三位数的百位{h}，个位{u}，[各位数字和|三个数字的和]是{s}，这个数是多少？",
        "5": "[小明|小红|老师]想了一个三位数，它的百位数字{h}，个位数字{u}，数字之和等于{s}。[猜猜|请问]这个数是多少？",
        "6": "三位数，和{s}，百位{h}，个位{u}，求这个数",
        "7": "已知三位数的数字和为{s}，且百位上的数字{h}，个位上的数字{u}，[求此数|试求这个数]。",
        "8": "是否存在一个三位数，数字之和为{s}，百位数字{h}，个位数字{u}？[如果有，是多少|请求出来]？",
        "9": "找出满足条件的三位数：①数字之和为{s}；②百位{h}；③个位{u}。",
        "12": "[一个|有个]三位[数|的数]，[十位数字不知道|十位未知]，百位{h}，个位{u}，[三位数字|各位数字|三个数字]加起来[等于|是]{s}，[它|这个数]是[几|多少]？",
        "13": "我想[找|要]一个三位数：[各位|三位]数字[相加|加起来][得|是|等于]{s}，个位数字{u}，百位数字{h}。",
        "14": "[假设|如果]一个三位数的数字[总和|之和|和]是{s}，并且个位{u}，百位{h}，[那么|]它是[多少|什么数]？",
        "16": "百位{h}、个位{u}、数字和{s}的三位数[是|有吗|是多少|存在吗]？",
        "10h": "某数有三位，把三个数字加起来得{s}，而且百位数字{h}，个位数字{u}，你能说出它吗？",
        "11h": "密码是三位数：百位{h}，个位{u}，三个数字合计{s}。密码是什么？",
    },
    "en": {
        "1": "A three-digit number has digit sum {s}. Its hundreds digit {h} and its units digit {u}. [Find the number|What is the number].",
        "2": "Find a three-digit number [whose digits sum to|with digit sum] {s}, where the hundreds digit {h} and the units digit {u}.",
        "3": "The digits of a three-digit number add up to {s}. The hundreds digit {h}. The units digit {u}. What is the number?",
        "4": "In a three-digit number the hundreds digit {h}, the units digit {u}, and the sum of the digits is {s}. [What is it|Find it]?",
        "5": "[Tom|Anna|My teacher] is thinking of a three-digit number. The digit sum is {s}; the hundreds digit {h}; the units digit {u}. [What is the number|Which number is it]?",
        "6": "Three-digit number: sum of digits {s}, hundreds digit {h}, units digit {u}. Find it.",
        "7": "Is there a three-digit number with digit sum {s} such that the hundreds digit {h} and the units digit {u}?",
        "8": "Determine the three-digit number if its digits total {s}, the hundreds digit {h} and the units digit {u}.",
        "9": "The sum of the three digits of a number is {s}, the hundreds digit {h}, and the units digit {u}. Find the number.",
        "12": "[I am looking for|Give me|Name] a three-digit number: the digits [sum to|add to|make] {s}, the units digit {u}, the hundreds digit {h}.",
        "13": "The hundreds digit of a [three-digit number|number with three digits] {h}. Its units digit {u}. [All|The three] digits [together give|total|sum to] {s}. [Which|What] number [is it|is this]?",
        "14": "[Suppose|Assume|Say] a number of three digits has [digit total|sum of digits] {s}, its hundreds digit {h} and its units digit {u}. [Name it|Compute it|What number is that]?",
        "10h": "I picked a number with three digits. Adding them gives {s}. Its hundreds digit {h}, while its units digit {u}. Which number did I pick?",
        "11h": "A lock code has three digits. The hundreds digit {h} and the units digit {u}; all three together make {s}. What is the code?",
    },
}

F5 = {
    "zh": {
        "1": "数列a1={a}，a(n+1)={r}，求a{n}。",
        "2": "已知数列满足a1={a}，a(n+1)={r}，[求a{n}的值|则a{n}等于多少|a{n}是多少]？",
        "3": "[设|若]a(n+1)={r}，a1={a}，[计算|求]a{n}",
        "4": "一个数列的第一项是{a}，{w}，求第{n}项。",
        "5": "第1项为{a}，{w}，第{n}项是多少？",
        "6": "[递推数列|递推题|数列]：a1={a}，a_(n+1)={r2}，求a_{n}。",
        "7": "数列的首项是{a}，递推公式a(n+1)={r}，问a{n}=？",
        "8": "从{a}开始，{w}，[那么|]第{n}个数是多少？",
        "11": "[有这样|给出|考虑]一个数列，[首项|第一个数|第一项][为|是]{a}，{w}，[那么第|第]{n}[项|个数][等于|是][几|多少]？",
        "12": "a1={a}，[如果|且]a(n+1)={r}，[写出|算出|请计算|试求]a{n}。",
        "13": "[按规律|依次]算下去：[第一个数|首项]{a}，{w}，[第|求第]{n}[个|项]。",
        "14": "[关系式|规则|递推关系]a(n+1)={r}，[起始值|初值|首项]{a}，[求|计算]第{n}项[的值|]。",
        "9h": "有一列数，开头是{a}，{w}，请算出第{n}个数。",
        "10h": "给定首项a1={a}与关系式a(n+1)={r}，第{n}项的值为多少？",
    },
    "en": {
        "1": "A sequence has a1={a} and a(n+1)={r}. Find a{n}.",
        "2": "Given a1={a}, a(n+1)={r}, [compute|what is|find] a{n}?",
        "3": "[If|Let] a(n+1)={r} and a1={a}[, what is a{n}?|. Find a{n}.|. Calculate a{n}.]",
        "4": "The first term of a sequence is {a}, and {w}. Find term {n}.",
        "5": "The first term is {a}; {w}. What is term {n}?",
        "6": "Recurrence: a1={a}, a_(n+1)={r2}. Compute a_{n}.",
        "7": "Start with {a}; {w}. What is the number at position {n}?",
        "8": "For the recurrence a(n+1)={r} with a1={a}, evaluate a{n}.",
        "11": "[Consider|Take|There is] a sequence whose first [number|term|element] is {a}; {w}. [What does|What value does] term {n} [have|equal]?",
        "12": "a1={a}, a(n+1)={r}. [a{n}=?|What is a{n}?|Give a{n}.|Work out a{n}.]",
        "13": "[Beginning|Starting] with {a}, {w}. [Which number is|What is|Give] the {n}th [term|number|one]?",
        "14": "[The rule is|Rule:] a(n+1)={r}, [first term|start value|initial value] {a}. [Find|Compute|Tell me] [term {n}|the value of term {n}|a{n}].",
        "9h": "A list of numbers begins with {a}, and {w}. Which number stands in place {n}?",
        "10h": "Take a1={a} as the starting value and apply a(n+1)={r}. Tell me the value of a{n}.",
    },
}

F9 = {
    "zh": {
        "1": "解方程{e}", "2": "解方程：{e}。", "3": "求方程{e}的解。", "4": "{e}，[求{v}|求{v}的值|{v}等于多少|{v}=？]",
        "5": "[若|如果]{e}，[求{v}|那么{v}是多少|则{v}等于几]？", "6": "方程{e}的[解|根]是多少？",
        "7": "已知{e}，[求|计算]{v}[。|的值。]", "8": "[怎么解|如何解]{e}？", "9": "{v}满足{e}，{v}是多少？",
        "12": "[有一个|已知]方程{e}，[请|试][解出|求出|算出]{v}", "13": "[未知数|变量]{v}[使|满足]{e}，[问|求]{v}[是几|等于多少|的值]。",
        "14": "{v}[是多少|等于几]时{e}？", "15": "[考虑|看看]{e}，[它的解|解|根][是什么|是多少|是几]？", "16": "[由|从|根据]{e}[求|推出|算出]{v}",
        "10h": "什么数{v}能使{e}成立？", "11h": "当{e}时，未知数{v}取什么值？",
    },
    "en": {
        "1": "Solve {e}", "2": "Solve the equation {e}.", "3": "Solve for {v}: {e}", "4": "{e}, [what is {v}?|find {v}.|{v}=?]",
        "5": "If {e}, [what is {v}?|find {v}.|what is the value of {v}?]", "6": "Find the [root|solution] of {e}.",
        "7": "Given {e}, compute {v}.", "8": "[How do I solve|How to solve] {e}?", "9": "{e}",
        "12": "[Let|Suppose] {e}. [Find|Determine|Compute|What is] {v}", "13": "The [unknown|number|variable] {v} satisfies {e}. [What is it|Find it|Which number is {v}]?",
        "14": "For [what|which] {v} [is|do we have] {e}?", "15": "[Get|Give me|Tell me] {v} from {e}", "16": "{e}. [Work out|Determine|Calculate] {v}.",
        "10h": "Which value of {v} makes {e} true?", "11h": "Work out the unknown {v} when {e}.",
    },
}

F0 = {
    "zh": {
        "1": "{e}=？", "2": "{e}等于[多少|几]？", "3": "计算{e}", "4": "[算一下|算算|请计算|帮我算]{e}[。|]", "5": "{e}[是多少|得多少]？",
        "6": "求{e}的值。", "7": "{w}[等于|是]多少？", "8": "计算：{e}=", "11": "[请问|你知道|告诉我]{w}[等于|是|得][几|多少][？|吗|]", "12": "{w}", "13": "[求|算|计算]{w}[的值|的得数|]",
        "14": "{w}，[答案|得数|结果]是[几|多少]？", "15": "[如果把|把]{e}算出来，[是几|得多少|答案是什么]？", "16": "{e}的[值|答案|得数][是多少|是几|等于多少]？", "17": "[我要算|我想算]{e}", "9h": "{e}的结果是什么？", "10h": "我想知道{w}得几。",
    },
    "en": {
        "1": "{e}=?", "2": "What is {e}?", "3": "[Compute|Calculate|Evaluate] {e}[.|]", "4": "{e}=", "5": "{e}", "6": "How much is {e}?",
        "7": "What is {w}?", "8": "Find the value of {e}.", "11": "[How much is|Compute|Calculate|Work out|What's] {w}[?|]", "12": "{w}", "13": "[Can you|Please] [compute|calculate|add up|work out] {e}[?|]",
        "14": "[Give me|I need|I want] [the value of|the answer to] {e}", "15": "{w} [is|equals|gives] what?", "16": "[The answer to|The value of] {e} [is|is what]?", "17": "{w}=?", "9h": "Tell me the result of {e}.", "10h": "What do you get for {w}?",
    },
}

F0_COMPARE = {
    "zh": {
        "c1": "{a}和{b}哪个[大|更大]？", "c2": "比较{a}和{b}的大小。", "c3": "{a}与{b}，哪个数[大|更大|比较大]？",
        "c4": "{a}大还是{b}大？", "c6": "[请问|你说|]{a}[跟|和|与]{b}[比|相比][，|]哪个[大|更大|大一些]？", "c7": "[找出|说出]{a}、{b}[中|里面][大的|更大的|较大的][数|]", "c5h": "在{a}、{b}中，较大的数是哪一个？",
    },
    "en": {
        "c1": "Which is [larger|bigger|greater], {a} or {b}?", "c2": "Compare {a} and {b}.", "c3": "Which number is [larger|bigger]: {a} or {b}?",
        "c4": "Is {a} [larger|bigger] than {b}?", "c6": "[Between|Given|Among] {a} and {b}, which [one|number|] is [bigger|larger|greater]?", "c7": "[Find|Name|Give] the [larger|bigger|greater] of {a} and {b}.", "c5h": "Of {a} and {b}, which one has the greater value?",
    },
}
