// SPDX-License-Identifier: Apache-2.0
// The patterns of story clauses. What no pattern matches whole is not understood.
#include "check/story.h"

namespace lemma::check {
namespace {

const VerbClasses& Verbs() {
  static const VerbClasses kVerbs = {
      {"do", {"做好", "做",   "种",   "修",   "栽", "看",   "写",   "读",   "买", "捡",   "拔",
              "跑",   "走",   "吃",   "用",   "卖", "折",   "剪",   "运",   "摘", "养",   "生产",
              "加工", "包",   "画",   "拍",   "跳", "采集", "收集", "录",   "搬", "装",   "抄",
              "喝",   "存",   "捐",   "打",   "挖", "借",   "行",   "行驶", "交", "捉",   "抓",
              "钓",   "制作", "完成", "修好", "踢", "擦",   "烧",   "采",   "收", "铺",   "织",
              "糊",   "卖出", "借出", "找到", "去", "烤",   "投",   "数",   "背", "安装", "采摘",
              "销售", "售出", "种植", "印",   "缝", "浇",   "洗"}},
      {"lose",
       {"用去了", "用去",   "用掉了", "用掉",   "花去了", "花去",   "花掉", "花了",   "用了",
        "吃掉了", "吃掉",   "吃了",   "卖出了", "卖出",   "卖掉了", "卖掉", "卖了",   "卖去",
        "借走了", "借走",   "借出",   "借出了", "飞走了", "飞走",   "开走", "开走了", "拿走了",
        "拿走",   "运走了", "运走",   "送出",   "送出了", "游走",   "跑走", "跑走了", "剪去",
        "剪掉",   "剪去了", "坏了",   "死了",   "丢了",   "喝了",   "喝掉", "烧了",   "烧去",
        "搬走",   "搬走了", "走掉",   "离开了", "下车",   "看了",   "倒出", "倒掉",   "摘走",
        "砍掉",   "取出",   "取走",   "领走",   "领走了", "售出",   "跌落", "弄丢了", "寄出"}},
      {"spend", {"用去了", "用去", "用了", "用", "花去了", "花去", "花了", "花"}},
      {"gain", {"买来了", "买来",   "买回了", "买回",   "买进",   "买了",   "运来了", "运来",
                "运进",   "运进了", "飞来了", "飞来",   "开来了", "开来",   "来了",   "游来",
                "跑来",   "跑来了", "收到",   "收到了", "得到",   "得到了", "捡到",   "捡到了",
                "购进",   "新进",   "购买了", "购进了", "上车",   "开进",   "开进了", "搬来",
                "采来",   "摘来",   "赢了",   "放进",   "放入",   "借来"}}};
  return kVerbs;
}

struct Row {
  Fact fact;
  std::string_view names;
  std::string_view pattern;
};

// The first pattern that matches counts: the narrow ones stand first.
constexpr Row kRows[] = {
    // Comparisons.
    {Fact::kMore, "ab", "(养的|种的|买的|做的|画的|摘的)W比W(多|大|高|重|长|贵|多了)NU"},
    {Fact::kLess, "ab", "(养的|种的|买的|做的|画的|摘的)W比W(少|小|矮|轻|短|便宜|少了)NU"},
    {Fact::kTimes, "ab", "(养的|种的|买的|做的|画的|摘的)W是W的N倍"},
    {Fact::kTimes, "ab", "AuW(的价钱|的价格|的售价|的质量|的体重|的长度|)是W的N倍"},
    {Fact::kTimes, "b", "是W(年龄|体重|只数|的年龄|的体重|)的N倍"},
    {Fact::kMore, "ab", "W比W(多|大|高|重|长|贵|多了|高出)NU"},
    {Fact::kLess, "ab", "W比W(少|小|矮|轻|短|便宜|少了|低|便宜了)NU"},
    {Fact::kMore, "abn", "W比W多(<do>|<do>了|)NUw"},
    {Fact::kLess, "abn", "W比W少(<do>|<do>了|)NUw"},
    {Fact::kMore, "abn", "W比W多<do>(了|)NUw"},
    {Fact::kLess, "abn", "W比W少<do>(了|)NUw"},
    {Fact::kMore, "abn", "W<do>的比W多NUw"},
    {Fact::kLess, "abn", "W<do>的比W少NUw"},
    {Fact::kMore, "ab", "AuW比W(多|大|高|重|长|贵)NU"},
    {Fact::kLess, "ab", "AuW比W(少|小|矮|轻|短|便宜)NU"},
    {Fact::kMore, "a-b", "W的W比W(多|大|高|重|长|贵|多了)NUw"},
    {Fact::kLess, "a-b", "W的W比W(少|小|矮|轻|短|便宜|少了)NUw"},
    {Fact::kMore, "ab-", "W比W的W(多|大|高|重|长|贵|多了)NUw"},
    {Fact::kLess, "ab-", "W比W的W(少|小|矮|轻|短|便宜|少了)NUw"},
    {Fact::kMore, "b", "比W(多|大|高|重|长|贵)NU"},
    {Fact::kLess, "b", "比W(少|小|矮|轻|短|便宜)NU"},
    {Fact::kTimes, "ab",
     "W(的棵数|的只数|的数量|的人数|的个数|的本数|的朵数|的质量|的体重|的年龄|)是W的N倍"},
    {Fact::kTimes, "ab", "W<do>的(个数|棵数|只数|)是W的N倍"},
    {Fact::kTimes, "a-b", "W的W是W的N倍"},
    {Fact::kTimes, "ab", "W(有|<do>)的是W的N倍"},
    // A place or a thing, without a number.
    {Fact::kSetting, "-", "w(要买|想买|买)AuW"},
    {Fact::kSetting, "-", "w(有|)Au长方形(的|)w"},
    {Fact::kSetting, "-", "w(读|看|写|修|做|打|织|挖|铺|加工|抄|生产|完成)AuW"},
    {Fact::kSetting, "-", "w(有|)Au长方形(的|)w"},
    // Rates.
    {Fact::kEachGroup, "n-", "每NUw(站|放在|放进|装|扎成|分成|围成|坐|为|排成|摆成|住)AUw"},
    {Fact::kEachGroup, "n-", "每NUw(放在|装在|放入|装入|关在|放进)AUw(里|)"},
    {Fact::kEachGroup, "", "每NUAU"},
    {Fact::kEachGroup, "n", "NUwAU"},
    {Fact::kEach, "on",
     "(平均|)每Uw(有|要|装|放|站|坐|种|栽|摆|做|重|租金|租|卖|售价|售价是|是|都是|可装|可以装|能装|"
     "放了|住|分得|写|看|行|行驶|走|跑|飞行|生产|加工|挖|修|吃|用|采|打|用去|装了|有书|贴|"
     "需要|需|可以坐|能坐|卖出|分|分给|发|送|剪|摘|画|折|抄|背|挂|喝|骑|爬|织|跳|耕|浇|"
     "烧|印|存|节约|捐|花|付|收|交|可以做|能做|可做|产|运|可以运|能运|)NUw"},
    {Fact::kEach, "--n",
     "w每Uw(行|行驶|走|跑|飞行|生产|加工|修|吃|做|看|读|写|磨面|挖|能生产|能加工|能磨面|用|喝|骑|"
     "游|"
     "织|卖|卖出|拍|跳|打|养|种|栽|铺|耕|爬|烧|能修|能做|可以做|可以加工)NUw"},
    {Fact::kEach, "--n",
     "AuW每Uw(行|行驶|走|跑|飞行|生产|加工|磨面|能加工|能磨面|耕地|用|能生产)NUw"},
    {Fact::kLose, "-", "AuW(剪去|用去|截去|锯掉|吃去|吃了|用了|卖出|运走|运走了|看了)NUw"},
    {Fact::kEach, "o", "AUW(有|可以坐|能坐|可坐|能装|可以装|重|要|卖|售价|是|需要|需|)NU"},
    {Fact::kEach, "o", "AUwNU"},
    {Fact::kEach, "or", "WNUAU"},
    {Fact::kCost, "n", "w(要付|售价|价格是|卖|需要|需|要)N(元|元钱|块钱)"},
    {Fact::kPaid, "s", "w(付了|付|付出|给了售货员|付给售货员|给售货员|拿出|递给售货员)NU"},
    // Shares.
    {Fact::kShare, "n",
     "(把它们|把它|)(平均|)(分给|装入|装进|放入|放进|分成|摆成|排成|摆|站成)NUw(里|)"},
    {Fact::kShare, "n", "平均w(分给|装入|装进|放入|放进|分成|摆成|排成|摆)NUw(里|)"},
    {Fact::kLose, "-", "w(又|)(买|买了)AuW<spend>NU"},
    {Fact::kShareAll, "nn", "(把|)NUw平均(分给|分成|装入|装进|放入|放进|摆成)NUw(里|)"},
    {Fact::kShareAll, "--r", "wNUw<do>(了|)NUw"},
    {Fact::kShareAll, "--r", "w买(了|)NUw<spend>NU"},
    {Fact::kShareAll, "--r", "w买(了|)NUw(一共|共)<spend>NU"},
    {Fact::kShareAll, "--r", "wNUw(重|共重|一共重)NU"},
    {Fact::kShare, "-", "wNU(行完全程|走完全程|行完|走完|到达|可以到达)"},
    {Fact::kShare, "-", "AuWNU(行完全程|走完全程|行完|走完|到达|可以到达)"},
    {Fact::kShare, "-n", "w平均分(给|成|到|在|进)NUw(里|中|)"},
    {Fact::kShare, "-n",
     "w(平均|)(装|放|摆|排|站|分|栽|种|挂|贴|关|插|捆|扎|包|分装)(在|成|进|入|到|满)NUw(里|中|上|"
     ")"},
    {Fact::kShare, "--", "wNUW完"},
    {Fact::kShare, "n", "分别分给NUw"},
    {Fact::kShare, "", "NU(卖完|吃完|用完|修完|做完|看完|烧完|运完|走完|行完)"},
    {Fact::kShare, "-", "(乘|坐|开)WNU(可以到达|到达)"},
    {Fact::kShare, "nn", "把(这些|它们|)w(平均|)(摆成|分成|分给|装入|放入|排成)NUw(里|)"},
    // Sizes.
    {Fact::kLong, "-", "w(它的|)长(是|为|)NU"},
    {Fact::kWide, "", "宽(是|为|)NU"},
    {Fact::kLong, "-", "AuW的长(是|为)NU"},
    {Fact::kSide, "-", "AuW的边长(是|为)NU"},
    {Fact::kSide, "-", "AuW边长(是|为|)NU"},
    {Fact::kSide, "-", "Au边长(为|是|)NU的正方形w"},
    {Fact::kSide, "-", "w正方形w(的|)边长(是|为|)NU"},
    // Gains and losses.
    {Fact::kLose, "sn", "w(又|先|已经|已|)<lose>NUw(后|)"},
    {Fact::kLose, "-", "w(又|)(买|买了)W(又|)<spend>NU"},
    {Fact::kLose, "-", "W到W买W<spend>NU"},
    {Fact::kLose, "-", "到W(下车|卖出)NUw"},
    {Fact::kGive, "s-", "w(送给|发给|分给|借给|卖给|捐给|寄给|拿给)(了|)WNUw(后|)"},
    {Fact::kLose, "--", "w买了AuNU的W"},
    {Fact::kGain, "-", "到W上车NU"},
    {Fact::kGain, "s-n", "W在W<gain>NUw"},
    {Fact::kLose, "s", "w(又|)有NU(下车|离开|走了|飞走了)"},
    {Fact::kGain, "s", "w(又|)有NU(上车)"},
    {Fact::kLoseSome, "s",
     "w(拿走|借走|运走|用去|卖出|吃了|卖了|飞走|开走|剪去|用了)(了|)(一些|几U|若干U|一部分)w"},
    {Fact::kLoseSome, "sn", "w买了AuW"},
    {Fact::kGain, "sn", "w(又|)<gain>NUw"},
    {Fact::kGain, "sn", "w<gain>WNU"},
    {Fact::kLeft, "s", "w(还|)(剩下|剩|余下|剩余|还有)(了|)NUw"},
    {Fact::kPlan, "sn", "w(要|准备|计划|打算|想)<do>NUw"},
    {Fact::kPlan, "sn", "w(要|)<do>Au(长|)NU(长|)的W"},
    {Fact::kHave, "sn", "w(一共要|共要)<do>NUw"},
    {Fact::kDo, "sn", "w(又|已经|已|)<do>(了|)NUw"},
    {Fact::kDo, "sn", "w<do>(了|)WNU"},
    // Possessions.
    {Fact::kHave, "-n", "w(买了|借了|看|)AuW(有|共有|一共有|厚)NUw"},
    {Fact::kHave, "-n", "AuW(原来|原|)有WNU"},
    {Fact::kHave, "-", "从W到W(有|长|)NU"},
    {Fact::kHave, "sn", "w(原来|原|一共|总共|共|今天|现在|)有NUw"},
    {Fact::kHave, "sn", "w(原来|原|一共|总共|共|今天|现在|)有WNU"},
    {Fact::kHave, "-", "w(一共|共|总共)(用了|花了|付了|用去|重|卖了|用|花|付)NU"},
    {Fact::kHave, "-", "w相距NU"},
    {Fact::kHave, "-", "w从W到W(走了|要走|用了|行了|走)NU"},
    {Fact::kWhole, "-abn", "w有W(和|与)W(一共|共|)NUw"},
    {Fact::kWhole, "-abn", "w<do>(了|)W(和|与)W(一共|共|)NUw"},
    {Fact::kWhole, "ab", "W(和|与)W(一共|共|共有|一共有|总共有)NUw"},
    {Fact::kPart, "an", "其中W(有|)NUw"},
    {Fact::kPart, "n", "其中有NUw"},
    {Fact::kHave, "s", "w(带|带了|只有|只带了)NU"},
    {Fact::kHave, "s", "W的(体重|身高|年龄|价格|长度|质量|价钱|售价)(是|为)NU"},
    {Fact::kHave, "s", "W(今年|)N岁"},
    {Fact::kHave, "s", "W(重|高|身高|体重|体重是|长)NU"},
    {Fact::kGain, "sn", "w又(来了|来|买了|买来|运来|开来|飞来|放入|放进|加入|收到)NUw"},
    {Fact::kDo, "vn", "W了NUw"},
    {Fact::kDo, "v-n", "W了WNU"},
    {Fact::kSetting, "-", "AuW"},
    {Fact::kDo, "s-n", "W在W<do>(了|)NUw"},
    {Fact::kHave, "s-n", "W在W有NUw"},
    {Fact::kBare, "n", "NUW"},
    {Fact::kBare, "n", "WNU"},
    // Questions.
    {Fact::kAskInitial, "sn", "(这|那)uW原来(长|有|重|)QUw"},
    {Fact::kAskInitial, "sn", "w原来(长|重)QUw"},
    {Fact::kAskRatio, "a-b", "W的W是W的Q倍"},
    {Fact::kAskRatio, "ab", "W是W的Q倍"},
    {Fact::kAskOf, "s", "AuW(重|高|长|卖|售价是|的价钱是|的价格是|的价钱|要|)QU"},
    {Fact::kAskTotal, "-n", "NUw(一共|总共|共)(有|<do>了|<do>|用去|)QUw"},
    {Fact::kAskTotal, "--n", "NUw(一共|总共|共)W(了|)QUw"},
    {Fact::kAskWith, "-n", "w买NUw(要|需要|需|用|花|一共要|共要|一共需要|应付|要付|)QU"},
    {Fact::kAskWith, "-nn",
     "wNUw(可以|能|)(行|行驶|走|飞行|重|坐|装|做|生产|加工|有|跑|需要|要|"
     "用|"
     "卖|种|放|运|修|看|读|织|磨面|分给|)QUw"},
    {Fact::kAskMore, "ab", "(购进的|买来的|养的|)W比W(多|大|高|重|长|贵)QUw"},
    {Fact::kAskLess, "ab", "W比W(少|小|矮|轻|短|便宜)QUw"},
    {Fact::kAskMore, "a-b", "W的W比W(多|大|高|重|长|贵)QUw"},
    {Fact::kAskLess, "a-b", "W的W比W(少|小|矮|轻|短|便宜)QUw"},
    {Fact::kAskMore, "ab-", "W比W的W(多|大|高|重|长|贵)QUw"},
    {Fact::kAskLess, "ab-", "W比W的W(少|小|矮|轻|短|便宜)QUw"},
    {Fact::kAskMore, "abn", "W比W多<do>(了|)QUw"},
    {Fact::kAskLess, "abn", "W比W少<do>(了|)QUw"},
    {Fact::kAskRatio, "ab", "W(的棵数|的只数|的数量|的人数|的个数|)是W的Q倍"},
    {Fact::kAskEach, "on",
     "(平均|)每Uw(可以|能|应该|应|要|)(有|摆|装|放|分|分得|分到|得|得到|卖|吃|做|种|栽|坐|站|写|看|"
     "读|住|生产|"
     "修|走|行|行驶|加工|重|)QUw"},
    {Fact::kAskEach, "-", "(平均|)w每UwW(有|)QUw"},
    {Fact::kAskEach, "on",
     "(平均|)每Uw(有|摆|装|放|分|分得|分到|可以摆|卖|吃|做|种|栽|坐|可以分到|)QUw"},
    {Fact::kAskEach, "on", "w平均每Uw(<do>|<do>了|)QUw"},
    {Fact::kAskEach, "on", "平均每UwWQUw"},
    {Fact::kAskEach, "-", "w(平均|)每Uw(可以|能|应该|应|要|)wQUw"},
    {Fact::kAskLeft, "sn",
     "w(还|现在还|现在|)(剩下|剩余|剩|余下|余)(有|了|)QUw(没有看|没看|没有看完|没看完|没修|没擦|"
     "没用|"
     "没做|没写|)"},
    {Fact::kAskLeft, "sn", "w还有QUw(没有|没)<do>(完|好|到|)"},
    {Fact::kAskLeft, "sn", "w还有QUw"},
    {Fact::kAskLeft, "sn", "w还(需要|需|要|应)<do>QUw"},
    {Fact::kAskLeft, "sn", "w还(需要|需|要|应)<do>QUw才能<do>完"},
    {Fact::kAskLeft, "sn", "w还可以坐QUw"},
    {Fact::kAskLeft, "sn", "w还(有|剩|剩下)QUw没(有|)<do>(完|好|到|)"},
    {Fact::kAskLack, "s", "w还(差|缺|少)QU"},
    {Fact::kAskLack, "s", "w还(差|缺|少)QU才能(购买|买|买到)AuW"},
    {Fact::kAskChange, "s", "w(应|应该|可以|可|要|)找(回|给W|)QU"},
    {Fact::kAskNow, "ssn", "w(现在|这时)w(一共|共|还|)有QUw"},
    {Fact::kAskNow, "ssn", "w(现在|这时)w(还|)有WQU"},
    {Fact::kAskInitial, "sn", "w原来(一共|共|)有QUw"},
    {Fact::kAskInitial, "sn", "w原有QUw"},
    {Fact::kAskTaken, "sn", "w<lose>QUw"},
    {Fact::kAskArea, "s", "w(的|)面积(是|有|为|)QU"},
    {Fact::kAskPerimeter, "s", "w(的|)周长(是|有|为|)QU"},
    {Fact::kAskTotal, "abn", "W(和|与)W(一共|总共|共)(有|<do>了|<do>|)QUw"},
    {Fact::kAskTotal, "s", "w(一共|总共|共)<spend>(了|)QU"},
    {Fact::kAskTotal, "sn",
     "w(一共|总共|共|合计)(能|可以|可|要|应付|)(有|<do>了|<do>|用去|用了|)QUw"},
    {Fact::kAskTotal, "-n", "AUw(一共|总共|共)(有|<do>了|<do>|用去|)QUw"},
    {Fact::kAskTotal, "-n", "NUw(一共|总共|共)(有|<do>了|<do>|用去|)QUw"},
    {Fact::kAskTotal, "-", "NU(一共|总共|共)<do>WQU"},
    {Fact::kAskTotal, "-s", "w(参加|)W的W(一共|总共|共)有QU"},
    {Fact::kAskTotal, "sn", "w(一共|总共|共)W(了|)QUw"},
    {Fact::kAskTotal, "ab", "(买|)AuW(和|与)AuW(一共|总共|共|)(要|需要|用|花|付|应付|要付|需)QU"},
    {Fact::kAskTotal, "--n", "(这|)AUw(一共|总共|共)W(了|)QUw"},
    {Fact::kAskOf, "-", "从W到W(有|的路程是|的路程有|)QU"},
    {Fact::kAskOf, "-", "W到W(有|的路程是|的路程有|)QU"},
    {Fact::kAskOf, "sn",
     "w(需要|可以|能|可|要|)(有|<do>了|<do>|站|装|扎|分成|分|坐|住|放|重|高|身高|今年|是|)QUw"},
    {Fact::kAskOf, "sn", "w有WQU"},
    {Fact::kAskOf, "sn", "(这|那)uW(有|重|高|长|)QUw"},
    {Fact::kAskOf, "s-", "W的W(有|是|)QUw"},
    {Fact::kAskOf, "s-", "w(可以|能|可|要|需要|需|应)WQUw"},
    {Fact::kAskOf, "sn", "W了QUw"},
    {Fact::kSetting, "-", "W"},
};

}  // namespace

const std::vector<GrammarRow>& StoryGrammar() {
  static const std::vector<GrammarRow> kCompiled = [] {
    std::vector<GrammarRow> out;
    for (const Row& row : kRows)
      out.push_back({row.fact, row.names, Pattern(row.pattern, Verbs())});
    return out;
  }();
  return kCompiled;
}

}  // namespace lemma::check
