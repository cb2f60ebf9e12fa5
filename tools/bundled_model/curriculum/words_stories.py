# SPDX-License-Identifier: Apache-2.0
"""Stories of F8: wordings, ranges, steps. Ids in "h": evaluation only. "read": the checker knows the Chinese ones."""

PEOPLE = {"zh": ["小明", "小红", "李华", "王芳", "丽丽", "乐乐", "小刚", "小军"], "en": ["Tom", "Anna", "Ben", "Lucy", "Mia", "Sam", "Emma", "Jack"]}
THINGS = {"zh": [("个", "苹果"), ("本", "故事书"), ("支", "铅笔"), ("张", "邮票"), ("朵", "鲜花"), ("颗", "糖"), ("块", "饼干"), ("只", "气球")],
          "en": [("", "apples"), ("", "books"), ("", "pencils"), ("", "stamps"), ("", "flowers"), ("", "candies"), ("", "cookies"), ("", "balloons")]}


def _less(rng, top):
    a = rng.randint(10, max(20, top))
    return a, rng.randint(2, a - 1)


def _two_less(rng, top):
    a = rng.randint(20, max(30, top))
    b = rng.randint(2, a - 6)
    return a, b, rng.randint(2, a - b - 1)


def _any2(rng, top):
    return rng.randint(3, top), rng.randint(3, top)


def _any3(rng, top):
    return rng.randint(3, top), rng.randint(3, top), rng.randint(3, top)


def _in_out(rng, top):
    a, b = _less(rng, top)
    return a, b, rng.randint(2, top)


def _product(rng, top):
    return rng.randint(2, 9 if top < 99 else 24), rng.randint(2, 20 if top < 99 else min(top, 60))


def _quotient(rng, top):
    a, b = _product(rng, top)
    return a * b, a


def _product_minus(rng, top):
    a, b = _product(rng, top)
    return a, b, rng.randint(1, a * b - 1)


def _product_plus(rng, top):
    return (*_product(rng, top), rng.randint(2, top))


def _times(rng, top):
    return rng.randint(3, top), rng.randint(2, 6)


def _times_more(rng, top):
    return rng.randint(3, top), rng.randint(2, 6), rng.randint(2, 20)


