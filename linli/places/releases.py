"""Two releases of the official divisions compared by themselves. Pure.

In this order, each on what the one before left over, wide before narrow:

1. the same code;
2. the same name under the same parent (the parent may have another code by now);
3. the same name but for the word of its kind under the same parent: 祖庵镇 and 祖庵街道;
4. renamed with the same children: at least two children, and at least half of either side's, have the same name;
5. moved, as when a street is split: the same name, the only one of its level two levels below the same place, in either
   release (a community within its district, a street within its city).

A match has to be the only one on both sides. What is left is said, never guessed: a place that is gone may have been
merged, split or renamed, and two files alone do not tell; where its children went is a hint.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text
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
    AROUND = "around"


class Became(StrEnum):
    """What became of a line from one release to the next; of one line several may be true."""

    SAME = "same"
    RENAMED = "renamed"
    RECODED = "recoded"
    MOVED = "moved"
    ADDED = "added"
    SPLIT = "split"
    MERGED = "merged"
    GONE = "gone"
    UNKNOWN = "unknown"
    REFUSED = "refused"


BY_WORDS: dict[str, Text] = {
    By.CODE: _("the same code"),
    By.NAME: _("the same name under the same place"),
    By.STEM: _("the same name but for its last word"),
    By.CHILDREN: _("the same places under it"),
    By.AROUND: _("the only one of this name in the district or city"),
}
BECAME_WORDS: dict[str, Text] = {
    Became.SAME: _("Unchanged"),
    Became.RENAMED: _("Renamed"),
    Became.RECODED: _("New code"),
    Became.MOVED: _("Under another place"),
    Became.ADDED: _("Newly made"),
    Became.SPLIT: _("Gone; what stood under it is under several now"),
    Became.MERGED: _("Gone; what stood under it is under one other now"),
    Became.GONE: _("Gone without a trace"),
    Became.UNKNOWN: _("Not in the register"),
    Became.REFUSED: _("Cannot be done"),
}


@dataclass(frozen=True)
class Pair:
    old: Division
    new: Division
    by: By
    parent_moved: bool  # it stands under what is another place, not only another code


@dataclass(frozen=True)
class Comparison:
    """`gone`, with hints where the children of each are now, and `homes`: under how many places; `added`; `outside`:
    lines of cities that the old release does not have, and of levels that one of the two does not have."""

    pairs: list[Pair]
    gone: list[Division]
    added: list[Division]
    hints: Mapping[str, str] = field(default_factory=dict)
    homes: Mapping[str, int] = field(default_factory=dict)
    outside: int = 0

    def within(self, register: Register) -> Comparison:
        """The part that touches what the register has; the rest counts as outside."""
        pairs = [pair for pair in self.pairs if register.reaches(pair.old) or register.reaches(pair.new)]
        gone = [one for one in self.gone if register.reaches(one)]
        made = {one.code for one in self.added if one.kind == Kind.DISTRICT and one.parent_code in register.wide}
        added = [one for one in self.added if one.code[:6] in made or register.reaches(one)]
        left_out = len(self.pairs) - len(pairs) + len(self.gone) - len(gone) + len(self.added) - len(added)
        return replace(self, pairs=pairs, gone=gone, added=added, outside=self.outside + left_out)


@dataclass(frozen=True)
class Register:
    """What a register covers: `wide`: codes of its provinces and cities; `districts`: codes of its districts."""

    wide: frozenset[str]
    districts: frozenset[str]

    def reaches(self, one: Division) -> bool:
        """A city of which the register has no district at all is followed as a whole."""
        if one.kind < Kind.DISTRICT:
            return one.code in self.wide
        whole = one.code[:4] in self.wide and not any(code.startswith(one.code[:4]) for code in self.districts)
        return whole or one.code[:6] in self.districts


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
    went = matching.homes()
    return Comparison(
        pairs=[matching.pair(code) for code in matching.new_of],
        gone=[one for one in kept_old if one.code not in matching.new_of],
        added=[one for one in kept_new if one.code not in matching.old_of],
        hints={code: "、".join(f"{name} {n}" for name, n in homes) for code, homes in went.items()},
        homes={code: len(homes) for code, homes in went.items()},
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
        if kind in (Kind.STREET, Kind.COMMUNITY):
            self._match_around(kind)

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
            for other in news if names.total() > 1 else ():
                theirs = Counter(child.name for child in self.new_children[other.code])
                shared = (names & theirs).total()
                if shared >= 2 and 2 * shared >= max(names.total(), theirs.total()):
                    likely.append((one.code, other.code))
        for old, new in likely:
            if sum(a == old for a, _ in likely) == 1 == sum(b == new for _, b in likely):
                self._join(old, new, By.CHILDREN)

    def _match_around(self, kind: Kind) -> None:
        """Names that stand once on either side, matched or not, two levels below what is the same place."""
        sides: list[dict[tuple[str, str], list[str]]] = []
        for ones in (self.old, self.new):
            known = self.new_of if ones is self.old else {}
            side: dict[tuple[str, str], list[str]] = defaultdict(list)
            for one in ones.values():
                parent = ones.get(one.parent_code)
                if one.kind == kind and parent is not None and parent.parent_code in ones:
                    above = known.get(parent.parent_code, parent.parent_code)
                    side[above, match_compound(one.name)].append(one.code)
            sides.append(side)
        for key, codes in sides[0].items():
            there = sides[1].get(key, [])
            if len(codes) == len(there) == 1 and codes[0] not in self.new_of and there[0] not in self.old_of:
                self._join(codes[0], there[0], By.AROUND)

    def pair(self, code: str) -> Pair:
        old, new = self.old[code], self.new[self.new_of[code]]
        expected = self.new_of.get(old.parent_code, old.parent_code)
        return Pair(old, new, self.by[code], parent_moved=bool(old.parent_code) and expected != new.parent_code)

    def homes(self) -> dict[str, list[tuple[str, int]]]:
        """Of what is gone: under which places of the new release its children stand now, and how many."""
        found = {}
        for code in self.old.keys() - self.new_of.keys():
            went = [self.new[self.new_of[one.code]] for one in self.old_children[code] if one.code in self.new_of]
            homes = Counter(one.parent_code for one in went if one.parent_code in self.new)
            found[code] = [(self.new[home].name, count) for home, count in homes.most_common()]
        return found


def _children(divisions: Iterable[Division]) -> dict[str, list[Division]]:
    found: dict[str, list[Division]] = defaultdict(list)
    for one in divisions:
        found[one.parent_code].append(one)
    return found
