"""Words that are kept, and read by people of another language: said in every language when they are made.

`filled` puts values into a text that is still to be translated; `keep` says texts in all languages at once, as JSON;
`hear` reads one of them in the language of the moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import get_language, override

from linli.core.errors import Problem, Text

Kept = str | dict[str, str]
"""Language code → words; one text where all languages say the same."""


def _fill(text: Text, values: Mapping[str, Any]) -> str:
    return str(text) % {name: str(value) for name, value in values.items()}


def _join(between: Text, texts: Sequence[Text]) -> str:
    return str(between).join(map(str, texts))


def _say(problem: Problem, part: str) -> str:
    return str(getattr(problem, part))


_filled, _joined, _said = lazy(_fill, str), lazy(_join, str), lazy(_say, str)
SPOKEN = ("title", "detail", "advice")  # of a problem's body; the rest is for machines
LANGUAGES = [code for code, _name in settings.LANGUAGES]


def filled(text: Text, **values: Any) -> Text:
    """The text with its `%(name)s` filled, translated when it is read."""
    return _filled(text, values)


def joined(between: Text, texts: Sequence[Text]) -> Text:
    """Texts with `between` between them, translated when they are read."""
    return _joined(between, tuple(texts))


def say_problem(problem: Problem) -> tuple[Text, Text]:
    """Its detail and its advice, translated when they are read."""
    return _said(problem, "detail"), _said(problem, "advice")


def keep(rows: Sequence[Sequence[Text]]) -> list[list[Kept]]:
    """Rows of texts as they are kept. Whole rows, because each change of language costs."""
    versions = []
    for code in LANGUAGES:
        with override(code):
            versions.append([[str(text) for text in row] for row in rows])
    return [
        [said[0] if len(set(said)) == 1 else dict(zip(LANGUAGES, said, strict=True)) for said in zip(*row, strict=True)]
        for row in zip(*versions, strict=True)
    ]


def keep_problem(problem: Problem) -> dict[str, Any]:
    """Its body as `as_dict` gives it, the words of it as they are kept."""
    said = {}
    for code in LANGUAGES:
        with override(code):
            said[code] = problem.as_dict()
    kept = problem.as_dict()
    for part in SPOKEN:
        words = {code: body[part] for code, body in said.items()}
        kept[part] = words if len(set(words.values())) > 1 else kept[part]
    return kept


def hear_problem(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What `keep_problem` kept, in the language of the moment."""
    return {**kept, **{part: hear(kept[part]) for part in SPOKEN if part in kept}}


def hear(kept: Kept) -> str:
    """In the language of the moment; the product's own where that is not among them."""
    if isinstance(kept, str):
        return kept
    return kept.get(get_language() or "") or kept.get(settings.LANGUAGE_CODE) or next(iter(kept.values()))


def hear_all(value: Any) -> Any:
    """JSON with everything that was kept in it said in the language of the moment."""
    if isinstance(value, list):
        return [hear_all(one) for one in value]
    if isinstance(value, dict):
        if value and value.keys() <= set(LANGUAGES):
            return hear(value)
        return {name: hear_all(one) for name, one in value.items()}
    return value
