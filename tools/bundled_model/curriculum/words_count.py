# SPDX-License-Identifier: Apache-2.0
"""Wordings of F0, F1, F2, F5 and F9 beside those of version 1 (../phrases.py). Ids in "h": evaluation only."""

F0_VALUE = {
    "zh": {"t1t": "[式子|算式]{e}的[得数|答案|值]是[多少|几]？",
               "t2t": "[我想知道|请告诉我]{e}[等于|是]多少",
               "t3t": "[试|]求x，[其中|这里]x={e}",
               "t4t": "{e}[，结果呢|怎么算]？",
               "1": "[计算|求|算一算：|]{e}", "2": "{e}[等于多少|等于几|是多少]？", "3": "已知x={e}，求x的值。", "4": "求x：x={e}", "5": "{e}=？",
           "6": "[请|]算出{e}的[值|结果]。", "7": "若x={e}，则x是多少？", "8": "[小明|老师]要算{e}，[结果|得数]是多少？", "9": "解方程：x={e}",
           "10h": "求{e}的值。", "11h": "已知x={e}，x等于多少？"},
    "en": {"t1t": "[Tell me|I need|Say] what {e} [is|equals|comes to].",
               "t2t": "[Please work|Work] out {e}[ for me|]",
               "t3t": "[Find x where|Let] x = {e}.[ Find x.| What is x?|]",
               "t4t": "The [value|result] of {e} is?",
               "1": "[Compute|Calculate|Work out|Evaluate] {e}.", "2": "What is {e}?", "3": "If x = {e}, find x.", "4": "Solve x = {e}.", "5": "{e} = ?",
           "6": "[Find|Give] the value of {e}.", "7": "Given x = {e}, what is x?", "8": "[Tom|A clerk] has to compute {e}. What is the result?",
           "9": "Solve the equation x = {e} for x.", "10h": "Find x if x = {e}.", "11h": "How much is {e}?"},
}
F0_REST = {
    "zh": {"1": "{a}除以{b}，商和余数各是多少？", "2": "计算{a}÷{b}，用“商余数”的形式作答。", "3": "{a}÷{b}[商几余几|等于几余几]？", "4": "求{a}除以{b}的商和余数。",
           "5h": "把{a}除以{b}，得到几，余几？"},
    "en": {"1": "Divide {a} by {b}: quotient and remainder?", "2": "What are the quotient and remainder of {a} / {b}?", "3": "{a} divided by {b}, with remainder?",
           "4": "Find quotient and remainder when {a} is divided by {b}.", "5h": "How many times does {b} go into {a}, and what remains?"},
}
F0_REDUCE = {
    "zh": {"1": "把{a}/{b}约分。", "2": "{a}/{b}化成最简分数是多少？", "3": "约分：{a}/{b}", "4": "已知x={a}/{b}，求x的值。", "5": "求x：x={a}/{b}", "6h": "写出{a}/{b}的最简分数。"},
    "en": {"1": "Simplify {a}/{b}.", "2": "Reduce {a}/{b} to lowest terms.", "3": "Write {a}/{b} in lowest terms.", "4": "If x = {a}/{b}, find x.", "5": "Solve x = {a}/{b}.",
           "6h": "Find the lowest terms of {a}/{b}."},
}
F0_GCD = {
    "zh": {"1": "求{a}和{b}的最大公约数。", "2": "{a}与{b}的最大公因数是多少？", "3": "{a}、{b}的最大公约数是几？", "4h": "能同时整除{a}和{b}的最大整数是几？"},
    "en": {"1": "Find the greatest common divisor of {a} and {b}.", "2": "What is gcd({a}, {b})?", "3": "Greatest common factor of {a} and {b}?",
           "4h": "What is the largest number that divides both {a} and {b}?"},
}
# Wordings that the checker reads in full.
F1_READ = {
    "zh": {"t1t": "[一个|某个]笼子里[装着|关着]{a}和{b}，[头的总数|总头数]是{n}，[脚的总数|总脚数]是{m}，{a}、{b}[各|分别][多少|几]只？",
               "t2t": "[院里|家里]养着{a}与{b}，[合计|总计]{n}[只|个头]，[合计|总计]{m}[条腿|只脚]，[求|问]两种[动物|]各[有|]几只？",
               "t3t": "{a}{b}[混在一起|放在一起]，数头{n}，数[脚|腿]{m}，[那么|则]{a}几只，{b}几只？",
               "e1": "{a}{b}同笼，共有{n}个头，{m}只脚，问{a}{b}各几只？", "e2": "笼子里有{a}和{b}，从上面数有{n}个头，从下面数有{m}只脚，{a}和{b}各有多少只？",
           "e3": "今有{a}{b}同笼，上有{n}头，下有{m}足，问{a}{b}各几何？", "e4": "{a}和{b}共{n}只，共有{m}条腿。{a}、{b}各有几只？",
           "e5h": "{a}{b}同笼，头共{n}个，脚共{m}只，{a}{b}各多少只？", "e6": "农场里有一些{a}和{b}，一共{n}个头，{m}条腿，问{a}和{b}各有几只？",
           "e7h": "笼中有{a}和{b}若干只，头有{n}个，脚有{m}只，{a}{b}各有几只？"},
    "en": {"t1t": "[Inside|On] a farm [live|are] {a} and {b}; [one counts|we count] {n} heads and {m} [feet|legs]. How many {a}? How many {b}?",
               "t2t": "{a} and {b} [share|fill] a [pen|field]: {n} [animals|heads], {m} [legs|feet]. [Find|Give|Work out] both [numbers|counts].",
               "t3t": "With {n} heads and {m} [feet|legs] [in all|altogether], how many {a} and how many {b} [are in the yard|does the farmer have]?",
               "e1": "A farmer has {a} and {b} with {n} heads and {m} feet. How many {a} and how many {b} are there?",
           "e2": "There are some {a} and {b} in a cage, {n} heads and {m} legs in total. How many of each are there?",
           "e3": "A farm has {a} and {b}. There are {n} animals and {m} legs in all. How many of each kind are there?",
           "e4": "A cage contains {a} and {b}: {n} heads, {m} feet. How many {a}, how many {b}?",
           "e5": "In the cage there are {a} and {b}. Together they have {n} heads and {m} feet. How many {a} and {b} are there?",
           "e6h": "A yard has {a} and {b}. In total there are {n} heads and {m} legs. How many of each kind are there?",
           "e7h": "A farmer keeps some {a} and {b}, {n} heads and {m} feet in total. How many {a} and how many {b} are there?"},
}
F2_READ = {
    "zh": {"t1t": "[某个|一个]三位数[的|]三个[数位|]数字[加起来|相加][得|是|等于]{s}，[其中|]百位[数字|]比十位[数字|]{h}，个位[数字|]比十位[数字|]{u}，[它|这个数]是[几|多少]？",
               "t2t": "[猜数：|]三位数，百位比十位{h}，个位比十位{u}，[数字和|各位之和][是|为]{s}，[求它|求该数]。",
               "e1": "一个三位数，各位数字之和是{s}，百位比十位{h}，个位比十位{u}，求这个三位数。", "e2": "三位数的数字之和为{s}，百位数字比十位数字{h}，个位数字比十位数字{u}，这个三位数是多少？",
           "e3": "已知一个三位数，各位数字的和等于{s}，它的百位比十位{h}，个位比十位{u}，求该三位数。",
           "e4": "一个三位数的各位数字之和是{s}，百位上的数字比十位上的数字{h}，个位上的数字比十位上的数字{u}，求这个三位数",
           "e5h": "求三位数：各位数字之和为{s}，百位数字比十位数字{h}，个位数字比十位数字{u}。", "e6h": "有一个三位数，三个数字之和是{s}，百位比十位{h}，个位比十位{u}，这个三位数是多少？"},
    "en": {"t1t": "The [three|] digits of a number between 100 and 999 [sum|add up] to {s}; the hundreds digit is {h} the tens digit, the [units|ones] digit is {u} the tens digit. [Which number is it|Find it]?",
               "t2t": "[Guess my|I have a] three-digit number: the hundreds digit is {h} the tens digit, the [units|ones] digit is {u} the tens digit, [and|] the digit sum is {s}.",
               "e1": "A three-digit number has digit sum {s}. Its hundreds digit is {h} its tens digit and its units digit is {u} its tens digit. Find the number.",
           "e2": "The sum of the digits of a three-digit number is {s}. The hundreds digit is {h} the tens digit, and the ones digit is {u} the tens digit. What is the number?",
           "e3": "Find a three-digit number whose digits sum to {s}, with hundreds digit {h} the tens digit and units digit {u} the tens digit.",
           "e4h": "In a three-digit number the digits add up to {s}, the hundreds digit is {h} the tens digit, the units digit is {u} the tens digit. Find this number.",
           "e5h": "What is the three-digit number with digit sum {s} whose hundreds digit is {h} its tens digit and whose ones digit is {u} its tens digit?"},
}
F5_READ = {
    "zh": {"t1t": "[一个|有]数列，[首项|第一项]是@a@，[递推式|递推公式][是|为]a_{n+1}=@r@，[求|计算]a_@n@",
               "t2t": "a_1=@a@，a_{n+1}=@r@，[请|]求a_@n@[是多少|的值|]？",
               "t3t": "[数列的|]首项a1=@a@，[以后|]a(n+1)=@R@，[问|求]第@n@项a@n@",
               "e1": "数列{a_n}满足a_1=@a@，a_{n+1}=@r@，求a_@n@。", "e2": "已知a1=@a@，a(n+1)=@R@，求a@n@的值。", "e3": "数列a_n满足a_1=@a@，a_{n+1}=@r@。计算a_@n@",
           "e4": "数列满足a1=@a@，a(n+1)=@R@，则a@n@等于多少？", "e5": "已知a_1=@a@，且a_{n+1}=@r@，求a_@n@。", "e6": "设数列满足a_1=@a@，a_(n+1)=@r@，a_@n@是多少？",
           "e7h": "若a_1=@a@，a_{n+1}=@r@，那么a_@n@等于多少？", "e8h": "在数列{a_n}中，a_1=@a@，a_{n+1}=@r@，试求a_@n@的值。"},
    "en": {"t1t": "a_1 = @a@, a_{n+1} = @r@. a_@n@ = ?",
               "t2t": "[The first term is|We start with] a1 = @a@ and the rule is a(n+1) = @R@. [Work out|Find|Compute] a@n@.",
               "t3t": "[Suppose|Assume] a_1=@a@ and a_(n+1)=@r@. [Then what is|Calculate] a_@n@[?|.]",
               "e1": "A sequence satisfies a_1 = @a@ and a_{n+1} = @r@. Find a_@n@.", "e2": "Given a1=@a@, a(n+1)=@R@, find a@n@.",
           "e3": "The sequence {a_n} is defined by a_1=@a@, a_{n+1}=@r@. What is a_@n@?", "e4": "Let a_1 = @a@, a_(n+1) = @r@. Compute a_@n@.",
           "e5": "If a_1=@a@ and a_{n+1}=@r@, what is the value of a_@n@?", "e6": "A sequence has a_1 = @a@, a_{n+1} = @r@. Determine a_@n@.",
           "e7h": "Let a_1=@a@ and a_{n+1}=@r@. What is the value of a_@n@?", "e8h": "Where a_1 = @a@ and a_{n+1} = @r@, compute the value of a_@n@."},
}
EQUATION = {
    "zh": {"t1t": "[帮我|请]解[一下|]{e}",
               "t2t": "{e}，x=？",
               "t3t": "[求|找出]满足{e}的[x|实数x]。",
               "t4t": "[方程|等式]{e}[有哪些解|的根是什么|怎么解]？",
               "1": "解方程：{e}", "2": "求方程{e}的[所有|全部|]实数解。", "3": "解方程{e}，x等于多少？", "4": "求解{e}", "5": "已知{e}，求x的值。", "6": "方程{e}的解是什么？", "7": "若{e}，求x。",
           "8": "[请|]求{e}的[解|根]。", "9h": "解下列方程：{e}", "10h": "如果{e}，那么x是多少？"},
    "en": {"t1t": "{e}, x = ?",
               "t2t": "[Which|What] x [satisfies|solves] {e}?",
               "t3t": "[Please solve|Work out x from|Determine x from] {e}.",
               "t4t": "[The equation|We have] {e}. [Find its solutions|What are the roots|Which x fit]?",
               "1": "Solve {e}.", "2": "Find all real solutions of {e}.", "3": "Solve the equation {e} for x.", "4": "What are the real solutions of {e}?", "5": "Find all real x such that {e}.",
           "6": "Given that {e}, find x.", "7": "Solve for x: {e}", "8": "If {e}, what is x?", "9h": "Find all solutions to {e}.", "10h": "Solve the equation: {e}"},
}
