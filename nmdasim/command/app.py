"""The command line, ``nmdasim …``: its commands by name, and what becomes of what they raise."""

from __future__ import annotations

import os
import sys
import traceback
from typing import NoReturn

import typer

from nmdasim.command.bench import bench
from nmdasim.command.cite import cite
from nmdasim.command.models import models
from nmdasim.command.parameters import parameters
from nmdasim.command.pk import pk
from nmdasim.command.receptor import app as receptor
from nmdasim.command.sensory import sensory
from nmdasim.command.source import source
from nmdasim.command.sweep import sweep
from nmdasim.command.threshold import threshold
from nmdasim.command.treatment import treatment
from nmdasim.command.trials import trials
from nmdasim.command.windup import windup
from nmdasim.errors import NmdasimError

_TRACEBACK = "--traceback"

app = typer.Typer(
    help="How pain is amplified in the spinal cord, and how ketamine turns the amplifier down.\n\n"
    "Educational and research model. Not medical advice. Not for dosing decisions.",
    epilog=f"A fault of the library is told in one line; with {_TRACEBACK} (or NMDASIM_TRACEBACK=1) in full.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.add_typer(receptor, name="receptor")
for command in (windup, threshold, pk, treatment, trials, sensory, sweep, models, parameters, source, cite, bench):
    app.command()(command)

#: What the parser returns where it caught Ctrl-C.
_INTERRUPTED = 130


def main() -> None:
    """Run the command line: status 2 and one line for bad input, 1 and one line for a fault of the library."""
    words = [word for word in sys.argv[1:] if word != _TRACEBACK]
    in_full = len(words) < len(sys.argv) - 1 or os.environ.get("NMDASIM_TRACEBACK", "0") not in ("", "0")
    try:
        if status := app(words, prog_name="nmdasim", standalone_mode=False):
            sys.exit("interrupted" if status == _INTERRUPTED else status)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit("interrupted")
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except NmdasimError as error:
        _refuse(str(error))
    except Exception as error:
        if not hasattr(error, "format_message"):
            _own_fault(error, in_full)
        if message := error.format_message():  # without one, a group was called alone and has shown its help
            _refuse(f"{message} See 'nmdasim --help'.")


def _refuse(message: str) -> NoReturn:
    print(f"nmdasim: {_one_line(message)}", file=sys.stderr)
    sys.exit(2)


def _own_fault(error: Exception, in_full: bool) -> NoReturn:
    told = _one_line(f"{type(error).__name__}: {error}".removesuffix(": "))
    if in_full:
        traceback.print_exception(error)
        print(f"nmdasim: fault of the library: {told}", file=sys.stderr)
    else:
        again = f"run again with NMDASIM_TRACEBACK=1 (or {_TRACEBACK}) for the traceback"
        print(f"nmdasim: fault of the library: {told}; {again}", file=sys.stderr)
    sys.exit(1)


def _one_line(text: str) -> str:
    return " ".join(text.split())
