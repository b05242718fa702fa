"""The sheet of the chain: one row a post, with who holds it and who stands in. Titles as street offices write them."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext_lazy as _

from linli.core.sheets import Field, Kind, SheetSpec
from linli.duty.terms import OfficerKind, Role

KIND = "duty.import_chain"
PERMISSION = "duty.import"
LABEL = _("Chain of posts")
ABOUT = _("Who holds which post where, who stands in, and their phones. People who are new get an account.")

CHAIN_SHEET = SheetSpec(
    (
        Field(
            "role",
            ("岗位", "岗位名称", "职务", "包保职务", "责任层级", "包保层级", "层级", "级别", "角色", "人员类型", "post",
             "role", "position", "level"),
            required=True,
        ),
        Field(
            "code",
            ("地点代码", "地点编码", "岗位地点代码", "责任区代码", "责任区域代码", "网格代码", "区域代码", "代码",
             "编码", "place code"),
        ),
        Field(
            "community",
            ("社区", "所属社区", "社区名称", "所在社区", "社区（村）", "村居", "村（社区）", "社区代码", "community"),
        ),
        Field("area", ("片区", "所属片区", "片区名称", "责任片区", "area")),
        Field("grid", ("网格", "所属网格", "网格名称", "网格号", "责任网格", "grid")),
        Field("compound", ("小区", "小区名称", "所属小区", "院落", "小区（院落）", "compound", "estate")),
        Field("building", ("楼栋", "楼栋号", "楼号", "栋号", "楼幢", "责任楼栋", "building")),
        Field("unit", ("单元", "单元号", "责任单元", "unit")),
        Field(
            "name",
            ("姓名", "责任人", "责任人姓名", "负责人", "负责人姓名", "包保人", "包保人姓名", "包联人", "name",
             "holder"),
            kind=Kind.NAME,
        ),
        Field(
            "phone",
            ("联系电话", "手机号", "手机号码", "手机", "电话", "电话号码", "联系方式", "责任人电话", "phone", "mobile"),
            kind=Kind.PHONE,
        ),
        Field(
            "deputy",
            ("副职", "副职姓名", "代理人", "代理人姓名", "替补人员", "备岗", "备岗人员", "B岗", "B岗姓名", "deputy"),
            kind=Kind.NAME,
        ),
        Field(
            "deputy_phone",
            ("副职电话", "代理人电话", "替补电话", "备岗电话", "B岗电话", "副职手机号", "代理人手机号",
             "deputy phone"),
            kind=Kind.PHONE,
        ),
        Field(
            "organisation",
            ("单位", "工作单位", "所在单位", "派出单位", "来源单位", "包联单位", "单位名称", "organisation",
             "employer"),
        ),
        Field("officer_kind", ("信息员类别", "信息员类型", "信息员来源", "类别", "officer kind")),
        Field("account", ("账号", "账号名", "登录名", "account", "username")),
        Field("stands_in", ("是否代理", "是否副职", "是否代理人", "stands in"), is_offered=False),
    )
)  # fmt: skip
SAMPLE = (
    ("网格长", "", "星火巷社区", "", "第1网格", "", "", "", "乌兰", "19912340001", "高娃", "19912340002", "", "", ""),
    ("单元长", "", "星火巷社区", "", "", "阳光小区", "3号楼", "2单元", "王敏", "19912340003", "", "", "", "", ""),
    ("信息员", "", "星火巷社区", "", "", "阳光小区", "3号楼", "", "李强", "19912340004", "", "", "安居物业", "物业", ""),  # noqa: E501
)  # fmt: skip
NARROW_TO_WIDE = ("unit", "building", "compound", "grid", "area", "community")

_ROLES: dict[Role, tuple[str, ...]] = {
    Role.COMMAND: ("指挥部", "指挥长", "command centre"),
    Role.OFFICE: ("社区书记", "社区主任", "街道办", "社区居委会", "街道或社区", "office"),
    Role.AREA_LEAD: ("片区长", "片长", "片区负责人"),
    Role.GRID_LEAD: ("网格长", "格长", "网格负责人", "大网格长", "中网格长", "小网格长", "微网格长"),
    Role.GRID_WORKER: ("网格员", "专职网格员", "社区网格员"),
    Role.BUILDING_LEAD: ("楼栋长", "楼长", "栋长", "楼栋负责人"),
    Role.UNIT_LEAD: ("单元长", "单元负责人", "楼道长"),
    Role.INFORMATION_OFFICER: ("信息员", "信息联络员", "疫情信息员"),
    Role.LINKED_CADRE: ("包联干部", "包保干部", "包联领导", "包联人员"),
    Role.SUPERVISOR: ("督导员", "督导", "督查员"),
    Role.GATE: ("卡点", "卡点值守员", "卡口值守", "卡点人员", "门岗"),
    Role.LAB: ("采样员", "检测员", "采样检测员", "检测点"),
    Role.COURIER: ("配送员", "送货员", "快递员"),
    Role.TEAM_LEADER: ("专班负责人", "专班组长", "专班长"),
    Role.TEAM_MEMBER: ("专班成员", "专班人员"),
    Role.REPORTED_CADRE: ("报到干部", "下沉干部", "社区报到干部"),
}
_KINDS: dict[OfficerKind, tuple[str, ...]] = {
    OfficerKind.LINKED: ("包联单位", "包联", "联点单位", "联系单位", "包联单位信息员", "linked"),
    OfficerKind.COMMUNITY: ("社区网格", "社区", "网格", "社区网格信息员", "community"),
    OfficerKind.PROPERTY: ("物业企业", "物业", "物业公司", "物业信息员", "property"),
    OfficerKind.SOCIETY: ("社会力量", "社会", "志愿者", "社会信息员", "society"),
}


def normal(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").split())


_ROLE_OF = {
    normal(name): role for role, names in _ROLES.items() for name in (*names, role.value, str(role.value))
}  # fmt: skip
_KIND_OF = {normal(name): kind for kind, names in _KINDS.items() for name in (*names, kind.value)}


def read_post(text: str) -> Role | None:
    """The role that a cell names: 单元长, 楼道长, unit_lead; None when it names none."""
    return _ROLE_OF.get(normal(text))


def is_no(text: str) -> bool:
    """否, no, or nothing at all."""
    return normal(text) in ("", "否", "不是", "no", "n", "0", "false")


def read_officer_kind(text: str) -> OfficerKind | None:
    return _KIND_OF.get(normal(text))
