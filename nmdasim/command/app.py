"""The command line: ``nmdasim …``. Parsing and printing only; the work is the library's."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmdasim.command import pk as cli_pk
from nmdasim.command import receptor as cli_receptor
from nmdasim.command import sensory as cli_sensory
from nmdasim.command import sweep as cli_sweep
from nmdasim.command.options import Json, Out
from nmdasim.errors import InputError

if TYPE_CHECKING:
    from nmdasim.model.circuit import Circuit
    from nmdasim.model.model import Model

app = typer.Typer(
    help="How pain is amplified in the spinal cord, and how ketamine turns the amplifier down.\n\n"
    "Educational and research model. Not medical advice. Not for dosing decisions.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)

app.add_typer(cli_receptor.app, name="receptor")
app.command()(cli_sensory.sensory)
app.command()(cli_sweep.sweep)

_MOST_REPEATS = 1_000_000
_Model = Annotated[str, typer.Argument(help="wdr, delrocq2023, aguiar2010 or dorsal_horn")]


_INTERRUPTED = 130


def main() -> None:
    """Run the command line; bad input is one line on standard error and status 2."""
    try:
        if status := app(standalone_mode=False):  # the parser turns Ctrl-C into a status of its own
            sys.exit("interrupted" if status == _INTERRUPTED else status)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit("interrupted")
    except Exception as error:
        from nmdasim.errors import NmdasimError  # noqa: PLC0415

        if isinstance(error, NmdasimError):
            _refuse(str(error))
        if not hasattr(error, "format_message"):  # what the parser raises on a wrong option
            raise
        if message := error.format_message():  # without one, a group was called alone and has shown its help
            _refuse(f"{message} See 'nmdasim --help'.")


def _refuse(message: str) -> None:
    print(f"nmdasim: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


@app.command()
def windup(
    model: Annotated[str, typer.Option(help="wdr, delrocq2023 or aguiar2010.")] = "wdr",
    engine: Annotated[str, typer.Option(help="kernel, brian2 or reference; the default is the fastest.")] = "",
    method: Annotated[str, typer.Option(help="Integration scheme; the engine's own by default.")] = "",
    dt: Annotated[str, typer.Option(help="Step, such as '0.05 ms'; the model's own by default.")] = "",
    frequency: Annotated[str, typer.Option(help="Rate of the pulses.")] = "1 Hz",
    pulses: Annotated[int, typer.Option(help="Number of pulses.")] = 15,
    ketamine: Annotated[str, typer.Option(help="Free ketamine at the receptor, one or several: '0 uM,1 uM'.")] = "0 uM",
    block: Annotated[
        str, typer.Option(help="equilibrated (long exposure) or washin (drug just arrived).")
    ] = "equilibrated",
    mg: Annotated[str, typer.Option(help="Magnesium outside, such as '1 mM'.")] = "",
    scale: Annotated[list[str] | None, typer.Option(help="NAME=FACTOR; nmda ampa_c nk1 gaba can cal kca nap.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="PARAMETER=QUANTITY, as in K_mg=3mM.")] = None,
    latencies_a: Annotated[Path | None, typer.Option(help="Aδ latencies in ms: rows pulses, columns synapses.")] = None,
    latencies_c: Annotated[Path | None, typer.Option(help="C latencies, likewise.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the latency draw.")] = 0,
    repeats: Annotated[int, typer.Option(help="Number of latency draws: seeds SEED, SEED+1, …")] = 1,
    threads: Annotated[int, typer.Option(help="Threads; 0 is all cores.")] = 0,
    json: Json = False,
    out: Out = None,
) -> None:
    """Wind-up: a train of C-strength pulses, and the spikes that follow each.

    Examples
    --------
    - `nmdasim windup --out out`
    - `nmdasim windup --ketamine "0 uM,1 uM,10 uM" --repeats 20 --out out`
    - `nmdasim windup --frequency "0.1 Hz" --pulses 10`
    - `nmdasim windup --model delrocq2023 --scale nmda=0 --json`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim import engines  # noqa: PLC0415
    from nmdasim.command import report  # noqa: PLC0415
    from nmdasim.protocols import WindUp  # noqa: PLC0415
    from nmdasim.readout import files  # noqa: PLC0415
    from nmdasim.run.simulate import simulate  # noqa: PLC0415

    if not 1 <= repeats <= _MOST_REPEATS:
        raise InputError(f"repeats = {repeats}; give 1 or more (up to {_MOST_REPEATS})")
    if out is not None:
        files.check_folder(out)
    chosen = _neuron(model).scaled(**_factors(scale)).replace(**_pairs(set_, "PARAMETER=QUANTITY"))
    protocol = WindUp(frequency=frequency, pulses=pulses, latencies=_latencies(latencies_a, latencies_c))
    with _progress("wind-up") as progress:
        result = simulate(
            chosen,
            protocol,
            ketamine=_listed("ketamine", ketamine),
            mg=mg or None,
            block=block,
            dt=dt or None,
            method=method,
            engine=engine or engines.DEFAULT,
            threads=threads,
            seed=[seed + k for k in range(repeats)],
            progress=progress,
        )
    if out is not None:
        report.save_windup(result, out)
    if json:
        print(report.windup_json(result))
    else:
        report.print_windup(result, out)


