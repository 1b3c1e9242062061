"""beets commands with named sub-commands: `beet collection import-csv FILE`.

beets parses with optparse and knows no nested commands; one `Subcommand` per plugin hands its
arguments to argparse. The parser is built on first use, so that loading a plugin costs nothing.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NoReturn

from beets.exceptions import UserError
from beets.ui import CommonOptionsParser, Subcommand

from musictool_core.errors import Cancelled, MusicToolError
from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    import optparse
    from collections.abc import Callable, Sequence

    from beets.library import Library

FAILURES = 2
"""Exit status of a command that finished, but not for every object."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells expect it."""


class _Parser(argparse.ArgumentParser):
    """argparse that reports like beets: one line, exit status 1."""

    def error(self, message: str) -> NoReturn:
        """Raise beets' own error instead of leaving the process with status 2."""
        raise UserError(f"{message} (`{self.prog} --help` shows what is possible)")


class _Facade(CommonOptionsParser):
    """What beets asks an optparse parser for: help text, and option names for shell completion."""

    def __init__(self, command: Command) -> None:
        super().__init__(add_help_option=False)
        self._command = command

    def format_help(self, formatter: optparse.HelpFormatter | None = None) -> str:
        """Show argparse's help."""
        del formatter
        return self._command.argparser().format_help()

    def _get_all_options(self) -> list[optparse.Option]:
        # beets' completion skips the first entry (its own --help) and reads the others' names.
        import optparse  # noqa: PLC0415 - only completion needs it

        known = sorted(self._command.option_names())
        return [optparse.Option("--help"), *(optparse.Option(name) for name in known)]


class Command(Subcommand):
    """One `beet NAME …` command.

    Args:
        name: first word after `beet`.
        help_text: one line for `beet help`.
        build: adds the actions.
        package: module the actions' functions stand in.
        default: action that runs when no action is named.
    """

    def __init__(
        self,
        name: str,
        help_text: str,
        build: Callable[[Actions], None],
        *,
        package: str,
        default: str | None = None,
    ) -> None:
        self._build = build
        self._package = package
        self._default = default
        self._argparser: _Parser | None = None
        super().__init__(name, parser=_Facade(self), help=help_text)
        self.func = self._run

    def argparser(self) -> _Parser:
        """The argparse parser, built on first use."""
        if self._argparser is None:
            parser = _Parser(prog=f"beet {self.name}", description=self.help, allow_abbrev=False)
            actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=_Parser)
            self._build(Actions(actions, self._package))
            self._argparser = parser
        return self._argparser

    def option_names(self) -> set[str]:
        """All long option names of all actions."""
        parser = self.argparser()
        (actions,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))  # noqa: SLF001 - argparse has no public way
        return {name for sub in actions.choices.values() for name in _long_options(sub)}

    def parse_args(self, args: list[str]) -> tuple[optparse.Values, list[str]]:
        """Parse with argparse; with options only, the default action runs."""
        parser = self.argparser()
        if self._default and not self._names_action(args):
            args = [self._default, *args]
        return parser.parse_args(args), []  # type: ignore[return-value]

    def _names_action(self, args: Sequence[str]) -> bool:
        first = args[0] if args else "-"
        return not first.startswith("-") or first in {"-h", "--help"}

    def _run(self, lib: Library, opts: argparse.Namespace, _: list[str]) -> None:
        try:
            failures = resolve(opts.action)(lib, opts)
        except Cancelled as stopped:
            sys.stderr.write(f"{stopped}\n")
            raise SystemExit(INTERRUPTED) from stopped
        except MusicToolError as error:
            raise UserError(error.line()) from error
        if failures:
            raise SystemExit(FAILURES)


class SoleCommand(Command):
    """A `beet NAME …` command without actions: `build` adds one, of the same name."""

    def argparser(self) -> _Parser:
        """The parser of the one action, built on first use."""
        if self._argparser is None:
            outer = _Parser(prog="beet")
            actions = outer.add_subparsers(parser_class=_Parser)
            self._build(Actions(actions, self._package))
            self._argparser = actions.choices[self.name]
        return self._argparser

    def option_names(self) -> set[str]:
        """All long option names."""
        return _long_options(self.argparser())

    def parse_args(self, args: list[str]) -> tuple[optparse.Values, list[str]]:
        """Parse with argparse."""
        return self.argparser().parse_args(args), []  # type: ignore[return-value]


class Actions:
    """Adds the actions of one command; the code behind an action is imported when it runs.

    Args:
        subparsers: argparse's collection of sub-parsers.
        package: module the actions' functions stand in, e.g. "musictool_core.app.cli.gaps".
    """

    def __init__(self, subparsers: argparse._SubParsersAction[_Parser], package: str) -> None:
        self._subparsers = subparsers
        self._package = package

    def add(
        self,
        name: str,
        function: str,
        help_text: str,
        *,
        query: str = "",
        listing: bool = False,
        writing: bool = False,
    ) -> argparse.ArgumentParser:
        """Add one action and return its parser for further arguments.

        Args:
            name: word after the command.
            function: name in the package, or "package.module:name"; takes the library and the
                options, returns failures.
            help_text: one line.
            query: what a trailing query selects; "" for none.
            listing: add --format and --json.
            writing: add --pretend.
        """
        parser = self._subparsers.add_parser(
            name, help=help_text, description=help_text, allow_abbrev=False
        )
        if listing:
            form = parser.add_mutually_exclusive_group()
            form.add_argument("-f", "--format", metavar="TEMPLATE", help="print each row so")
            form.add_argument("--json", action="store_true", help="print one JSON object a row")
        if writing:
            parser.add_argument(
                "-p", "--pretend", action="store_true", help="show what would change, write nothing"
            )
        if query:
            parser.add_argument("query", nargs="*", metavar="QUERY", help=query)
        elsewhere = ":" in function
        parser.set_defaults(action=function if elsewhere else f"{self._package}:{function}")
        return parser


def _long_options(parser: argparse.ArgumentParser) -> set[str]:
    return {
        name
        for action in parser._actions  # noqa: SLF001 - argparse has no public way
        for name in action.option_strings
        if name.startswith("--") and name != "--help"
    }
