"""Which records may mean the same: compared field by field, scored by splink (Fellegi and Sunter's model) in DuckDB.

Knows nothing of what the records are. A caller describes them once, as a `Model`: fields with their levels of
agreement, and blocks, the sets of columns on which two records must agree to be compared at all. How often two
different records agree by chance is measured on the records themselves; how often two records of the same agree is
declared with each level, because a register with few doubles has nothing to learn it from. No labels, network or files.

Source: I. Fellegi, A. Sunter, A Theory for Record Linkage, Journal of the American Statistical Association 64 (1969).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from splink import SettingsCreator

# splink, DuckDB and their SQL library take a second to load, which every command would pay: loaded where they are used.

SAMPLED_PAIRS = 1_500_000  # on which chance is measured
SEED = 20221004  # the same records give the same answer
CROWD = 100  # a value that more records share tells nobody apart: not compared by it
LEAST_CHANCE = 1e-9


@dataclass(frozen=True)
class Level:
    """How two values agree. `when`: SQL over `<column>_l` and `<column>_r`; "" for every other pair (comes last).

    `same`: how often two records of the same agree like this (m). Chance (u) is measured, unless it is declared:
    `alike` is then how many other records a record agrees with by chance, whatever their number, `often` a share.
    `rare`: the column whose rare values say more than its frequent ones.
    """

    when: str
    same: float
    alike: float | None = None
    often: float | None = None
    rare: str = ""


@dataclass(frozen=True)
class Field:
    """One thing compared. `unknown`: SQL for pairs that say nothing; levels from the closest to the rest."""

    name: str
    unknown: str
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Model:
    """`share`: how many records are expected to have a double, of one."""

    fields: tuple[Field, ...]
    blocks: tuple[tuple[str, ...], ...]
    share: float


@dataclass(frozen=True)
class Likeness:
    """Two records (indexes into the columns, the lower first) and how certain it is that they mean the same, 0 to 1.

    `levels`: field → place of the level they agree on, 0 the closest; None where one of them says nothing.
    """

    left: int
    right: int
    certainty: float
    levels: dict[str, int | None]


def missing(*columns: str) -> str:
    """SQL: one of the two says nothing in one of these columns."""
    return " OR ".join(f"{column}_l IS NULL OR {column}_r IS NULL" for column in columns)


def text(column: str) -> Field:
    """Words that are misspelt: names, streets."""
    alike = f"jaro_winkler_similarity({column}_l, {column}_r)"
    return Field(
        column,
        missing(column),
        (
            Level(f"{column}_l = {column}_r", 0.75, rare=column),
            Level(f"{alike} >= 0.92", 0.12),
            Level(f"{alike} >= 0.8", 0.06),
            Level("", 0.07),
        ),
    )


def digits(column: str) -> Field:
    """Numbers that are mistyped: one digit wrong, two exchanged."""
    apart = f"damerau_levenshtein({column}_l, {column}_r)"
    return Field(
        column,
        missing(column),
        (
            Level(f"{column}_l = {column}_r", 0.85),
            Level(f"{apart} = 1", 0.08),
            Level(f"{apart} = 2", 0.02),
            Level("", 0.05),
        ),
    )


def word(column: str) -> Field:
    """Values that are the same or not."""
    return Field(column, missing(column), (Level(f"{column}_l = {column}_r", 0.85, rare=column), Level("", 0.15)))


def find_alike(
    columns: Mapping[str, Sequence[Any] | pa.Array], model: Model, *, least: float, threads: int = 2
) -> list[Likeness]:
    """Pairs of records that agree on a block and mean the same with at least `least`, the most certain first.

    `columns`: name → values of all records, None where nothing is known; all of one length.
    """
    import duckdb
    import pyarrow as pa
    from splink import DuckDBAPI, Linker

    table = pa.table(
        {name: pa.array(values) if not isinstance(values, pa.Array) else values for name, values in columns.items()}
    )
    if table.num_rows < 2:
        return []
    with duckdb.connect(":memory:", config=_config(threads)) as database:
        database.register("given", table)
        database.execute(_prepared(model))
        api = DuckDBAPI(database)
        linker = Linker(api.register("records"), _settings(model, table.num_rows), log_level=logging.ERROR)
        linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=SEED, min_count_per_level=None)
        found = linker.inference.predict(threshold_match_probability=least, warning_mode="never")
        gammas = ", ".join(f"gamma_{field.name}" for field in model.fields)
        rows = database.execute(
            f"SELECT least(record_l, record_r), greatest(record_l, record_r), match_probability, {gammas}"
            f" FROM {found.physical_name} ORDER BY 3 DESC, 1, 2"
        ).fetchall()
    return [Likeness(left, right, certainty, _levels(model, gamma)) for left, right, certainty, *gamma in rows]


def _config(threads: int) -> dict[str, Any]:
    """Nothing is fetched, nothing is read or written outside of memory: the records are personal data."""
    return {
        "threads": threads,
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": "",
    }


def _prepared(model: Model) -> str:
    """The records with a number each, and a column a block: a hash of its values, NULL where one is unknown or they are
    common to more than CROWD records, which would compare a crowd with itself.
    """
    hashes = [f"CASE WHEN {' AND '.join(f'{c} IS NOT NULL' for c in block)} THEN hash({', '.join(block)}) END"
              for block in model.blocks]  # fmt: skip
    blocks = ", ".join(f"{hashed} AS h{number}" for number, hashed in enumerate(hashes))
    thinned = ", ".join(
        f"CASE WHEN count(h{number}) OVER (PARTITION BY h{number}) <= {CROWD} THEN h{number} END AS block{number}"
        for number in range(len(hashes))
    )
    hidden = ", ".join(f"h{number}" for number in range(len(hashes)))
    return (
        f"CREATE TABLE records AS SELECT * EXCLUDE ({hidden}), {thinned}"
        f" FROM (SELECT row_number() OVER () - 1 AS record, *, {blocks} FROM given)"
    )


def _settings(model: Model, records: int) -> SettingsCreator:
    from splink import SettingsCreator

    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record",
        probability_two_random_records_match=min(0.5, 2 * model.share / (records - 1)),
        comparisons=[_comparison(field, records) for field in model.fields],
        blocking_rules_to_generate_predictions=[
            {"blocking_rule": f"l.block{number} = r.block{number}", "sql_dialect": "duckdb"}
            for number in range(len(model.blocks))
        ],
        retain_matching_columns=True,  # and with them the levels on which the two agree
    )


def _comparison(field: Field, records: int) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {"sql_condition": field.unknown, "label_for_charts": "unknown", "is_null_level": True}
    ]
    for number, level in enumerate(field.levels):
        made: dict[str, Any] = {
            "sql_condition": level.when or "ELSE",
            "label_for_charts": str(number),
            "m_probability": level.same,
            "fix_m_probability": True,
        }
        if level.alike is not None or level.often is not None:
            chance = level.often if level.often is not None else (level.alike or 0) / records
            made |= {"u_probability": min(1.0, max(LEAST_CHANCE, chance)), "fix_u_probability": True}
        if level.rare:
            made |= {
                "tf_adjustment_column": level.rare,
                "tf_adjustment_weight": 1.0,
                "tf_minimum_u_value": LEAST_CHANCE,
            }
        levels.append(made)
    return {"output_column_name": field.name, "comparison_levels": levels}


def _levels(model: Model, gammas: Sequence[int]) -> dict[str, int | None]:
    """splink numbers levels from the rest (0) upwards, and -1 for unknown."""
    return {
        field.name: None if gamma < 0 else len(field.levels) - 1 - gamma
        for field, gamma in zip(model.fields, gammas, strict=True)
    }
