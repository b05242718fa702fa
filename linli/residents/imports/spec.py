"""The columns of a roster and the words of its cells, as street offices write them."""

from __future__ import annotations

from enum import IntEnum

from linli.core.sheets import Field, Kind, SheetSpec
from linli.residents.terms import Need, Presence, Sex

FLAGS: dict[str, Need] = {
    "alone": Need.ALONE,
    "disabled": Need.DISABLED,
    "pregnant": Need.PREGNANT,
    "chronic": Need.CHRONIC,
    "medicine": Need.MEDICINE,
    "no_smartphone": Need.NO_SMARTPHONE,
    "bedridden": Need.BEDRIDDEN,
    "hardship": Need.HARDSHIP,
}
ADDRESS = ("district", "street", "community", "compound", "building", "unit")

ROSTER = SheetSpec(
    fields=(
        Field("name", ("姓名", "居民姓名", "人员姓名", "住户姓名", "名字", "Full name"), True, Kind.NAME),
        Field(
            "id_number",
            (
                "身份证号",
                "身份证",
                "身份证号码",
                "公民身份号码",
                "公民身份证号",
                "证件号码",
                "证件号",
                "ID number",
                "ID No.",
            ),
            kind=Kind.ID_NUMBER,
        ),
        Field(
            "phone",
            (
                *("手机号", "手机", "手机号码", "联系电话", "电话", "电话号码", "联系方式", "联系号码", "本人电话"),
                *("Phone number", "Mobile", "Telephone"),
            ),
            kind=Kind.PHONE,
        ),
        Field("district", ("区县", "区", "旗县区", "县区", "县市区", "所属区", "所属区县")),
        Field("street", ("街道", "街道乡镇", "乡镇街道", "镇街", "乡镇", "所属街道", "街道办", "街道办事处")),
        Field("community", ("社区", "社区村", "村社区", "村居", "居委会", "村委会", "村", "所属社区", "社区居委会")),
        Field(
            "compound",
            ("小区", "小区名称", "小区名", "所属小区", "小区院落", "院落", "小区村", "Residential compound"),
            True,
        ),
        Field("building", ("楼栋", "楼号", "栋", "楼", "幢", "栋号", "楼栋号", "楼幢号", "幢号", "座", "Building No.")),
        Field("unit", ("单元", "单元号", "门洞", "Stairwell", "Entrance")),
        Field(
            "room",
            (
                "房号",
                "房间号",
                "门牌号",
                "户室",
                "室号",
                "室",
                "房屋号",
                "门牌",
                "房室号",
                "房间",
                "Door",
                "Door number",
                "Flat",
            ),
            True,
        ),
        Field("household", ("户号", "户编号", "家庭编号", "家庭号", "户别", "户", "Household label")),
        Field(
            "relation",
            ("与户主关系", "户主关系", "与户主的关系", "家庭关系", "关系", "Relation to head", "Relationship"),
        ),
        Field("sex", ("性别", "Gender")),
        Field(
            "born_on", ("出生日期", "出生年月日", "生日", "出生", "Date of birth", "Birth date"), kind=Kind.BIRTH_DATE
        ),
        Field("status", ("状态", "居住状态", "居住情况", "在家情况", "人员状态", "在住情况", "Presence", "State")),
        Field(
            "back_on",
            ("返回日期", "预计返回", "预计返回日期", "返回时间", "预计返回时间", "Return date"),
            kind=Kind.DATE,
        ),
        Field("alone", ("是否独居", "独居", "独居老人", "是否独居老人", "Lives alone")),
        Field("disabled", ("是否残疾", "残疾", "残疾人", "是否残疾人")),
        Field("pregnant", ("是否孕妇", "孕妇", "怀孕", "是否怀孕", "孕产妇", "是否孕产妇")),
        Field("chronic", ("是否慢病", "慢病", "慢性病", "是否慢性病", "是否患慢性病", "慢病患者", "Chronic illness")),
        Field(
            "medicine",
            ("是否用药", "用药", "长期用药", "是否长期用药", "是否需要用药", "需要用药", "需用药", "Needs medicine"),
        ),
        Field("no_smartphone", ("无智能手机", "是否无智能手机", "没有智能手机", "不会用智能手机")),
        Field("bedridden", ("是否卧床", "卧床", "失能", "是否失能", "卧床不起")),
        Field("hardship", ("是否困难", "困难", "困难户", "是否困难户", "低保", "是否低保", "低保户", "In hardship")),
        Field(
            "needs",
            ("重点人群", "特殊人群", "特殊情况", "人群类别", "重点类别", "重点人员类别", "人员标签", "Marks of need"),
        ),
        Field("note", ("备注", "说明", "备注说明", "其他说明", "Remarks", "Notes")),
    )
)


class Status(IntEnum):
    """What the column 状态 says; the last is about the door, not about somebody."""

    PRESENT = Presence.PRESENT
    AWAY = Presence.AWAY
    MOVED_OUT = Presence.MOVED_OUT
    DECEASED = Presence.DECEASED
    VACANT = 9


def _words(**lists: str) -> dict[str, str]:
    return {word: name for name, text in lists.items() for word in text.split()}


STATUS_WORDS = {
    word: Status[name]
    for word, name in _words(
        PRESENT="在家 在住 在 常住 居住 正常 已回 返回 在户 present home",
        AWAY="外出 不在 不在家 外地 暂离 外出务工 暂时外出 出差 away",
        MOVED_OUT="搬走 已搬走 搬离 已搬离 迁出 已迁出 搬出 movedout",
        DECEASED="死亡 去世 已故 已去世 亡故 deceased",
        VACANT="空户 空置 空房 无人 无人居住 空置房 vacant",
    ).items()
}
SEX_WORDS = {word: Sex[name] for word, name in _words(MALE="男 男性 male m", FEMALE="女 女性 female f").items()}
YES = frozenset(["是", "有", "√", "✓", "✔", "对", "y", "yes", "true", "1"])
NO = frozenset(["否", "无", "×", "x", "✗", "不是", "没有", "n", "no", "false", "0", "-", "—", "/"])
NEED_WORDS_ZH = {
    word: Need[name]
    for word, name in _words(
        ALONE="独居 独居老人 独居人员 alone",
        DISABLED="残疾 残疾人 残障 disabled",
        PREGNANT="孕妇 怀孕 孕产妇 pregnant",
        CHRONIC="慢病 慢性病 慢病患者 基础病 基础疾病 chronic",
        MEDICINE="用药 需用药 长期用药 需要用药 medicine",
        NO_SMARTPHONE="无智能手机 没有智能手机 不会用智能手机 no_smartphone",
        BEDRIDDEN="卧床 失能 卧床不起 bedridden",
        HARDSHIP="困难 困难户 低保 低保户 hardship",
    ).items()
}
# Said often, stored never: they follow from the date of birth.
BY_AGE = frozenset(
    ["高龄", "高龄老人", "80岁以上", "八十岁以上", "婴儿", "婴幼儿", "over_80", "infant", "无", "否", "-", "/"]
)
