"""A hundred kinds of wrong rows, for every sheet that can be imported: what is changed in a good row, the title of the
cell that is to blame, the code of what is wrong with it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.builders.residents import make_id_number

NUMBER = make_id_number(number=1)
GOOD: dict[str, dict[str, Any]] = {
    "roster": {
        "小区": "阳光小区", "楼栋": "1号楼", "单元": "1单元", "房号": "101", "户号": "", "姓名": "张三",
        "与户主关系": "", "身份证号": "", "手机号": "", "性别": "", "出生日期": "", "状态": "", "返回日期": "",
        "独居": "", "残疾": "", "重点人群": "", "区县": "", "街道": "", "社区": "", "备注": "",
    },
    "compounds": {
        "小区": "滨河佳苑", "所属社区": "第1社区", "楼栋": "1号楼", "单元": "", "单元数": "2",
        "层数": "", "每层户数": "", "街道": "",
    },
    "divisions": {"代码": "150102001009", "名称": "新建社区", "级别": "社区", "上级代码": "150102001"},
    "chain": {
        "职务": "单元长", "所属社区": "第1社区", "小区名称": "阳光小区", "楼栋": "1号楼", "单元": "1单元",
        "责任人姓名": "王敏", "手机号码": "15412340001", "B岗姓名": "", "B岗电话": "", "工作单位": "", "信息员类别": "",
    },
    "marks": {
        "编号": "", "身份证号": "", "小区": "阳光小区", "楼栋": "1号楼", "单元": "1单元", "房号": "101",
        "姓名": "居民甲", "结果": "完成", "时间": "10:00", "备注": "",
    },
}  # fmt: skip
# A second good row, which has to be taken whatever the first has become.
BESIDE: dict[str, dict[str, Any]] = {
    "roster": {"房号": "102", "姓名": "好人", "身份证号": make_id_number(number=3)},
    "compounds": {"小区": "东岸花园"},
    "divisions": {"代码": "150102001008", "名称": "另一社区"},
    "chain": {"单元": "2单元", "责任人姓名": "李强", "手机号码": "15412340002"},
    "marks": {"房号": "102"},
}
LONG = "长" * 401
ROSTER: list[tuple[str, dict[str, Any], str, str]] = [
    ("no name", {"姓名": ""}, "姓名", "name_missing"),
    ("no name, but a phone", {"姓名": " ", "手机号": "15400000009"}, "姓名", "name_missing"),
    ("digits in the name", {"姓名": "张三13"}, "姓名", "name"),
    ("a number for a name", {"姓名": 15400000001}, "姓名", "name"),
    ("a day for a name", {"姓名": datetime(2022, 10, 4)}, "姓名", "name"),  # noqa: DTZ001 - a cell has no zone
    ("a name without end", {"姓名": "长" * 81}, "姓名", "too_long"),
    ("name: failed look-up", {"姓名": "#N/A"}, "姓名", "cell_error"),
    ("name: formula without a result", {"姓名": "=VLOOKUP(A1,B:C,2,0)"}, "姓名", "cell_not_computed"),
    ("no compound", {"小区": ""}, "小区", "compound_missing"),
    ("unknown compound", {"小区": "阳光花园"}, "小区", "compound_unknown"),
    ("compound of another district", {"小区": "外区小区"}, "小区", "wrong_district"),
    ("compound: lost reference", {"小区": "#REF!"}, "小区", "cell_error"),
    ("no building", {"楼栋": ""}, "楼栋", "building_missing"),
    ("unknown building", {"楼栋": "9号楼"}, "楼栋", "building_unknown"),
    ("building turned into a day", {"楼栋": datetime(2022, 1, 2)}, "楼栋", "building_unknown"),  # noqa: DTZ001
    ("building: no such name", {"楼栋": "#NAME?"}, "楼栋", "cell_error"),
    ("no unit", {"单元": ""}, "单元", "unit_missing"),
    ("unknown unit", {"单元": "七单元"}, "单元", "unit_unknown"),
    ("unit: divided by nothing", {"单元": "#DIV/0!"}, "单元", "cell_error"),
    ("no door", {"房号": ""}, "房号", "room_missing"),
    ("a sentence for a door", {"房号": "从东门进去左手边第二个门再往里走十米就到了"}, "房号", "room"),
    ("door turned into a day", {"房号": datetime(2022, 3, 2)}, "房号", "room_date"),  # noqa: DTZ001
    ("door: wrong value", {"房号": "#VALUE!"}, "房号", "cell_error"),
    ("household label without end", {"户号": "长" * 41}, "户号", "too_long"),
    ("other district", {"区县": "赛罕区"}, "区县", "wrong_place"),
    ("other street", {"街道": "迎新路街道"}, "街道", "wrong_place"),
    ("other community", {"社区": "第2社区"}, "社区", "wrong_place"),
    ("ID as 1.1E+17 in text", {"身份证号": "1.1E+17"}, "身份证号", "number_precision"),
    ("ID as a number", {"身份证号": 1.50102198005171e17}, "身份证号", "number_precision"),
    ("ID rounded", {"身份证号": "150102198005171000"}, "身份证号", "number_precision"),
    ("ID of 14 digits", {"身份证号": "15010219800517"}, "身份证号", "id_number_length"),
    ("ID of 19 digits", {"身份证号": "1501021980051712345"}, "身份证号", "id_number_length"),
    ("ID of 15 digits", {"身份证号": "150102800517123"}, "身份证号", "id_number_old"),
    ("ID of 15 digits, as a number", {"身份证号": 150102800517123}, "身份证号", "id_number_old"),
    ("ID with letters", {"身份证号": "15010219800517ABCD"}, "身份证号", "id_number"),
    ("ID: two numbers", {"身份证号": f"{NUMBER}、{NUMBER}"}, "身份证号", "id_number"),
    ("ID: born on 30 February", {"身份证号": "150102198002301234"}, "身份证号", "birth_date"),
    ("ID: born in month 13", {"身份证号": "150102198013011234"}, "身份证号", "birth_date"),
    ("ID: born in the future", {"身份证号": "150102203001011234"}, "身份证号", "birth_date"),
    ("ID: failed look-up", {"身份证号": "#N/A"}, "身份证号", "cell_error"),
    ("lives elsewhere", {"姓名": "王五", "身份证号": make_id_number(number=2)}, "身份证号", "lives_elsewhere"),
    ("birth date in the future", {"出生日期": "2023-01-01"}, "出生日期", "birth_date"),
    ("birth date before anybody", {"出生日期": "1850-01-01"}, "出生日期", "birth_date"),
    ("no such month", {"出生日期": "1980-13-01"}, "出生日期", "date_impossible"),
    ("no such day", {"出生日期": "19800230"}, "出生日期", "date_impossible"),
    ("not a date", {"出生日期": "五十岁"}, "出生日期", "date"),
    ("day before month", {"出生日期": "17/05/1980"}, "出生日期", "date"),
    ("a year alone", {"出生日期": 1980}, "出生日期", "date"),
    ("birth date against the ID", {"身份证号": NUMBER, "出生日期": "1981-05-17"}, "出生日期", "birth_differs"),
    ("birth date: wrong number", {"出生日期": "#NUM!"}, "出生日期", "cell_error"),
    ("sex against the ID", {"身份证号": NUMBER, "性别": "女"}, "性别", "sex_differs"),
    ("not a sex", {"性别": "未知性别"}, "性别", "sex"),
    ("sex: nothing in common", {"性别": "#NULL!"}, "性别", "cell_error"),
    ("phone too short", {"手机号": "1380013"}, "手机号", "phone"),
    ("phone of 12 digits", {"手机号": "154000000012"}, "手机号", "phone"),
    ("phone of no network", {"手机号": "12400000001"}, "手机号", "phone"),
    ("phone in words", {"手机号": "问邻居"}, "手机号", "phone"),
    ("two phones", {"手机号": "13800138000/13900139000"}, "手机号", "phone_several"),
    ("landline without area code", {"手机号": "6912345"}, "手机号", "phone_area_code"),
    ("phone as 1.38E+10 in text", {"手机号": "1.38E+10"}, "手机号", "number_precision"),
    ("phone as a number too large", {"手机号": 1.38e17}, "手机号", "number_precision"),
    ("phone: formula without a result", {"手机号": "=A1+1"}, "手机号", "cell_not_computed"),
    ("unknown state", {"状态": "上班"}, "状态", "status"),
    ("back, but not away", {"状态": "在家", "返回日期": "2022-10-20"}, "返回日期", "back_on"),
    ("back, state not said", {"返回日期": "2022-10-20"}, "返回日期", "back_on"),
    ("back tomorrow", {"状态": "外出", "返回日期": "明天"}, "返回日期", "date"),
    ("neither yes nor no", {"独居": "高血压"}, "独居", "yes_no"),
    ("perhaps", {"残疾": "也许"}, "残疾", "yes_no"),
    ("unknown mark", {"重点人群": "独居、话多"}, "重点人群", "needs"),
    ("relation without end", {"与户主关系": "长" * 21}, "与户主关系", "too_long"),
    ("remarks without end", {"备注": LONG}, "备注", "too_long"),
    ("remarks: failed look-up", {"备注": "#N/A"}, "备注", "cell_error"),
]
COMPOUNDS: list[tuple[str, dict[str, Any], str, str]] = [
    ("no community", {"所属社区": ""}, "所属社区", "empty"),
    ("unknown community", {"所属社区": "第9社区"}, "所属社区", "community_unknown"),
    ("community of another district", {"所属社区": "150103001001"}, "所属社区", "community_unknown"),
    ("community: failed look-up", {"所属社区": "#N/A"}, "所属社区", "cell_error"),
    ("no compound", {"小区": ""}, "小区", "empty"),
    ("compound without end", {"小区": "长" * 121}, "小区", "too_long"),
    ("units without a building", {"楼栋": ""}, "楼栋", "empty"),
    ("65 units", {"单元数": "65"}, "单元数", "range"),
    ("no unit at all", {"单元数": "0"}, "单元数", "range"),
    ("units in words", {"单元数": "两个"}, "单元数", "integer"),
    ("a unit and a half", {"单元数": "1.5"}, "单元数", "integer"),
    ("one unit and a number of units", {"单元": "1单元"}, "单元数", "unit_and_units"),
    ("floors alone", {"层数": "6"}, "每层户数", "empty"),
    ("doors a floor alone", {"每层户数": "2"}, "层数", "empty"),
    ("151 floors", {"层数": "151", "每层户数": "2"}, "层数", "range"),
    ("61 doors a floor", {"层数": "6", "每层户数": "61"}, "每层户数", "range"),
    ("doors without a unit", {"单元数": "", "层数": "6", "每层户数": "2"}, "单元数", "empty"),
    ("floors: lost reference", {"层数": "#REF!"}, "层数", "cell_error"),
]
DIVISIONS: list[tuple[str, dict[str, Any], str, str]] = [
    ("no code", {"代码": ""}, "代码", "empty"),
    ("no name", {"名称": ""}, "名称", "empty"),
    ("no level", {"级别": ""}, "级别", "empty"),
    ("unknown level", {"级别": "小组"}, "级别", "level"),
    ("code of another level", {"代码": "15010200100"}, "代码", "code"),
    ("code of a community that is there", {"代码": "150102001", "级别": "社区"}, "代码", "code"),
    ("parent of another level", {"上级代码": "150102"}, "上级代码", "parent_level"),
    ("not under its parent", {"上级代码": "150102002"}, "上级代码", "not_under_parent"),
    ("parent nobody knows", {"代码": "150102077001", "上级代码": "150102077"}, "上级代码", "parent_unknown"),
    ("another district's", {"代码": "150103001009", "上级代码": "150103001"}, "代码", "forbidden"),
    ("name without end", {"名称": "长" * 121}, "名称", "too_long"),
    ("code: failed look-up", {"代码": "#N/A"}, "代码", "cell_error"),
]
CHAIN: list[tuple[str, dict[str, Any], str, str]] = [
    ("no post", {"职务": ""}, "职务", "empty"),
    ("unknown post", {"职务": "门神"}, "职务", "role_unknown"),
    ("post: failed look-up", {"职务": "#N/A"}, "职务", "cell_error"),
    ("unknown unit", {"单元": "七单元"}, "单元", "place_unknown"),
    ("unit lead of a building", {"单元": ""}, "楼栋", "place_kind"),
    ("phone too short", {"手机号码": "1541234"}, "手机号码", "phone"),
    ("digits in the name", {"责任人姓名": "王敏2"}, "责任人姓名", "name"),
    ("deputy's phone too short", {"B岗姓名": "高娃", "B岗电话": "12"}, "B岗电话", "phone"),
    ("a kind for a unit lead", {"信息员类别": "物业"}, "信息员类别", "officer_kind"),
    ("employer without end", {"工作单位": LONG}, "工作单位", "too_long"),
]
MARKS: list[tuple[str, dict[str, Any], str, str]] = [
    ("number that is none", {"编号": "号码", "姓名": ""}, "编号", "code"),
    ("number of a household", {"编号": "H7"}, "编号", "code_kind"),
    ("number of nobody", {"编号": "P999999"}, "编号", "not_in_round"),
    ("nobody named", {"姓名": ""}, "编号", "nobody"),
    ("unknown door", {"房号": "999"}, "房号", "unknown_door"),
    ("nobody of this name", {"姓名": "没有这人"}, "姓名", "unknown_name"),
    ("unknown ID", {"身份证号": make_id_number(number=9)}, "身份证号", "unknown_id"),
    ("unknown result", {"结果": "不知道"}, "结果", "result"),
    ("result: failed look-up", {"结果": "#N/A"}, "结果", "cell_error"),
    ("exempt without a reason", {"结果": "豁免"}, "备注", "reason_missing"),
    ("reason without end", {"结果": "豁免", "备注": LONG}, "备注", "reason_long"),
    ("noon", {"时间": "中午"}, "时间", "time"),
    ("a day alone", {"时间": "2022-10-04"}, "时间", "time_of_day"),
    ("later today", {"时间": "23:30"}, "时间", "time_ahead"),
    ("another year", {"时间": "2099-10-04 10:00"}, "时间", "time_future"),
    ("30 February", {"时间": "2022-02-30 10:00"}, "时间", "time"),
]
WRONG = [
    (sheet, *case)
    for sheet, cases in (
        ("roster", ROSTER), ("compounds", COMPOUNDS), ("divisions", DIVISIONS), ("chain", CHAIN), ("marks", MARKS),
    )
    for case in cases
]  # fmt: skip
