"""What the invented people of the demo write, in four languages, and the phrases in it that the shipped rules flag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

#: Phrases that the shipped rules.yaml flags; no other text of the demo may match a rule.
FLAGGED: Mapping[str, tuple[str, ...]] = {
    "zh": ("这是假货", "商家拒绝退款", "差评被删除", "已经向12315投诉"),
    "ru": ("это подделка", "отказали в возврате денег", "удаляют отзывы", "жалоба в Роспотребнадзор"),
    "uk": ("це підробка", "відмовили у поверненні грошей", "видаляють відгуки", "скарга до Держпродспоживслужби"),
    "en": (
        "this is counterfeit",
        "they refuse a refund",
        "they delete bad reviews",
        "complaint to consumer protection",
    ),
}


@dataclass(frozen=True, slots=True)
class Voice:
    """How a language builds comments: opening, remark or accusation with its {phrase}, closing; {n} is a number."""

    share: float
    openings: tuple[str, ...]
    remarks: tuple[str, ...]
    accusations: tuple[str, ...]
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
        accusations=(
            "仔细一看，{phrase}",
            "问了懂行的人，都说{phrase}",
            "大家注意，{phrase}",
            "我要说明一下：{phrase}",
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
        accusations=(
            "Посмотрел внимательно: {phrase}",
            "Знающие люди говорят, что {phrase}",
            "Имейте в виду, {phrase}",
            "Скажу прямо: {phrase}",
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
        accusations=(
            "Подивився уважно: {phrase}",
            "Обізнані люди кажуть, що {phrase}",
            "Майте на увазі, {phrase}",
            "Скажу прямо: {phrase}",
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
        accusations=(
            "I looked closely: {phrase}",
            "People who know say that {phrase}",
            "Be careful, {phrase}",
            "To say it plainly: {phrase}",
        ),
        closings=(".", ", all in all not bad.", ", perhaps that helps someone.", ", I will add more later.", "!"),
        update=" Update: some days later I still think the same.",
    ),
}


def language(random: Random) -> str:
    """Draw a language by its share."""
    return random.choices(list(VOICES), [voice.share for voice in VOICES.values()])[0]


def comment(random: Random, tongue: str, *, flagged: bool) -> str:
    """Return a comment; a flagged one holds one phrase of the table, another one none."""
    voice = VOICES[tongue]
    middle = random.choice(voice.accusations if flagged else voice.remarks)
    text = random.choice(voice.openings) + middle + random.choice(voice.closings)
    return text.format(n=random.randint(2, 29), phrase=random.choice(FLAGGED[tongue]))


def title(random: Random, tongue: str, number: int) -> str:
    """Return the title of a thread."""
    return random.choice(_TITLES[tongue]).format(n=number)


_TITLES: Mapping[str, tuple[str, ...]] = {
    "zh": ("电热水壶 {n}", "无线耳机 {n}", "儿童雨衣 {n}"),
    "ru": ("Чайник {n}", "Наушники {n}", "Детский плащ {n}"),
    "uk": ("Чайник {n}", "Навушники {n}", "Дитячий плащ {n}"),
    "en": ("Kettle {n}", "Headphones {n}", "Raincoat for children {n}"),
}