app.command()(cli_pk.pk)


@app.command()
def models() -> None:
    """List the neurons and circuits there are.

    Example: `nmdasim models`
    """
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("model", "what it is", "default dt", "references")
    for name, build in _catalogue().items():
        made = build()
        table.add_row(name, made.description, str(made.dt), ", ".join(made.references))
    Console().print(table)


@app.command()
def parameters(model: _Model, json: Json = False) -> None:
    """List the parameters of a model with unit, source and standing.

    Examples
    --------
    - `nmdasim parameters wdr`
    - `nmdasim parameters delrocq2023 --json`
    """
    from nmdasim.command import report  # noqa: PLC0415

    chosen = _named(model, _catalogue())
    print(report.parameters_json(chosen)) if json else report.print_parameters(chosen)


@app.command()
def source(model: _Model, engine: Annotated[str, typer.Option(help="Which engine's rendering.")] = "") -> None:
    """Print what an engine makes of a model.

    Examples
    --------
    - `nmdasim source wdr`
    - `nmdasim source wdr --engine brian2`
    """
    from nmdasim import engines  # noqa: PLC0415
    from nmdasim.run.source import source as rendered  # noqa: PLC0415

    print(rendered(_named(model, _catalogue()), engine or engines.DEFAULT))


@app.command()
def bench(
    quick: Annotated[bool, typer.Option("--quick", help="An eighth of the simulated time.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="One work: W0, W1, W2 or W3; may be repeated.")] = None,
    json: Json = False,
) -> None:
    """Time the kernel beside Brian2, NumPy, SciPy and, where installed (nmdasim[bench]), NEURON and Jaxley.

    Examples
    --------
    - `nmdasim bench --quick`
    - `nmdasim bench --only W1 --json`
    """
    from nmdasim.command import report  # noqa: PLC0415
    from nmdasim.command.bench import compare  # noqa: PLC0415

    result = compare(quick=quick, only=tuple(only or ()), report=lambda line: print(line, file=sys.stderr))
    print(report.bench_json(result)) if json else report.print_bench(result)


@app.command()
def cite(model: _Model) -> None:
    """Print the BibTeX of a model and its parameters.

    Example: `nmdasim cite wdr > references.bib`
    """
    from nmdasim.readout.citations import citations  # noqa: PLC0415

    print(citations(_named(model, _catalogue())))


# --- reading what was typed ------------------------------------------------------------------------------------------


def _catalogue() -> dict[str, Callable[[], Model | Circuit]]:
    from nmdasim import circuits, neurons  # noqa: PLC0415

    return {**neurons.CATALOGUE, **circuits.CATALOGUE}


def _neuron(name: str) -> Model | Circuit:
    from nmdasim.neurons import CATALOGUE  # noqa: PLC0415

    return _named(name, CATALOGUE)


def _named(name: str, known: Mapping[str, Callable[[], Model | Circuit]]) -> Model | Circuit:
    from nmdasim.errors import nearest  # noqa: PLC0415

    if name not in known:
        raise InputError(f"unknown model {name!r}{nearest(name, known)}")
    return known[name]()


def _pairs(given: list[str] | None, form: str) -> dict[str, str]:
    pairs = {}
    for item in given or []:
        name, equals, value = item.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise InputError(f"cannot read {item!r}; write {form}")
        pairs[name.strip()] = value.strip()
    return pairs


def _listed(name: str, text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise InputError(f"{name} = {text!r} has an empty entry; write one or several, as in '0 uM,1 uM'")
    return parts


def _factors(given: list[str] | None) -> dict[str, float]:
    factors = {}
    for name, text in _pairs(given, "NAME=FACTOR, as in nmda=0.5").items():
        try:
            factors[name] = float(text)
        except ValueError:
            raise InputError(f"scale {name}={text}: a factor is a number, as in {name}=0.5") from None
    return factors


def _latencies(a: Path | None, c: Path | None) -> dict[str, Any]:
    from nmdasim.protocols import latencies  # noqa: PLC0415

    return {fibre: latencies.read(path) for fibre, path in (("adelta", a), ("c", c)) if path is not None}


@contextmanager
def _progress(what: str) -> Iterator[Callable[[float], None]]:
    """Say on standard error what runs and what memory it needs; on a terminal, show a bar while it goes on."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    log, said = logging.getLogger("nmdasim"), logging.StreamHandler()
    log.setLevel(logging.INFO)
    log.addHandler(said)
    try:
        with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task(what, total=1.0)
            yield lambda share: bar.update(task, completed=share)
    finally:
        log.removeHandler(said)
