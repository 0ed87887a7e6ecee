"""Pharmacokinetic presets: which there are, what they describe, and which one a regimen takes by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nmdasim import quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, nearest
from nmdasim.model import html
from nmdasim.model.parameter import ParameterSet
from nmdasim.parameters import load, read_table
from nmdasim.pharmacology.drugs import drug
from nmdasim.pharmacology.regimen import Regimen

_TABLE = "pharmacokinetics"


@dataclass(frozen=True)
class Preset:
    """A published linear model of ketamine in the body.

    Parameters
    ----------
    name
        clements2, domino3, leiden3 or janssen.
    drug
        Which of its drugs is given; its first one by default.
    structure
        ``"mammillary"``, or ``"liver"`` for central, peripheral and liver compartments.
    site
        Where plasma was sampled. The same dose peaks about twice as high in arterial as in venous models.
    source
        Key of the reference.
    summary
        What it is, in a few words.
    scales
        Whether clearances and volumes follow body weight.
    variability
        Section of the differences between people that its source publishes; empty where it publishes none.
    """

    name: str
    drug: str
    structure: str
    site: str
    source: str
    summary: str
    scales: bool = True
    variability: str = ""

    @property
    def parameters(self) -> ParameterSet:
        """The published numbers of the preset itself."""
        return load(_TABLE, self.name)

    def _repr_html_(self) -> str:
        facts = {"drug": self.drug, "sampling site": self.site, "routes": ", ".join(self.routes), "source": self.source}
        numbers = html.parameters(self.parameters, {"numbers": self.parameters})
        body = html.table(tuple(facts), [tuple(facts.values())]) + numbers
        return f"<div>{html.title(self.name, self.summary)}{body}{html.title('', DISCLAIMER)}</div>"

    @property
    def routes(self) -> tuple[str, ...]:
        """Routes of dosing that it describes."""
        return ("iv", "nasal", "oral") if self.structure == "liver" else ("iv", "im", "oral", "sublingual")


def preset(name: str, drug_name: str = "") -> Preset:
    """Return a preset by name, for one of its drugs.

    Raises
    ------
    InputError
        If there is no such preset, or it does not describe the drug.
    """
    table = read_table(_TABLE)["presets"]
    if name not in table:
        raise InputError(f"unknown preset {name!r}{nearest(name, table)}")
    entry = dict(table[name])
    drugs = entry.pop("drugs")
    chosen = drug(drug_name).name if drug_name else drugs[0]
    if chosen not in drugs:
        fitting = [other for other, row in table.items() if chosen in row["drugs"]]
        advice = f"presets of {chosen} are {', '.join(fitting)}" if fitting else f"no preset describes {chosen}"
        raise InputError(f"preset {name} describes {', '.join(drugs)}, not {chosen}; {advice}")
    return Preset(name=name, drug=chosen, **entry)


def names() -> tuple[str, ...]:
    """Return the names of the presets."""
    return tuple(read_table(_TABLE)["presets"])


def choose(regimen: Regimen, name: str = "") -> Preset:
    """Return the preset that a regimen runs with: `name`, or the default of its routes.

    By vein or muscle ``clements2``; by nose or mouth ``janssen``.

    Raises
    ------
    InputError
        If the preset does not describe the drug or a route of the regimen.
    """
    chosen = preset(name or ("janssen" if regimen.routes & {"nasal", "oral"} else "clements2"), regimen.drug)
    for row, event in regimen.acting:
        if event.is_dose and event.route not in chosen.routes:
            fitting = [other for other in names() if event.route in preset(other).routes]
            raise InputError(
                f"row {row}, column ROUTE: preset {chosen.name} describes {', '.join(chosen.routes)} doses, "
                f"not {event.route}; {', '.join(fitting)} would"
            )
    return chosen


def number(parameters: Mapping[str, object] | str, name: str, unit: str) -> float:
    """Return one number of the pharmacokinetic table in `unit`; `parameters` is a set or a section's name."""
    values = load(_TABLE, parameters) if isinstance(parameters, str) else parameters
    entry = values[name]
    return float(quantities.in_unit(entry.si, unit))  # type: ignore[attr-defined]
