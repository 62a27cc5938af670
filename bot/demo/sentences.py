"""What the invented people of the demo write, in four languages, and the clauses that the shipped rules flag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

#: Clauses that the shipped rules.yaml flags, one rule each; no other text of the demo may match a rule.
FLAGGED: Mapping[str, tuple[str, ...]] = {
    "zh": (
        "为了制裁俄罗斯，这次又囤了三包威化",
        "支持俄罗斯，所以先买一箱试试",
        "昨晚刷到普京在直播间里带货",
        "隔壁超市的货已经被抢光",
        "不管怎样，乌克兰必胜",
        "身边的人都说要抵制俄货",
        "只想说一句，停止战争",
        "上次写的评论被删了",
    ),
    "ru": (
        "это мои личные санкции против России: съел все вафли",
        "купила, чтобы поддержать Россию",
        "в соседнем магазине всё раскупили",
        "я верю, что Украина победит",
        "не покупайте российские товары",
        "нет войне",
        "мой прошлый отзыв удалили",
    ),
    "uk": (
        "це мої власні санкції проти Росії: з'їв усі цукерки",
        "у сусідній крамниці все розкупили",
        "я вірю, що Україна переможе",
        "не купуйте російські товари",
        "зупиніть війну",
        "мій минулий відгук видалили",
    ),
    "en": (
        "my own sanctions on Russia go on, so I ate all the wafers",
        "I bought it to support Russia",
        "I saw Putin on a live stream of this shop",
        "the shop next door is sold out",
        "I believe that Ukraine will win",
        "my friends boycott Russian goods",
        "please stop the war",
        "my last review was deleted",
    ),
}


@dataclass(frozen=True, slots=True)
class Voice:
    """How a language builds comments: opening, remark or aside around a {clause}, closing; {n} is a number."""

    share: float
    openings: tuple[str, ...]
    remarks: tuple[str, ...]
    asides: tuple[str, ...]
    closings: tuple[str, ...]
    update: str


VOICES: Mapping[str, Voice] = {
    "zh": Voice(
        share=0.35,
        openings=(
            "用了{n}天，",
            "第{n}次在这里买，",
            "朋友推荐的，等了{n}天才到，",
            "说一下我的感受，",
            "客服很快回复了，",
            "收到以后",
        ),
        remarks=(
            "颜色和图片上一样，做工也很细致",
            "声音有点大，不过晚上还可以接受",
            "电池能坚持{n}个小时，比我想象的好",
            "尺寸偏小，建议大家买大一号",
            "包装很结实，没有磕碰的痕迹",
            "说明书写得太简单，装了半天才装好",
            "孩子很喜欢，每天都要玩一会儿",
            "味道比较淡，家里老人也能吃",
        ),
        asides=(
            "顺便说一下，{clause}",
            "家里人说，{clause}",
            "说句题外话，{clause}",
            "另外，{clause}",
        ),
        closings=("。", "，总的来说还行。", "，供大家参考。", "，以后再来补充。", "！"),
        update="（补充：今天又看了一遍，还是这个看法）",
    ),
    "ru": Voice(
        share=0.25,
        openings=(
            "Пользуюсь уже {n} дней. ",
            "Заказывали вместе с соседями, ждали {n} дней. ",
            "Брал в подарок жене. ",
            "Долго выбирал эту вещь. ",
            "Расскажу, что получилось. ",
            "Приехало быстро. ",
        ),
        remarks=(
            "Цвет такой же, как на снимке, швы ровные",
            "Шумит сильнее, чем я ожидал, но терпимо",
            "Батареи хватает на {n} часов, этого достаточно",
            "Размер маловат, берите побольше",
            "Коробка была целая, внутри всё лежало аккуратно",
            "Инструкция слишком короткая, собирал весь вечер",
            "Детям понравилось, играют каждый день",
            "Вкус мягкий, бабушка тоже довольна",
        ),
        asides=(
            "Кстати, {clause}",
            "Добавлю одно: {clause}",
            "И ещё: {clause}",
            "Скажу прямо: {clause}",
        ),
        closings=(".", ", в общем неплохо.", ", может, кому-то пригодится.", ", позже допишу.", "!"),
        update=" Дополнение: прошло ещё несколько дней, мнение то же.",
    ),
    "uk": Voice(
        share=0.15,
        openings=(
            "Користуюся вже {n} днів. ",
            "Замовляли разом із сусідами, чекали {n} днів. ",
            "Купував у подарунок дружині. ",
            "Довго обирав цю річ. ",
            "Розповім, що вийшло. ",
            "Приїхало швидко. ",
        ),
        remarks=(
            "Колір такий самий, як на світлині, шви рівні",
            "Шумить сильніше, ніж я очікував, але терпимо",
            "Батареї вистачає на {n} годин, цього досить",
            "Розмір замалий, беріть більший",
            "Коробка була ціла, усередині все лежало охайно",
            "Інструкція надто коротка, збирав увесь вечір",
            "Дітям сподобалося, граються щодня",
            "Смак м'який, бабуся теж задоволена",
        ),
        asides=(
            "До речі, {clause}",
            "Додам одне: {clause}",
            "І ще: {clause}",
            "Скажу відверто: {clause}",
        ),
        closings=(".", ", загалом непогано.", ", може, комусь стане у пригоді.", ", згодом допишу.", "!"),
        update=" Доповнення: минуло ще кілька днів, думка та сама.",
    ),
    "en": Voice(
        share=0.25,
        openings=(
            "I have used it for {n} days. ",
            "Ordered together with the neighbours and waited {n} days. ",
            "Bought this as a present. ",
            "It took me long to choose. ",
            "Here is how it went. ",
            "It came quickly. ",
        ),
        remarks=(
            "The colour is the same as in the picture and the seams are even",
            "It is louder than I expected, but bearable at night",
            "The battery lasts {n} hours, which is enough for me",
            "The size is on the small side, take a larger one",
            "The box was whole and everything inside lay in its place",
            "The manual is too short, it took me all evening",
            "The children like it and play with it every day",
            "The taste is mild, my grandmother is happy too",
        ),
        asides=(
            "By the way, {clause}",
            "One thing more: {clause}",
            "And let me say it: {clause}",
            "To say it plainly: {clause}",
        ),
        closings=(".", ", all in all not bad.", ", perhaps that helps someone.", ", I will add more later.", "!"),
        update=" Update: some days later I still think the same.",
    ),
}


def language(random: Random) -> str:
    """Draw a language by its share."""
    return random.choices(list(VOICES), [voice.share for voice in VOICES.values()])[0]


def comment(random: Random, tongue: str, *, flagged: bool) -> str:
    """Return a comment; a flagged one holds one clause of the table, another one none."""
    voice = VOICES[tongue]
    middle = random.choice(voice.asides if flagged else voice.remarks)
    text = random.choice(voice.openings) + middle + random.choice(voice.closings)
    return text.format(n=random.randint(2, 29), clause=random.choice(FLAGGED[tongue]))


def title(random: Random, tongue: str, number: int) -> str:
    """Return the title of a thread."""
    return random.choice(_TITLES[tongue]).format(n=number)


_TITLES: Mapping[str, tuple[str, ...]] = {
    "zh": ("电热水壶 {n}", "无线耳机 {n}", "儿童雨衣 {n}"),
    "ru": ("Чайник {n}", "Наушники {n}", "Детский плащ {n}"),
    "uk": ("Чайник {n}", "Навушники {n}", "Дитячий плащ {n}"),
    "en": ("Kettle {n}", "Headphones {n}", "Raincoat for children {n}"),
}
