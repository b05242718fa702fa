"""Two releases of the official divisions compared by themselves. Pure.

In this order, each on what the one before left over, wide before narrow:

1. the same code;
2. the same name under the same parent (the parent may have another code by now);
3. the same name but for the word of its kind under the same parent: 祖庵镇 and 祖庵街道;
4. renamed with the same children: at least two children, and at least half of either side's, have the same name.

A match has to be the only one on both sides. What is left is said, never guessed: a place that is gone may have been
merged, split or renamed, and two files alone do not tell; where its children went is a hint.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from linli.places.policies import match_compound
from linli.places.terms import Kind

_TAIL = re.compile(
    "(街道办事处|街道|镇|乡|苏木|地区|区域服务中心|区|县|旗|市|社区居民委员会|社区居委会|居委会|村委会|社区|嘎查|村)$"
)


@dataclass(frozen=True)
class Division:
    """One line of a release."""

    kind: Kind
    code: str
    name: str
    parent_code: str


class By(StrEnum):
    """How two lines were found to be the same place."""

    CODE = "code"
    NAME = "name"
    STEM = "stem"
    CHILDREN = "children"


@dataclass(frozen=True)
class Pair:
    old: Division
    new: Division
    by: By
    parent_moved: bool  # it stands under what is another place, not only another code


@dataclass(frozen=True)
class Comparison:
    """`gone`, with hints where the children of each are now; `added`; `outside`: lines of cities that the old release
    does not have, and of levels that one of the two does not have."""

    pairs: list[Pair]
    gone: list[Division]
    added: list[Division]
    hints: Mapping[str, str] = field(default_factory=dict)
    outside: int = 0


def stem(name: str) -> str:
    bare = match_compound(name)
    return _TAIL.sub("", bare) or bare


def compare(old: Iterable[Division], new: Iterable[Division]) -> Comparison:
    """What became of each line of the old release, and which lines of the new one are new."""
    olds, news = list(old), list(new)
    levels = {one.kind for one in olds} & {one.kind for one in news}
    mine = {one.code[:4] for one in olds if one.kind >= Kind.CITY}
    known = {one.code for one in olds}
    kept_new = [one for one in news if one.kind in levels and (one.code in known or one.code[:4] in mine)]
    kept_old = [one for one in olds if one.kind in levels]
    matching = _Matching(kept_old, kept_new)
    for kind in sorted(levels):
        matching.match_level(kind)
    return Comparison(
        pairs=[matching.pair(code) for code in matching.new_of],
        gone=[one for one in kept_old if one.code not in matching.new_of],
        added=[one for one in kept_new if one.code not in matching.old_of],
        hints=matching.hints(),
        outside=len(news) - len(kept_new) + len(olds) - len(kept_old),
    )


class _Matching:
    def __init__(self, old: list[Division], new: list[Division]) -> None:
        self.old = {one.code: one for one in old}
        self.new = {one.code: one for one in new}
        self.new_of: dict[str, str] = {}
        self.old_of: dict[str, str] = {}
        self.by: dict[str, By] = {}
        self.old_children, self.new_children = _children(old), _children(new)

    def match_level(self, kind: Kind) -> None:
        for code, one in self.old.items():
            if one.kind == kind and code in self.new and self.new[code].kind == kind:
                self._join(code, code, By.CODE)
        self._match_by(kind, By.NAME, lambda one: match_compound(one.name))
        self._match_by(kind, By.STEM, lambda one: stem(one.name))
        self._match_children(kind)

    def _join(self, old: str, new: str, by: By) -> None:
        self.new_of[old], self.old_of[new], self.by[old] = new, old, by

    def _left(self, kind: Kind) -> tuple[list[Division], list[Division]]:
        return (
            [one for one in self.old.values() if one.kind == kind and one.code not in self.new_of],
            [one for one in self.new.values() if one.kind == kind and one.code not in self.old_of],
        )

    def _match_by(self, kind: Kind, by: By, name: Callable[[Division], str]) -> None:
        """Names that stand once on either side under parents that are the same place."""
        olds, news = self._left(kind)
        sides: tuple[dict[tuple[str, str], list[str]], ...] = (defaultdict(list), defaultdict(list))
        for one in olds:
            sides[0][self.new_of.get(one.parent_code, one.parent_code), name(one)].append(one.code)
        for one in news:
            sides[1][one.parent_code, name(one)].append(one.code)
        for key, codes in sides[0].items():
            if len(codes) == 1 and len(sides[1].get(key, ())) == 1:
                self._join(codes[0], sides[1][key][0], by)

    def _match_children(self, kind: Kind) -> None:
        olds, news = self._left(kind)
        likely: list[tuple[str, str]] = []
        for one in olds:
            names = Counter(child.name for child in self.old_children[one.code])
            for other in news:
                theirs = Counter(child.name for child in self.new_children[other.code])
                shared = (names & theirs).total()
                if shared >= 2 and 2 * shared >= max(names.total(), theirs.total()):
                    likely.append((one.code, other.code))
        for old, new in likely:
            if sum(a == old for a, _ in likely) == 1 == sum(b == new for _, b in likely):
                self._join(old, new, By.CHILDREN)

    def pair(self, code: str) -> Pair:
        old, new = self.old[code], self.new[self.new_of[code]]
        expected = self.new_of.get(old.parent_code, old.parent_code)
        return Pair(old, new, self.by[code], parent_moved=bool(old.parent_code) and expected != new.parent_code)

    def hints(self) -> dict[str, str]:
        """Of what is gone: under which places of the new release its children stand now, and how many."""
        found = {}
        for code in self.old.keys() - self.new_of.keys():
            went = [self.new[self.new_of[one.code]] for one in self.old_children[code] if one.code in self.new_of]
            homes = Counter(self.new[one.parent_code].name for one in went if one.parent_code in self.new)
            found[code] = "、".join(f"{name} {count}" for name, count in homes.most_common())
        return found


def _children(divisions: Iterable[Division]) -> dict[str, list[Division]]:
    found: dict[str, list[Division]] = defaultdict(list)
    for one in divisions:
        found[one.parent_code].append(one)
    return found
