"""What the demo's figures rest on: the census where it speaks, plain assumptions where it does not.

Census: the bulletins of the seventh national census (2020), Hohhot: 3,446,100 residents
(http://www.northnews.cn/p/1999016.html); 1,314,900 family households with 3,018,100 people, 2.30 a household, and
106,800 collective households (mirror of the bulletin, loja-hidrogenio.com, 4 June 2021). Ages: Harbin's bulletin of the
same census (http://www1.songyangzx.com/afhzp/6850.html), the nearest city whose age groups are at hand: 0 to 14
10.46 %, 60 and over 21.98 %.
"""

from __future__ import annotations

CITY_PEOPLE = 3_446_100
FAMILY_PEOPLE = 3_018_100
FAMILY_SIZE = 2.30
COLLECTIVE_HOUSEHOLDS = 106_800
COLLECTIVE_SHARE = (CITY_PEOPLE - FAMILY_PEOPLE) / CITY_PEOPLE  # 12.4 %: dormitories
COLLECTIVE_SIZE = (CITY_PEOPLE - FAMILY_PEOPLE) / COLLECTIVE_HOUSEHOLDS  # 4.0 a room
SHARE_UNDER_15 = 0.1046
SHARE_OVER_60 = 0.2198
SHARE_MALE = 1_740_118 / CITY_PEOPLE

DEFAULT_PEOPLE = 130_000  # domain.md, A: under control in Xincheng on 5 October 2022
MIN_PEOPLE, MAX_PEOPLE = 200, 3_400_000
CITY_SIZE = 700_000  # from here on all districts are used: Xincheng alone would hold more than it does

# How many people of each size of family there are before the mean is fitted (shape only; an assumption).
FAMILY_SIZES = (0.26, 0.33, 0.23, 0.12, 0.045, 0.012, 0.003)

# Assumptions, in the order of what street offices report.
VACANT = 0.09  # of dwellings
TWO_HOUSEHOLDS = {"tower": 0.004, "walkup": 0.01, "yard": 0.03, "village": 0.14}
AWAY, MOVED_OUT = 0.032, 0.006
MONGOLIAN = 0.13
PEOPLE_PER_POPULATED_COMMUNITY = 700  # a small demo fills few communities rather than all of them thinly
HOUSEHOLDS_PER_GRID = 320
COLLECTIVE_PLACES = 0.10  # of urban communities have dormitories

# Marks of need: (from age, to age, share); None of this is stored for age alone (over 80, infant).
DISABLED = ((0, 60, 0.012), (60, 80, 0.05), (80, 120, 0.11))
CHRONIC = ((30, 60, 0.07), (60, 80, 0.34), (80, 120, 0.46))
MEDICINE_OF_CHRONIC = 0.45
NO_SMARTPHONE = ((60, 70, 0.12), (70, 80, 0.33), (80, 120, 0.68))
BEDRIDDEN = ((65, 80, 0.008), (80, 120, 0.05))
PREGNANT = ((22, 40, 0.022),)
HARDSHIP = 0.008
ALONE_FROM_AGE = 60
