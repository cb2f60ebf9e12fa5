// SPDX-License-Identifier: Apache-2.0
// Word problems: what is left, sums, differences, comparisons, rates, shares, change, rectangles.
#include <fmt/format.h>

#include "check/eval_generate.h"

namespace lemma::check {
namespace {

struct Thing {
  std::string unit;
  std::string noun;
};
using Texts = std::vector<std::string>;

const Texts& People() {
  static const Texts people = {"小明", "小红", "李华", "王芳", "张老师", "丽丽", "乐乐", "爷爷"};
  return people;
}
const std::vector<Thing>& Things() {
  static const std::vector<Thing> things = {{"个", "苹果"}, {"本", "故事书"}, {"支", "铅笔"},
                                            {"张", "邮票"}, {"朵", "鲜花"},   {"颗", "糖"},
                                            {"块", "饼干"}, {"只", "气球"}};
  return things;
}
std::string Count(int64_t n, const Thing& thing) {
  return fmt::format("{}{}{}", n, thing.unit, thing.noun);
}
std::string Amount(int64_t n, const std::string& unit) { return std::to_string(n) + unit; }

// A story and its answer.
EvalProblem Told(std::string text, std::string answer) {
  return {std::move(text), std::move(answer), ""};
}

EvalProblem Left(EvalRandom& r) {
  const Thing& t = r.Pick(Things());
  const std::string& who = r.Pick(People());
  const int64_t a = r.Between(30, 99);
  const int64_t b = r.Between(2, 14);
  const int64_t c = r.Between(2, 14);
  const std::string u = t.unit;
  switch (r.Between(0, 3)) {
    case 0:
      return Told(fmt::format("{}有{}，用去{}{}，还剩多少{}？", who, Count(a, t), b, u, u),
                  Amount(a - b, u));
    case 1:
      return Told(fmt::format("{}原来有{}，用去{}{}，又用去{}{}，还剩下多少{}{}？", who,
                              Count(a, t), b, u, c, u, u, t.noun),
                  Amount(a - b - c, u));
    case 2:
      return Told(fmt::format("{}有{}，卖出{}{}后，又买来{}{}，现在有多少{}？", who, Count(a, t), b,
                              u, c, u, u),
                  Amount(a - b + c, u));
    default:
      return Told(
          fmt::format("{}带了{}元，买面包花了{}元，买牛奶花了{}元，还剩多少元？", who, a, b, c),
          Amount(a - b - c, "元"));
  }
}

EvalProblem Total(EvalRandom& r) {
  const Thing& t = r.Pick(Things());
  const std::string& who = r.Pick(People());
  const int64_t a = r.Between(3, 99);
  const int64_t b = r.Between(3, 99);
  const std::string u = t.unit;
  switch (r.Between(0, 3)) {
    case 0:
      return Told(fmt::format("{}有{}，小刚有{}{}，两人一共有多少{}{}？", who, Count(a, t), b, u, u,
                              t.noun),
                  Amount(a + b, u));
    case 1:
      return Told(
          fmt::format("{}上午买了{}，下午买了{}{}，一共买了多少{}？", who, Count(a, t), b, u, u),
          Amount(a + b, u));
    case 2:
      return Told(
          fmt::format("停车场里有{}辆汽车，后来又开来{}辆，停车场里一共有多少辆汽车？", a, b),
          Amount(a + b, "辆"));
    default:
      return Told(fmt::format("第一天修了{}米，第二天修了{}米，两天一共修了多少米？", a, b),
                  Amount(a + b, "米"));
  }
}

EvalProblem Compare(EvalRandom& r) {
  const int64_t a = r.Between(20, 90);
  const int64_t b = r.Between(2, 15);
  const int64_t k = r.Between(2, 6);
  switch (r.Between(0, 5)) {
    case 0:
      return Told(fmt::format("果园里有桃树{}棵，梨树比桃树多{}棵，梨树有多少棵？", a, b),
                  Amount(a + b, "棵"));
    case 1:
      return Told(fmt::format("图书室有故事书{}本，科技书比故事书少{}本，科技书有多少本？", a, b),
                  Amount(a - b, "本"));
    case 2:
      return Told(fmt::format("小兔拔了{}个萝卜，比小猪少{}个，小猪拔了多少个？", a, b),
                  Amount(a + b, "个"));
    case 3:
      return Told(fmt::format("果园里有桃树{}棵，梨树的棵数是桃树的{}倍，梨树有多少棵？", a, k),
                  Amount(a * k, "棵"));
    case 4:
      return Told(fmt::format("红红有{}张邮票，丽丽有{}张邮票，红红比丽丽多多少张邮票？", a + b, a),
                  Amount(b, "张"));
    default:
      return Told(fmt::format("弟弟今年{}岁，哥哥比弟弟大{}岁，哥哥今年多少岁？", b, k),
                  Amount(b + k, "岁"));
  }
}

EvalProblem Rate(EvalRandom& r) {
  const int64_t a = r.Between(2, 20);
  const int64_t b = r.Between(2, 40);
  switch (r.Between(0, 5)) {
    case 0:
      return Told(fmt::format("每盒有{}个球，学校买了{}盒，一共有多少个球？", a, b),
                  Amount(a * b, "个"));
    case 1:
      return Told(fmt::format("有{}名同学排队，每{}名同学站一排，可以站几排？", a * b, a),
                  Amount(b, "排"));
    case 2:
      return Told(fmt::format("王老师收到{}朵花，如果每{}朵扎成一束，可以扎几束？", a * b, a),
                  Amount(b, "束"));
    case 3:
      return Told(fmt::format("把{}本书平均分给{}个班，每个班分多少本？", a * b, b),
                  Amount(a, "本"));
    case 4:
      return Told(fmt::format("商店运来{}千克苹果，{}天卖完，平均每天卖多少千克？", a * b, b),
                  Amount(a, "千克"));
    default:
      return Told(fmt::format("有{}盆花，平均摆成{}排，每排摆几盆？", a * b, b), Amount(a, "盆"));
  }
}

EvalProblem Size(EvalRandom& r) {
  const int64_t a = r.Between(6, 60);
  const int64_t b = r.Between(2, a - 1);
  switch (r.Between(0, 3)) {
    case 0:
      return Told(fmt::format("一块长方形菜地，长{}米，宽{}米，面积是多少平方米？", a, b),
                  Amount(a * b, "平方米"));
    case 1:
      return Told(fmt::format("有一块长方形的草坪，长是{}米，宽是{}米，它的周长是多少米？", a, b),
                  Amount(2 * (a + b), "米"));
    case 2:
      return Told(fmt::format("一只羽毛球要{}元，波波付了{}元，应找回多少元？", b, a),
                  Amount(a - b, "元"));
    default:
      return Told(fmt::format("一个足球要{}元，小丽有{}元，还差多少元？", a, b),
                  Amount(a - b, "元"));
  }
}

}  // namespace

EvalProblem GenerateStory(EvalRandom& random) {
  switch (random.Between(0, 4)) {
    case 0:
      return Left(random);
    case 1:
      return Total(random);
    case 2:
      return Compare(random);
    case 3:
      return Rate(random);
    default:
      return Size(random);
  }
}

}  // namespace lemma::check
