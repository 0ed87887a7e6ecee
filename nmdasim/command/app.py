"""The command line, ``nmdasim …``: its commands by name, and what becomes of what they raise."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import NoReturn

import typer

from nmdasim.command import terminal
from nmdasim.command.bench import bench
from nmdasim.command.check_nmodl import check_nmodl
from nmdasim.command.cite import cite
from nmdasim.command.compare import compare
from nmdasim.command.explore import explore
from nmdasim.command.export import export
from nmdasim.command.models import models
from nmdasim.command.parameters import parameters
from nmdasim.command.pk import pk
from nmdasim.command.population import population
from nmdasim.command.receptor import app as receptor
from nmdasim.command.sensory import sensory
from nmdasim.command.source import source
from nmdasim.command.sweep import sweep
from nmdasim.command.threshold import threshold
from nmdasim.command.treatment import treatment
from nmdasim.command.trials import trials
from nmdasim.command.windup import windup
from nmdasim.errors import NmdasimError
from nmdasim.run.stopping import terminable

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
for command in (
    windup,
    threshold,
    pk,
    treatment,
    trials,
    sensory,
    compare,
    explore,
    sweep,
    population,
    models,
    parameters,
    source,
    export,
    cite,
    check_nmodl,
    bench,
):
    app.command()(command)

#: What the parser returns where it caught Ctrl-C.
_INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: The last is what some C code says when it is refused memory.
_NO_MEMORY = (
    "Cannot allocate memory",
    "cannot allocate memory",
    "failed to map segment",
    "error return without exception",
)
#: Bytes put aside for what is said where there are no more.
_ROOM = 4 << 20


def main() -> None:
    """Run the command line: status 2 and one line for bad input, 1 and one line for a fault of the library."""
    words = [word for word in sys.argv[1:] if word != _TRACEBACK]
    in_full = len(words) < len(sys.argv) - 1 or os.environ.get("NMDASIM_TRACEBACK", "0") not in ("", "0")
    os.environ["MPLBACKEND"] = "agg"  # commands save figures; what a notebook left there is not for them
    terminal.prepare()
    room = bytearray(_ROOM)
    try:
        with terminable():
            status = app(words, prog_name="nmdasim", standalone_mode=False)
        if status:
            sys.exit("interrupted" if status == _INTERRUPTED else status)
        sys.stdout.flush()
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit("interrupted")
    except BrokenPipeError:  # whoever read our output has seen enough
        terminal.abandon()
        sys.exit(1)
    except NmdasimError as error:
        _refuse(str(error))
    except RecursionError:
        _refuse("what was given is nested too deeply to be read; write it flat")
    except MemoryError as error:
        del room
        _refuse(f"not enough memory ({terminal.plain(error) or 'none is left'}); ask for fewer lanes, times or people")
    except Exception as error:
        if reason := _of_the_machine(error):
            _refuse(reason)
        if not hasattr(error, "format_message"):
            _own_fault(error, in_full)
        if message := error.format_message():  # without one, a group was called alone and has shown its help
            _refuse(f"{message}{'' if message.endswith(('.', '?')) else '.'} See '{_called(error)} --help'.")


def _called(error: Exception) -> str:
    """Return the command whose words could not be parsed, ``nmdasim receptor pulse``."""
    return str(getattr(getattr(error, "ctx", None), "command_path", "nmdasim"))


def _of_the_machine(error: Exception) -> str:
    """Return what a full disk or a limit of memory does to a command, as a sentence; nothing for other errors."""
    if isinstance(error, ImportError | OSError | SystemError) and any(word in str(error) for word in _NO_MEMORY):
        return "not enough memory to load the libraries (is it limited, as by 'ulimit -v'?); allow 4 GB"
    if isinstance(error, OSError) and error.errno in _FULL:
        where = error.filename or "the output"
        if error.filename is None:
            terminal.abandon()
        return f"{where}: cannot be written ({error.strerror}); make room and run again"
    return ""


def _refuse(message: str) -> NoReturn:
    print(f"nmdasim: {terminal.plain(message)}", file=sys.stderr)
    sys.exit(2)


def _own_fault(error: Exception, in_full: bool) -> NoReturn:
    told = terminal.plain(f"{type(error).__name__}: {error}".removesuffix(": "))
    if in_full:
        traceback.print_exception(error)
        print(f"nmdasim: fault of the library: {told}", file=sys.stderr)
    else:
        again = f"run again with NMDASIM_TRACEBACK=1 (or {_TRACEBACK}) for the traceback"
        print(f"nmdasim: fault of the library: {told}; {again}", file=sys.stderr)
    sys.exit(1)
