"""Wrong use of the command line, said in the user's language.

Typer writes what is wrong in English and has no translations: it puts its sentences together where it finds the fault.
So a sentence is recognised here by its form, and said again. One that is not known is shown as it stands;
tests/site/test_usage.py provokes each from Typer itself, so that a version with other words is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from typer import BadParameter, TyperException

from linli.core.help_texts import say_usage

NO_ARGUMENTS = "NoArgsIsHelpError"  # nothing is wrong: the help is shown instead; Typer tells it by this name too
SENTENCES = (  # those that hold another sentence, as `message`, come last
    gettext_noop("No such option: %(name)s (Possible options: %(names)s)"),
    gettext_noop("No such option: %(name)s"),
    gettext_noop("No such command '%(name)s'. Did you mean %(names)s?"),
    gettext_noop("No such command '%(name)s'."),
    gettext_noop("Missing argument '%(name)s'."),
    gettext_noop("Missing option '%(name)s'."),
    gettext_noop("Got unexpected extra argument(s) (%(names)s)"),
    gettext_noop("Option '%(name)s' does not take a value."),
    gettext_noop("Option '%(name)s' requires an argument."),
    gettext_noop("Input should be a valid integer, unable to parse string as an integer"),
    gettext_noop("Input should be greater than or equal to %(least)s"),
    gettext_noop("Input should be less than or equal to %(most)s"),
    "Input should be a valid UUID, %(why)s",
    gettext_noop("Value error, '%(value)s' is not one of %(names)s."),
    gettext_noop("file '%(path)s' does not exist."),
    gettext_noop("file '%(path)s' is a directory."),
    gettext_noop("file '%(path)s' is not readable."),
    gettext_noop("Invalid value for '%(name)s': %(message)s"),
)

SHORTER = {"Input should be a valid UUID, %(why)s": gettext_noop("Input should be a valid UUID.")}


def _form_of(sentence: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", sentence)
    held = [f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts)]
    return re.compile("".join(held), re.DOTALL)


_FORMS = [(sentence, _form_of(sentence)) for sentence in SENTENCES]


def say(text: str) -> str:
    """One of Typer's sentences in the language of the moment; any other as it is."""
    for sentence, form in _FORMS:
        if match := form.fullmatch(text):
            held = match.groupdict()
            if "message" in held:
                held["message"] = say(held["message"])
            return _(SHORTER.get(sentence, sentence)) % held
    return text


def describe(error: TyperException) -> Iterator[str]:
    """What to print of wrong use, line by line: how the command is written, what is wrong, where more is said."""
    context: Any = getattr(error, "ctx", None)
    if type(error).__name__ == NO_ARGUMENTS:
        yield error.format_message()
        return
    if context is not None:
        yield say_usage(context.get_usage())
    # What a command of ours found wrong is said in whole sentences, and not about a parameter.
    is_ours = isinstance(error, BadParameter) and error.param is None and error.param_hint is None
    yield f"linli: {error.message if is_ours and error.message else say(error.format_message())}"
    yield f"  → {context.command_path if context is not None else 'linli'} --help"