def _minus_share(rng, top):
    c, q = rng.randint(2, 9), rng.randint(2, max(6, top // 6))
    b = rng.randint(2, top)
    return c * q + b, b, c


def _two_products(rng, top):
    small = 9 if top < 99 else 15
    return rng.randint(2, small), rng.randint(2, max(9, top // 8)), rng.randint(2, small), rng.randint(2, max(9, top // 8))


def _share_two(rng, top):
    """Two amounts together, put evenly into c groups."""
    c, q = rng.randint(2, 9), rng.randint(3, max(8, top // 5))
    a = rng.randint(1, c * q - 1)
    return a, c * q - a, c


def _percent(rng, top):
    p = rng.choice([10, 20, 25, 30, 40, 50, 60, 75, 80, 90])
    return 20 * rng.randint(1, max(5, top // 10)), p


def _change(rng, top):
    a, b = rng.randint(2, 9), rng.randint(2, max(9, top // 8))
    return a, b, a * b + rng.randint(1, 30)


def _speed(rng, top):
    t, v, w = rng.randint(2, 9), rng.randint(4, max(12, top)), rng.randint(4, max(12, top))
    return v, w, t


STORIES = {
    "left": {"level": 1, "read": True, "draw": _less, "formula": "a-b", "steps": [("-", "a", "b")], "back": [("+", "x", "b")], "to": "a",
             "zh": {"1": "{who}有{a}{u}{noun}，用去{b}{u}，还剩多少{u}？", "2": "{who}有{a}{u}{noun}，送给{who2}{b}{u}，还剩多少{u}？", "3": "{who}有{a}{u}{noun}，卖出{b}{u}，还剩多少{u}？",
                    "4h": "{who}原来有{a}{u}{noun}，用去{b}{u}，还剩下多少{u}{noun}？"},
             "en": {"1": "{who} has {a} {noun} and uses {b} of them. How many {noun} are left?", "2": "{who} had {a} {noun} and gave {b} to {who2}. How many {noun} does {who} have now?",
                    "3h": "Of {a} {noun}, {who} sold {b}. How many {noun} remain?"}},
    "left2": {"level": 1, "read": True, "draw": _two_less, "formula": "a-b-c", "steps": [("-", "a", "b"), ("-", "#0", "c")], "back": [("+", "x", "c"), ("+", "#0", "b")], "to": "a",
              "zh": {"1": "{who}原来有{a}{u}{noun}，用去{b}{u}，又用去{c}{u}，还剩下多少{u}{noun}？", "2": "{who}带了{a}元，买面包花了{b}元，买牛奶花了{c}元，还剩多少元？",
                     "3h": "{who}有{a}{u}{noun}，卖出{b}{u}，又卖出{c}{u}，还剩多少{u}？"},
              "en": {"1": "{who} had {a} {noun}, used {b} and then {c} more. How many {noun} are left?", "2": "{who} took {a} dollars, spent {b} on bread and {c} on milk. How many dollars are left?",
                     "3h": "From {a} {noun} {who} gave away {b} in the morning and {c} in the evening. How many {noun} remain?"}},
    "inout": {"level": 1, "read": True, "draw": _in_out, "formula": "a-b+c", "steps": [("-", "a", "b"), ("+", "#0", "c")], "back": [("-", "x", "c"), ("+", "#0", "b")], "to": "a",
              "zh": {"1": "{who}有{a}{u}{noun}，卖出{b}{u}后，又买来{c}{u}，现在有多少{u}？", "2": "{who}有{a}{u}{noun}，用去{b}{u}，又买来{c}{u}，现在有多少{u}？", "3h": "{who}有{a}{u}{noun}，送出{b}{u}后，又买来{c}{u}，现在有多少{u}？"},
              "en": {"1": "{who} has {a} {noun}, sells {b} and then buys {c}. How many {noun} does {who} have now?", "2h": "{who} owned {a} {noun}. After selling {b}, {who} got {c} new ones. How many {noun} now?"}},
    "total": {"level": 1, "read": True, "draw": _any2, "formula": "a+b", "steps": [("+", "a", "b")], "back": [("-", "x", "b")], "to": "a",
              "zh": {"1": "{who}有{a}{u}{noun}，{who2}有{b}{u}，两人一共有多少{u}{noun}？", "2": "{who}上午买了{a}{u}{noun}，下午买了{b}{u}，一共买了多少{u}？", "3": "第一天修了{a}米，第二天修了{b}米，两天一共修了多少米？",
                     "4h": "停车场里有{a}辆汽车，后来又开来{b}辆，停车场里一共有多少辆汽车？"},
              "en": {"1": "{who} has {a} {noun} and {who2} has {b}. How many {noun} do they have together?", "2": "{who} bought {a} {noun} in the morning and {b} in the afternoon. How many {noun} in total?",
                     "3h": "There are {a} {noun} in one box and {b} in another. How many {noun} is that in all?"}},
    "more": {"level": 1, "read": True, "draw": _any2, "formula": "a+b", "steps": [("+", "a", "b")], "back": [("-", "x", "b")], "to": "a",
             "zh": {"1": "果园里有桃树{a}棵，梨树比桃树多{b}棵，梨树有多少棵？", "2": "小兔拔了{a}个萝卜，比小猪少{b}个，小猪拔了多少个？", "3h": "图书室有故事书{a}本，科技书比故事书多{b}本，科技书有多少本？"},
             "en": {"1": "{who} has {a} {noun}. {who2} has {b} more than {who}. How many {noun} does {who2} have?", "2": "{who} has {a} {noun}, which is {b} fewer than {who2} has. How many {noun} does {who2} have?",
                    "3h": "An orchard has {a} peach trees and {b} more pear trees than peach trees. How many pear trees are there?"}},
    "times": {"level": 1, "read": True, "draw": _times, "formula": "a*b", "steps": [("*", "a", "b")], "back": [("/", "x", "b")], "to": "a",
              "zh": {"1": "果园里有桃树{a}棵，梨树的棵数是桃树的{b}倍，梨树有多少棵？", "2h": "图书室有故事书{a}本，科技书的本数是故事书的{b}倍，科技书有多少本？"},
              "en": {"1": "{who} has {a} {noun}. {who2} has {b} times as many. How many {noun} does {who2} have?", "2h": "An orchard has {a} peach trees and {b} times as many pear trees. How many pear trees are there?"}},
    "each": {"level": 1, "read": True, "draw": _product, "formula": "a*b", "steps": [("*", "a", "b")], "back": [("/", "x", "b")], "to": "a",
             "zh": {"1": "每盒有{a}个球，学校买了{b}盒，一共有多少个球？", "2": "一块长方形菜地，长{a}米，宽{b}米，面积是多少平方米？", "3h": "每箱有{a}个梨，商店买了{b}箱，一共有多少个梨？"},
             "en": {"1": "Each box holds {a} {noun}. How many {noun} are in {b} boxes?", "2": "A rectangle is {a} m long and {b} m wide. What is its area in square meters?", "3h": "{who} packs {a} {noun} into every bag and fills {b} bags. How many {noun} is that?"}},
    "share": {"level": 1, "read": True, "draw": _quotient, "formula": "a/b", "steps": [("/", "a", "b")], "back": [("*", "x", "b")], "to": "a",
              "zh": {"1": "把{a}本书平均分给{b}个班，每个班分多少本？", "2": "有{a}名同学排队，每{b}名同学站一排，可以站几排？", "3": "商店运来{a}千克苹果，{b}天卖完，平均每天卖多少千克？", "4h": "有{a}盆花，平均摆成{b}排，每排摆几盆？"},
              "en": {"1": "{a} {noun} are shared equally among {b} children. How many does each get?", "2": "{who} puts {a} {noun} into rows of {b}. How many rows are there?", "3h": "A shop sells {a} kg of apples in {b} days, the same each day. How many kg per day?"}},
    "perimeter": {"level": 2, "read": True, "draw": _any2, "formula": "2*(a+b)", "steps": [("+", "a", "b"), ("*", "2", "#0")], "back": [("/", "x", "2"), ("-", "#0", "b")], "to": "a",
                  "zh": {"1": "有一块长方形的草坪，长是{a}米，宽是{b}米，它的周长是多少米？", "2h": "一块长方形菜地，长{a}米，宽{b}米，周长是多少米？"},
                  "en": {"1": "A rectangle is {a} m long and {b} m wide. What is its perimeter in meters?", "2h": "A lawn measures {a} m by {b} m. How long is a fence around it, in meters?"}},
    "change": {"level": 2, "draw": _change, "formula": "c-a*b", "steps": [("*", "a", "b"), ("-", "c", "#0")], "back": [("-", "c", "x"), ("/", "#0", "b")], "to": "a",
               "zh": {"1": "{who}买了{a}{u}{noun}，每{u}{b}元，付了{c}元，应找回多少元？", "2h": "{noun}每{u}{b}元，{who}买{a}{u}，给了{c}元，找回多少元？"},
               "en": {"1": "{who} buys {a} {noun} at {b} dollars each and pays {c} dollars. How much change is given?", "2h": "{noun} cost {b} dollars each. {who} takes {a} and hands over {c} dollars. How many dollars come back?"}},
    "boxes": {"level": 2, "draw": _product_minus, "formula": "a*b-c", "steps": [("*", "a", "b"), ("-", "#0", "c")], "back": [("+", "x", "c"), ("/", "#0", "b")], "to": "a",
              "zh": {"1": "每盒有{a}{u}{noun}，{who}有{b}盒，用去{c}{u}，还剩多少{u}？", "2h": "{who}有{b}盒{noun}，每盒{a}{u}，送人{c}{u}后还有几{u}？"},
              "en": {"1": "{who} has {b} boxes with {a} {noun} each and uses {c} {noun}. How many {noun} are left?", "2h": "Out of {b} boxes of {a} {noun}, {c} {noun} are given away. How many {noun} remain?"}},
    "boxes2": {"level": 2, "draw": _product_plus, "formula": "a*b+c", "steps": [("*", "a", "b"), ("+", "#0", "c")], "back": [("-", "x", "c"), ("/", "#0", "b")], "to": "a",
               "zh": {"1": "每盒有{a}{u}{noun}，{who}有{b}盒，另外还有{c}{u}，一共有多少{u}？", "2h": "{who}买了{b}盒{noun}，每盒{a}{u}，家里原有{c}{u}，现在共有多少{u}？"},
               "en": {"1": "{who} has {b} boxes with {a} {noun} each and {c} more {noun}. How many {noun} in all?", "2h": "{b} full boxes hold {a} {noun} each; {c} {noun} lie beside them. How many {noun} altogether?"}},
    "family": {"level": 2, "draw": _times, "formula": "a*b+a", "steps": [("*", "a", "b"), ("+", "#0", "a")], "back": [("-", "x", "a"), ("/", "#0", "b")], "to": "a",
               "zh": {"1": "{who}有{a}{u}{noun}，{who2}的{noun}是{who}的{b}倍，两人一共有多少{u}？", "2h": "{who2}的{noun}是{who}的{b}倍，{who}有{a}{u}，两人合起来有几{u}？"},
               "en": {"1": "{who} has {a} {noun}; {who2} has {b} times as many. How many {noun} do they have together?", "2h": "{who2} owns {b} times as many {noun} as {who}, who owns {a}. How many {noun} in total?"}},
    "lesstimes": {"level": 2, "draw": _times_more, "formula": "a*b-c", "steps": [("*", "a", "b"), ("-", "#0", "c")], "back": [("+", "x", "c"), ("/", "#0", "b")], "to": "a",
                  "zh": {"1": "科技书有{a}本，故事书比科技书的{b}倍少{c}本，故事书有多少本？", "2h": "{who}有{a}{u}{noun}，{who2}的比{who}的{b}倍少{c}{u}，{who2}有几{u}？"},
                  "en": {"1": "{who} has {a} {noun}. {who2} has {c} fewer than {b} times as many. How many {noun} does {who2} have?", "2h": "There are {a} red balls; blue balls are {c} fewer than {b} times the red ones. How many blue balls are there?"}},
    "rest": {"level": 2, "draw": _minus_share, "formula": "(a-b)/c", "steps": [("-", "a", "b"), ("/", "#0", "c")], "back": [("*", "x", "c"), ("+", "#0", "b")], "to": "a",
             "zh": {"1": "{who}有{a}{u}{noun}，自己留下{b}{u}，其余平均分给{c}个同学，每人分到多少{u}？", "2h": "一共{a}{u}{noun}，用去{b}{u}，剩下的平均装进{c}个盒子，每盒几{u}？"},
             "en": {"1": "{who} has {a} {noun}, keeps {b} and shares the rest equally among {c} friends. How many does each friend get?", "2h": "After using {b} of {a} {noun}, the rest go into {c} equal bags. How many {noun} are in each bag?"}},
    "pool": {"level": 2, "draw": _share_two, "formula": "(a+b)/c", "steps": [("+", "a", "b"), ("/", "#0", "c")], "back": [("*", "x", "c"), ("-", "#0", "b")], "to": "a",
             "zh": {"1": "{who}有{a}{u}{noun}，{who2}有{b}{u}，把这些{noun}平均放进{c}个盒子，每盒多少{u}？", "2h": "男生{a}人，女生{b}人，平均分成{c}组，每组多少人？"},
             "en": {"1": "{who} has {a} {noun} and {who2} has {b}. They put all of them equally into {c} boxes. How many {noun} are in each box?", "2h": "{a} boys and {b} girls form {c} equal teams. How many children are in each team?"}},
    "meet": {"level": 3, "draw": _speed, "formula": "(a+b)*c", "steps": [("+", "a", "b"), ("*", "#0", "c")], "back": [("/", "x", "c"), ("-", "#0", "b")], "to": "a",
             "zh": {"1": "甲车每小时行{a}千米，乙车每小时行{b}千米，两车从两地同时相向开出，{c}小时后相遇，两地相距多少千米？", "2h": "{who}每分钟走{a}米，{who2}每分钟走{b}米，两人同时相对走，{c}分钟相遇，原来相距多少米？"},
             "en": {"1": "Two cars start towards each other at {a} km/h and {b} km/h and meet after {c} hours. How far apart were they, in km?", "2h": "{who} walks {a} m per minute, {who2} {b} m per minute, towards each other. They meet after {c} minutes. What was the distance in meters?"}},
    "shop": {"level": 3, "draw": _two_products, "formula": "a*b+c*d", "steps": [("*", "a", "b"), ("*", "c", "d"), ("+", "#0", "#1")], "back": [("*", "c", "d"), ("-", "x", "#0"), ("/", "#1", "b")], "to": "a",
             "zh": {"1": "{who}买了{a}支笔，每支{b}元，又买了{c}本书，每本{d}元，一共花了多少元？", "2h": "食堂买来{a}袋米，每袋{b}元，{c}桶油，每桶{d}元，总共要多少元？"},
             "en": {"1": "{who} buys {a} pens at {b} dollars each and {c} books at {d} dollars each. How many dollars is that in total?", "2h": "A canteen orders {a} bags of rice for {b} dollars each and {c} cans of oil for {d} dollars each. What is the total cost in dollars?"}},
    "percent": {"level": 3, "draw": _percent, "formula": "a*b/100", "steps": [("*", "a", "b"), ("/", "#0", "100")], "back": [("*", "x", "100"), ("/", "#0", "b")], "to": "a",
                "zh": {"1": "{a}的{b}%是多少？", "2": "仓库有货物{a}吨，运走了{b}%，运走多少吨？", "3h": "一本书{a}页，已看了{b}%，看了多少页？"},
                "en": {"1": "What is {b}% of {a}?", "2": "A store has {a} tons of goods and ships {b}% of them. How many tons are shipped?", "3h": "A book has {a} pages and {b}% have been read. How many pages is that?"}},
    "three": {"level": 3, "draw": _any3, "formula": "a+(a+b)+(a+b+c)", "steps": [("+", "a", "b"), ("+", "#0", "c"), ("+", "a", "#0"), ("+", "#2", "#1")],
              "back": [("-", "x", "c"), ("-", "#0", "b"), ("-", "#1", "b"), ("/", "#2", "3")], "to": "a",
              "zh": {"1": "第一天卖出{a}件，第二天比第一天多{b}件，第三天比第二天多{c}件，三天一共卖出多少件？", "2h": "{who}第一周读{a}页，第二周比第一周多读{b}页，第三周又比第二周多读{c}页，三周共读多少页？"},
              "en": {"1": "On day one {a} items are sold, on day two {b} more than on day one, on day three {c} more than on day two. How many items in the three days?",
                     "2h": "{who} reads {a} pages in week one, {b} more in week two than in week one, and {c} more in week three than in week two. How many pages in all?"}},
}
