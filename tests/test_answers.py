"""The numbers in the answers of the pages for a class are those that docs/make_answers.py computed."""

import csv
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
ROWS = csv.DictReader((DOCS / "tables" / "answers.csv").read_text("utf-8").splitlines())
NUMBERS = {row["number"]: float(row["value"]) for row in ROWS}
#: Text of a page, with the rows of the table that stand in it, and the factor in which they do.
SAID = [
    ("hyperalgesia", r"`potentiation` \(hyperalgesia index (\S+) with", ["hyperalgesia, potentiation alone"], 1),
    ("hyperalgesia", r"`phosphorylation` \((\S+)\), `anion_shift` \((\S+)\) and\s+`mg_relief` \((\S+)\)\.",
     ["hyperalgesia, phosphorylation alone", "hyperalgesia, anion_shift alone", "hyperalgesia, mg_relief alone"], 1),
    ("hyperalgesia", r"Together they give (\S+),", ["hyperalgesia, after 1 Hz"], 1),
    ("hyperalgesia", r"gives all of it \((\S+)\), `phosphorylation` alone half \((\S+)\)",
     ["pinprick, anion_shift alone", "pinprick, phosphorylation alone"], 1),
    ("hyperalgesia", r"naive responses as well \(index −(\S+)\)", ["hyperalgesia, naive with 3 µM at the test"], -1),
    ("allodynia", r"ρ is (\S+) after the train at 1 Hz and (\S+) after", ["rho, 1 Hz", "rho, 0.1 Hz"], 1),
    ("allodynia", r"reversal is\s+−(\S+) mV against −(\S+) mV", ["E_anion in mV, 1 Hz", "E_anion in mV, 0.1 Hz"], -1),
    ("allodynia", r"touch then fires (\S+) spikes at most", ["largest touch response, heterosynaptic 0"], 1),
    ("allodynia", r"hyperalgesia stays as it was \((\S+)\)", ["hyperalgesia, heterosynaptic 0"], 1),
    ("allodynia", r"\(threshold\s+(\S+)\), at −55 mV (\S+)\.",
     ["touch threshold, -60 mV", "touch threshold, -55 mV"], 1),
    ("allodynia", r"doubled: threshold (\S+) as before, (\S+) spikes instead of (\S+)\)",
     ["touch threshold, -50 mV and GABA twice as long", "largest touch response, -50 mV and GABA twice as long",
      "largest touch response, -50 mV"], 1),
    ("allodynia", r"without a step \((\d+), (\d+) and (\d+) %\)",
     ["hyperalgesia, -65 mV", "hyperalgesia, -60 mV", "hyperalgesia, -55 mV"], 100),
    ("nmda_receptor", r"peak (\d+) % of the receptors of `lester_jahr1992` are open, of `clements1992` (\d+) %",
     ["peak open in %, lester_jahr1992, 1 ms", "peak open in %, clements1992, 1 ms"], 1),
    ("nmda_receptor", r"makes (\d+) % and (\d+) % of it",
     ["peak open in %, lester_jahr1992, 100 ms", "peak open in %, clements1992, 100 ms"], 1),
    ("nmda_receptor", r"leaves (\S+) % of the current at −65 mV and (\d+) % at −40 mV",
     ["left by magnesium in %, -65 mV", "left by magnesium in %, -40 mV"], 1),
    ("nmda_receptor", r"GluN2A is (\S+) µM with 1 mM magnesium and (\S+) µM without, on GluN2C (\S+) µM and (\S+) µM",
     ["IC50, 2A, 1 mM", "IC50, 2A, 0 mM", "IC50, 2C, 1 mM", "IC50, 2C, 0 mM"], 1),
    ("nmda_receptor", r"pulse (\d+) % of the receptors are blocked at 1 Hz and (\d+) % at 0.1 Hz",
     ["blocked by memantine in %, 1 Hz, pulse 15", "blocked by memantine in %, 0.1 Hz, pulse 15"], 1),
    ("own_neuron", r"as it is, (\S+) and (\d\.\d)", [f"own neuron, as it is, pulse {k}" for k in (1, 10)], 1),
    ("own_neuron", r"0\.3 \* second`: (\S+) and (\d\.\d)",
     [f"own neuron, slow conductance 0.3 s, pulse {k}" for k in (1, 10)], 1),
    ("own_neuron", r"At 0\.1 Hz: (\S+) and (\d\.\d)", [f"own neuron, 0.1 Hz, pulse {k}" for k in (1, 10)], 1),
    ("own_neuron", r"Without magnesium: (\d+) and (\d+)", [f"own neuron, no magnesium, pulse {k}" for k in (1, 10)], 1),
]  # fmt: skip


@pytest.mark.parametrize(("page", "text", "rows", "factor"), SAID)
def test_the_page_says_what_was_computed(page, text, rows, factor):
    found = re.search(text, (DOCS / f"{page}.md").read_text("utf-8"))
    assert found, text
    for said, row in zip(found.groups(), rows, strict=True):
        digits = len(said.partition(".")[2])
        assert float(said) == pytest.approx(factor * NUMBERS[row], abs=0.5 * 10**-digits + 1e-9), row


def test_together_the_switches_do_more_than_one_by_one():
    alone = sum(value for name, value in NUMBERS.items() if re.fullmatch(r"hyperalgesia, \w+ alone", name))
    assert alone == pytest.approx(0.43, abs=0.011)
    assert NUMBERS["hyperalgesia, after 1 Hz"] > alone
