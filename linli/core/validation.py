"""What is wrong with a field that was sent to the API, in the language of whoever sent it.

pydantic checks the fields and names each fault by a type; its own sentences are English alone. A type without words
here keeps pydantic's; tests/core/test_validation.py provokes those that the API's fields can have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text

_NUMBER, _TEXT, _LIST = _("has to be a whole number"), _("has to be a text"), _("has to be a list")
_OBJECT, _CHOICE = _("has to be an object with named fields"), _("has to be one of %(expected)s")
_DATE = _("has to be a date, such as 2022-10-04")
_MOMENT = _("has to be a date and time, such as 2022-10-04T08:00+08:00")

WORDS: dict[str, Text] = {
    "missing": _("is missing"),
    "extra_forbidden": _("there is no such field"),
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": _NUMBER,
    "int_parsing_size": _("is larger than anything that can be kept"),
    "finite_number": _("is larger than anything that can be kept"),
    "float_type": _("has to be a number"),
    "float_parsing": _("has to be a number"),
    "bool_type": _("has to be true or false"),
    "bool_parsing": _("has to be true or false"),
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "string_too_short": _("has to be at least %(min_length)s characters long"),
    "string_too_long": _("may be at most %(max_length)s characters long"),
    "string_pattern_mismatch": _("is not in the form %(pattern)s"),
    "uuid_type": _("has to be a UUID"),
    "uuid_parsing": _("has to be a UUID"),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "timezone_aware": _("needs its time zone, such as +08:00"),
    "greater_than": _("has to be more than %(gt)s"),
    "greater_than_equal": _("has to be %(ge)s or more"),
    "less_than": _("has to be less than %(lt)s"),
    "less_than_equal": _("has to be %(le)s or less"),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "too_short": _("needs at least %(min_length)s entries"),
    "too_long": _("takes at most %(max_length)s entries"),
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "enum": _CHOICE,
    "literal_error": _CHOICE,
}


def say_fault(fault: Mapping[str, Any]) -> str:
    """One of `ValidationError.errors()`: its `type` with the values of its `ctx`, without the field's name."""
    words = WORDS.get(fault.get("type", ""))
    if words is None:
        return str(fault.get("msg", ""))
    values = dict(fault.get("ctx") or {})
    if "expected" in values:
        values["expected"] = ", ".join(str(values["expected"]).replace(" or ", ", ").replace("'", "").split(", "))
    return str(words) % values
