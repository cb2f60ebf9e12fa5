# SPDX-License-Identifier: Apache-2.0
"""Wordings of F4, F6, F7. Ids in "h": evaluation only."""

CHOICE = {
    "apart": {
        "zh": {"t1t": "[班里|小组里|队里]有{n}[人|名队员]，[要选|挑选]{k}[人|名]，[但|可是|]甲、乙[不能都选|不可同时入选|只能选一个或都不选]，[有|共有]几种[选法|方法]？",
               "t2t": "甲和乙[有矛盾|不和]，不能同时[入选|被选]，从{n}人[中|里][选|挑]{k}人，[有多少种|几种]选法？",
               "1": "从{n}个人中选出{k}人，其中甲和乙不能同时入选，有多少种选法？", "2": "从{n}名同学中选{k}人参加会议，甲、乙两人不能同时被选，共有多少种不同的选法？",
               "3": "有{n}个人，选{k}人组成委员会，甲与乙互相拒绝共事，问有几种选法？", "4": "从{n}人里选派{k}人，其中有两人不愿意一起共事，有多少种不同的选法？",
               "5": "{n}人中选{k}人，甲乙不能都入选，有多少种方法？", "6": "从{n}名学生中选出{k}人，甲和乙不能同时参加，有多少种不同的选法？",
               "7h": "从{n}名代表中选{k}人，甲乙两人不能同时入选，有几种选法？", "8h": "有{n}名同学，选出{k}人参加，其中甲和乙不能同时被选中，共有多少种方法？"},
        "en": {"t1t": "[A coach|A teacher] picks {k} of {n} [players|pupils], but [Ann and Bob|two of them] [must not both|cannot both] be [picked|in the team]. How many [ways|choices]?",
               "t2t": "[Two|A and B] of {n} people [will not|do not want to] be chosen together. [In how many ways can|How often can] {k} be chosen?",
               "1": "In how many ways can {k} people be chosen from {n} people if two of them refuse to serve together?",
               "2": "From {n} people, choose {k}. Two people refuse to work together. How many ways are there?",
               "3": "How many committees of {k} can be formed from {n} people if A and B cannot both be chosen?",
               "4": "From {n} students, a committee of {k} is formed, but two particular students will not serve together. How many different committees are there?",
               "5": "There are {n} people and {k} are chosen. Alice and Bob cannot both be selected. How many ways are there?",
               "6h": "From {n} members, choose {k}. A and B cannot both be selected. How many ways are there?",
               "7h": "How many committees of {k} can be formed from {n} students if Alice and Bob refuse to serve together?"}},
    "must": {
        "zh": {"1": "从{n}人中选{k}人，甲必须入选，有多少种选法？", "2": "{n}名同学选{k}名，小明一定要选上，有几种选法？", "3h": "从{n}个人里挑{k}个，其中组长必须参加，有多少种方法？"},
        "en": {"1": "Choose {k} of {n} people; A must be chosen. How many ways?", "2": "From {n} students pick {k}, Alice always included. How many ways are there?",
               "3h": "A team of {k} is picked from {n} players and the captain must play. In how many ways?"}},
    "without": {
        "zh": {"1": "从{n}人中选{k}人，甲不能入选，有多少种选法？", "2": "{n}名同学选{k}名，小明生病不能参加，有几种选法？", "3h": "从{n}个人里挑{k}个，其中一人不参加，有多少种方法？"},
        "en": {"1": "Choose {k} of {n} people; A must not be chosen. How many ways?", "2": "From {n} students pick {k}, Bob is ill and cannot take part. How many ways are there?",
               "3h": "A team of {k} is picked from {n} players, but one is hurt and stays out. In how many ways?"}},
    "girl": {
        "zh": {"1": "有{b}名男生和{g}名女生，选{k}人，至少有1名女生，有多少种选法？", "2": "从{b}男{g}女中选出{k}人，要求至少一名女生，共几种选法？",
               "3h": "{b}个男生、{g}个女生，挑{k}人参加比赛，不能全是男生，有多少种方法？"},
        "en": {"1": "There are {b} boys and {g} girls. Choose {k} with at least one girl. How many ways?", "2": "From {b} men and {g} women a group of {k} is formed with at least one woman. How many groups?",
               "3h": "Pick {k} people out of {b} boys and {g} girls, not all of them boys. In how many ways?"}},
}
CHANCE = {
    "dice": {
        "zh": {"t1t": "[扔|掷出]{a}[个|颗|枚]骰子，[总和|点数总和|点数加起来][是|为|等于]{b}的[概率|可能性][是多少|有多大]？",
               "t2t": "{a}[个|枚]骰子[一起|同时][掷|扔]，[求|问]和为{b}的概率[。|是多少？]",
               "1": "掷{a}个骰子，点数之和为{b}的概率是多少？", "2": "同时掷{a}枚均匀的骰子，求点数之和是{b}的概率。", "3": "投掷{a}颗骰子，点数和等于{b}的概率是多少？",
               "4": "同时抛{a}枚骰子，求朝上的点数之和为{b}的概率", "5": "抛掷{a}个公平的骰子，它们的点数之和等于{b}的概率是多少", "6": "掷{a}颗普通的骰子，总点数是{b}的概率是多少？",
               "7h": "投{a}枚均匀的骰子，求总点数为{b}的概率。", "8h": "同时投掷{a}个骰子，点数的和为{b}的可能性是多少？"},
        "en": {"t1t": "[We throw|Someone rolls|I roll] {a} dice. [How likely is|What is the chance of] a [sum|total] of {b}?",
               "t2t": "[Probability|Chance] that {a} [fair |]dice [give|show|make] [a total of |the sum |]{b}?",
               "1": "{a} dice are rolled. What is the probability that the sum is {b}?", "2": "Roll {a} fair dice. Find the probability that the sum equals {b}.",
               "3": "What is the probability of getting a sum of {b} when rolling {a} dice?", "4": "You throw {a} fair six-sided dice. What is the probability that their sum is {b}?",
               "5": "If {a} standard dice are thrown, what is the chance that the numbers sum to {b}?", "6": "{a} ordinary dice are thrown. Find the chance that they add up to {b}.",
               "7h": "What is the chance that {a} fair dice add up to {b}?", "8h": "You roll {a} standard dice. What is the probability that the sum is exactly {b}?"}},
    "least": {
        "zh": {"1": "掷两个骰子，点数之和不小于{a}的概率是多少？", "2": "同时掷两枚骰子，求点数之和至少是{a}的概率。", "3h": "两颗骰子的点数加起来达到{a}或更多，概率是多少？"},
        "en": {"1": "Two dice are rolled. What is the probability that the sum is at least {a}?", "2": "Roll two dice: probability of a sum of {a} or more?",
               "3h": "How likely is it that two dice show {a} or more together?"}},
    "coins": {
        "zh": {"1": "抛{a}枚硬币，恰好{b}个正面的概率是多少？", "2": "连续抛{a}次硬币，求正好{b}次正面的概率。", "3h": "{a}枚均匀硬币中正面刚好有{b}枚，概率是多少？"},
        "en": {"1": "{a} fair coins are tossed. What is the probability of exactly {b} heads?", "2": "Flip a coin {a} times: probability of exactly {b} heads?",
               "3h": "How likely are exactly {b} heads in {a} fair coin tosses?"}},
    "same": {
        "zh": {"1": "袋中有{a}个红球和{b}个白球，任取2个，都是红球的概率是多少？", "2": "{a}红{b}白共装一袋，不放回取两个，求两个都是红球的概率。", "3h": "盒子里红球{a}个、白球{b}个，随机摸出2个全红的概率是多少？"},
        "en": {"1": "A bag has {a} red and {b} white balls. Two are drawn without replacement. What is the probability that both are red?",
               "2": "From {a} red and {b} white balls take two. Probability that both are red?", "3h": "{a} red and {b} white balls lie in a box; two are picked. How likely are two reds?"}},
    "different": {
        "zh": {"1": "袋中有{a}个红球和{b}个白球，任取2个，颜色不同的概率是多少？", "2": "{a}红{b}白共装一袋，不放回取两个，求一红一白的概率。", "3h": "盒子里红球{a}个、白球{b}个，随机摸出2个恰好一红一白的概率是多少？"},
        "en": {"1": "A bag has {a} red and {b} white balls. Two are drawn without replacement. What is the probability that their colors differ?",
               "2": "From {a} red and {b} white balls take two. Probability of one red and one white?", "3h": "{a} red and {b} white balls lie in a box; two are picked. How likely is one of each color?"}},
}
DIVIDES = {
    "zh": {"t1t": "{e}[总是|一定是|必是]{m}的倍数[吗|，对不对]？（n[是|为]整数）",
               "t2t": "[问|请判断]：[不论|无论]整数n[是多少|取何值]，{e}[都能|总能]被{m}整除[吗|]？",
               "t3t": "n是[任意|任何]整数，{m}[能整除|整除]{e}吗？",
               "1": "证明：对任意整数n，{e}能被{m}整除。", "2": "对于任意整数n，{e}是{m}的倍数，对吗？", "3": "判断：若n是整数，则{e}一定能被{m}整除。", "4": "n为整数，求证{e}总能被{m}整除",
           "5": "设n为整数，{e}总是{m}的倍数吗？", "6": "对所有整数n，{e}都能被{m}整除，这个命题成立吗？", "7h": "判断：对每个整数n，{e}能被{m}整除，是否成立？", "8h": "若n为整数，{e}一定是{m}的倍数吗？"},
    "en": {"t1t": "Does {m} [always |]divide {e} for [every|any|all] integer n?",
               "t2t": "[Is|Check whether] {e} [is |]a multiple of {m} whatever integer n is[?|.]",
               "t3t": "[Claim|Statement]: {m} divides {e} for all integers n. [Is it true|True]?",
               "1": "Prove that {e} is divisible by {m} for every integer n.", "2": "Is it true that {e} is always divisible by {m} for any integer n?",
           "3": "If n is an integer, then {e} is a multiple of {m}.", "4": "Show that for all integers n, {e} is divisible by {m}.",
           "5": "For every integer n, decide whether {e} is always a multiple of {m}.", "6": "True or false: for each integer n, {e} is divisible by {m}.",
           "7h": "Determine whether {e} is divisible by {m} for every integer n.", "8h": "Is it true that {e} is a multiple of {m} for all integers n?"},
}
EVEN = {
    "zh": {"e1": "证明：对任意整数n，{e}是偶数。", "e2": "若n为整数，则{e}一定是偶数，对吗？", "e3": "判断：n是整数，{e}总是偶数。", "e4h": "求证：对所有整数n，{e}都是偶数。"},
    "en": {"e1": "Prove that {e} is even for every integer n.", "e2": "Is it true that {e} is always even for any integer n?", "e3": "If n is an integer, then {e} is even.",
           "e4h": "Show that for all integers n, {e} is even."},
}
