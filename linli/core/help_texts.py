"""Help of the command line in the user's language.

Typer takes help from docstrings and `help="..."`, which stand in English where the command does. `core.catalogs` finds
them for the translators; here they are said in the language of the moment, when somebody asks for help.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import typer
from django.utils.translation import gettext as _
from typer import rich_utils

BREAK = re.compile(r"([，。；：、])(?=[^\s”）])")


def translate_help(command: Any) -> None:
    """Say the help of a command and of all under it in the language that is active. Changes the command in place.

    `command`: as `typer.main.get_command` makes it; the class that commands and groups share has no public name.
    """
    _translate_frame()
    _translate(command)


def _translate(command: Any) -> None:
    command.help = _in_language(command.help)
    command.short_help = _breakable(_in_language(command.short_help) or command.help)
    for parameter in command.params:
        _translate_parameter(parameter)
    own = command.get_help_option(typer.Context(command))  # made when it is first asked for, and kept
    if own is not None:
        own.help = _("Show this message and exit.")
    command.get_usage = partial(_say_usage_of, command)
    for one in getattr(command, "commands", {}).values():
        _translate(one)


def _translate_parameter(parameter: Any) -> None:
    if parameter.param_type_name == "argument" and not parameter.metavar:
        parameter.metavar = str(parameter.name).upper()  # what is put in its place stands out, like an option's
    parameter.help = _breakable(_in_language(getattr(parameter, "help", None)))


def say_usage(usage: str) -> str:
    """`Usage: linli places ...` in the language of the moment."""
    return _("Usage: %(how)s") % {"how": usage.removeprefix("Usage:").strip()} if usage.startswith("Usage:") else usage


def _say_usage_of(command: Any, context: typer.Context) -> str:
    return say_usage(type(command).get_usage(command, context))


def _in_language(text: str | None) -> str | None:
    """The translation; what has none, such as help that was put together in the language of the moment, stays."""
    return _(text) if text else text


def _breakable(text: str | None) -> str | None:
    """Tables break lines at spaces alone and cut what has none; Chinese has its breaks after punctuation."""
    return BREAK.sub(r"\1 ", text) if text else text


def _translate_frame() -> None:
    """Titles and remarks that Typer draws around the texts."""
    rich_utils.ARGUMENTS_PANEL_TITLE = _("Arguments")
    rich_utils.OPTIONS_PANEL_TITLE = _("Options")
    rich_utils.COMMANDS_PANEL_TITLE = _("Commands")
    rich_utils.DEFAULT_STRING = _("[default: {}]")
    rich_utils.ENVVAR_STRING = _("[env var: {}]")
    rich_utils.REQUIRED_LONG_STRING = _("[required]")
