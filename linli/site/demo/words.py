"""Lists from which synthetic names are put together. No name here is taken from a register."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Surnames with rough shares in a thousand.
SURNAMES: tuple[tuple[str, int], ...] = tuple(
    (name, share)
    for share, names in (
        (72, "王李张"),
        (52, "刘"),
        (46, "陈杨"),
        (34, "赵"),
        (22, "黄吴周徐孙马"),
        (15, "胡朱高林何郭罗"),
        (11, "梁宋郑谢韩唐冯于董萧程曹袁邓许"),
        (
            7,
            "傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文",
        ),
        (2, "云齐蔚燕额安奇荣冀靳岳柴米霍苗边樊翟祁"),
    )
    for name in names
)
MALE_OLD = "国建军明志文华永德福贵生林平海成玉振庆荣根发富全忠义仁维守"
MALE_OLD_2 = "国军明强华平生林海成山峰民祥才义忠良伟斌清田旺"
FEMALE_OLD = "秀桂玉淑凤兰翠春素文月瑞惠爱金彩雪美润俊"
FEMALE_OLD_2 = "英兰珍芳梅华花琴莲香云霞玲娥贞清枝荣"
MALE_MID = "志建海伟永文晓俊鹏宏立学少世亚振东利国新"
MALE_MID_2 = "军伟强勇斌涛峰杰鹏飞龙波刚辉亮超磊东宇平"
FEMALE_MID = "丽晓红艳海玉春雪燕小亚慧秀文美静彩凤娜云"
FEMALE_MID_2 = "娟丽敏静霞艳红燕芳玲梅婷娜萍君云华莉洁琴"
MALE_NEW = "子浩宇梓俊皓睿博泽文嘉晨天一明思家雨星沐承景"
MALE_NEW_2 = "轩宇然泽涵豪博辰航霖哲阳浩睿铭熙恒安乐成"
FEMALE_NEW = "子欣雨诗梓思佳语可雅若一梦嘉心芷静婉安晨"
FEMALE_NEW_2 = "涵怡萱彤瑶琪妍宁悦婷妮洋馨萌颖桐然琳希"
SINGLE_MALE = "伟强磊军勇涛杰斌超鹏亮刚波辉浩飞宇帆凯昊博"
SINGLE_FEMALE = "芳娜敏静丽艳娟霞婷雪慧莉倩颖洁玲燕蕾琳欣萌"

MONGOLIAN_FIRST = _words(
    """
    阿拉坦 巴彦 朝格 孟和 乌力吉 那仁 苏和 布仁 额尔敦 敖特根 斯琴 哈斯 宝音 道尔吉 特木尔 呼和
    格根 萨仁 娜仁 乌云 吉日嘎 图门 青格勒 满都 其木格 达来 铁木 阿斯 苏日 莫日根 恩和 白音
    """
)
MONGOLIAN_MALE = _words("巴特尔 巴图 吉雅 图 夫 朝鲁 宝力德 布和 毕力格 巴雅尔 苏荣 那顺 达来 仓")
MONGOLIAN_FEMALE = _words("其其格 高娃 图雅 塔娜 花 娜 琪琪格 格日勒 托娅 萨茹拉 乌日娜 娜日 莎日娜 索德")

COMPOUND_FIRST = _words(
    """
    阳光 金桥 水岸 丽景 香榭 天骄 万和 锦绣 书香 翠林 和谐 凤凰 紫薇 云锦 青山 草原 长乐 永泰
    祥和 瑞丰 景泰 学府 银河 白桦 丁香 牡丹 新月 北辰 南湖 东方 嘉和 恒泰 富丽 华章 明珠 碧水
    绿洲 枫林 春晖 秋实 桃源 榆园 松涛 杏坛 塞上 敕勒 青城 大观 颐和 怡心 惠民 安居 康宁 福星
    鼎盛 盛世 宏业 滨河 兴安 云中 丰州 归化 绥远
    """
)
TOWER_LAST = _words("华府 国际 名邸 公馆 城 御园 观邸 广场公寓 壹品 首府 天悦 湾")
WALKUP_LAST = _words("小区 花园 家园 苑 新村 佳园 小区东区 小区西区 北苑 南苑 嘉园")
YARD_OWNERS = _words(
    """
    粮食局 供销社 毛纺厂 糖厂 二建公司 运输公司 印刷厂 百货公司 面粉厂 农机厂 邮电局 水利局 地毯厂
    木材公司
    """
)
DORMITORIES = _words("学生公寓 职工公寓 蓝领公寓 人才公寓 青年公寓 工地生活区")
VILLAGE_PARTS = _words("东片 西片 南片 北片 中心片 新区 东头 西头")

RELATIONS = _words("户主 配偶 子 女 父亲 母亲 孙子 孙女 兄弟姐妹 集体户成员")
HEAD, SPOUSE, SON, DAUGHTER, FATHER, MOTHER, GRANDSON, GRANDDAUGHTER, SIBLING, MEMBER = range(10)
