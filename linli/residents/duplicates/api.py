"""HTTP API of duplicates: the list, decisions, merging and undoing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from linli.core.api import ApiRequest, cut_page, permission, read_cursor
from linli.places import queries as places
from linli.residents.duplicates import decisions, finding, households, people, queries
from linli.residents.errors import WordUnknown
from linli.residents.services.people import EDITABLE
from linli.residents.terms import EntryKind, Pick, Verdict

router = Router(tags=["duplicates"])
MERGE = finding.MERGE


class OneOfPairOut(Schema):
    id: int
    name: str
    key: int
    door: str


class PairOut(Schema):
    id: int
    kind: str = Field(description="person, household")
    certainty: float
    agreement: dict[str, Any] = Field(description="Field → how close the two agree on it, 0 the closest.")
    verdict: str
    found_at: datetime
    left: OneOfPairOut
    right: OneOfPairOut

    @classmethod
    def of(cls, pair: queries.PairLine) -> PairOut:
        return cls(
            id=pair.id, kind=pair.kind.name.lower(), certainty=pair.certainty, agreement=pair.agreement,
            verdict=pair.verdict, found_at=pair.found_at, left=OneOfPairOut(**vars(pair.left)),
            right=OneOfPairOut(**vars(pair.right)),
        )  # fmt: skip


class PairsOut(Schema):
    items: list[PairOut]
    next: str | None


class PairsQuery(Schema):
    kind: str = Field("person", description="person, household")
    verdict: str = Field("open", description="open, later, different, same")
    after: str = ""
    limit: int = Field(50, ge=1, le=500)


class FindIn(Schema):
    place: str | None = Field(None, description="Code of a place; all of yours otherwise.")


class FindOut(Schema):
    job: UUID


class VerdictIn(Schema):
    verdict: str = Field(description="open, later, different")


class MergePeopleIn(Schema):
    survivor_id: int
    merged_id: int
    picks: dict[str, str] = Field({}, description="Field → keep, take, or both (needs alone).")


class MergeHouseholdsIn(Schema):
    survivor_id: int
    merged_id: int
    pairs: list[tuple[int, int]] = Field([], description="Who stays, and the same person in the other household.")


class MergerOut(Schema):
    merger: int


def word_of(word: str, known: list[str], field: str) -> str:
    if word not in known:
        raise WordUnknown(word=word[:40], known=", ".join(known), field=field)
    return word


def kind_of(word: str) -> EntryKind:
    return EntryKind[word_of(word, [kind.name.lower() for kind in EntryKind], "kind").upper()]


@router.get("", response=PairsOut, summary="Pairs that may be one, the surest first")
@permission(MERGE)
def list_pairs(request: ApiRequest, query: Annotated[PairsQuery, Query()]) -> PairsOut:
    after = read_cursor(query.after, float, int)
    found = queries.list_pairs(
        kind=kind_of(query.kind),
        verdict=Verdict(word_of(query.verdict, list(Verdict.values), "verdict")),
        actor=request.actor,
        after=(float(after[0]), int(after[1])) if after else None,
        limit=query.limit + 1,
    )
    page, following = cut_page(found, query.limit, lambda pair: (pair.certainty, pair.id))
    return PairsOut(items=[PairOut.of(pair) for pair in page], next=following)


@router.post("/find", response=FindOut, summary="Look for duplicates, as a job")
@permission(MERGE)
def find(request: ApiRequest, body: FindIn) -> FindOut:
    place_id = places.get_place(body.place).id if body.place else None
    job = finding.request_find(place_id=place_id, actor=request.actor, at=request.at)
    return FindOut(job=job.id)


@router.post("/people", response=MergerOut, summary="Merge two entries of one person")
@permission(MERGE)
def merge_people(request: ApiRequest, body: MergePeopleIn) -> MergerOut:
    picks = {
        word_of(name, list(EDITABLE), "picks"): Pick(word_of(pick, list(Pick.values), name))
        for name, pick in body.picks.items()
    }
    return MergerOut(
        merger=people.merge_people(
            survivor_id=body.survivor_id, merged_id=body.merged_id, picks=picks, actor=request.actor, at=request.at
        )
    )


@router.post("/households", response=MergerOut, summary="Merge two households behind one door")
@permission(MERGE)
def merge_households(request: ApiRequest, body: MergeHouseholdsIn) -> MergerOut:
    return MergerOut(
        merger=households.merge_households(
            survivor_id=body.survivor_id,
            merged_id=body.merged_id,
            pairs=body.pairs,
            actor=request.actor,
            at=request.at,
        )
    )


@router.post("/mergers/{merger_id}/undo", response=MergerOut, summary="Take apart what was merged")
@permission(MERGE)
def undo_merger(request: ApiRequest, merger_id: int) -> MergerOut:
    households.undo_merger(merger_id=merger_id, actor=request.actor, at=request.at)
    return MergerOut(merger=merger_id)


@router.get("/{pair_id}", response=PairOut, summary="One pair")
@permission(MERGE)
def get_pair(request: ApiRequest, pair_id: int) -> PairOut:
    return PairOut.of(queries.get_pair(pair_id, actor=request.actor))


@router.post("/{pair_id}/verdict", response=PairOut, summary="Decide without merging")
@permission(MERGE)
def decide(request: ApiRequest, pair_id: int, body: VerdictIn) -> PairOut:
    verdict = Verdict(word_of(body.verdict, [str(one) for one in decisions.SAID], "verdict"))
    decisions.decide_duplicate(pair_id=pair_id, verdict=verdict, actor=request.actor, at=request.at)
    return get_pair(request, pair_id)
