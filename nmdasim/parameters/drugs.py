"""The table of drugs, and the one place in which a drug's name is looked up, however it is written.

Drugs that stand in tables of installed plug-ins join the library's.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from nmdasim.errors import InputError, ModelError, PluginError
from nmdasim.model import registry
from nmdasim.model.parameter import Parameter, ParameterSet
from nmdasim.parameters.tables import Table, parameters_of, read_table

#: The library's own table.
TABLE = "drugs"


@dataclass(frozen=True)
class Entry:
    """What a table says of one drug.

    Parameters
    ----------
    key
        Its key, the name of its concentration in models: ``"s_ketamine"``.
    name
        Its name as it is written: ``"S-ketamine"``.
    content
        The entry itself.
    table
        Where it stands.
    """

    key: str
    name: str
    content: Mapping[str, Any]
    table: Table = TABLE

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every name under which it is found."""
        return (self.name, self.key, *self.content.get("aliases", ()))

    def parameter(self, name: str) -> Parameter | None:
        """Return one number of the entry, None where there is none."""
        if name not in self.content:
            return None
        return parameters_of({name: self.content[name]}, f"{self.table} [{self.key}]")[name]

    def section(self, name: str) -> ParameterSet | None:
        """Return one section of the entry, ``"laboratories.gilling2009"``, None where there is none."""
        found: Any = self.content
        for part in name.split("."):
            if part not in found:
                return None
            found = found[part]
        return parameters_of(found, f"{self.table} [{self.key}.{name}]")

    def text(self, name: str) -> str:
        """Return a text of the entry, ``""`` where there is none."""
        return str(self.content.get(name, ""))


def entries(table: Table = TABLE) -> dict[str, Entry]:
    """Return every drug of a table by key; of the library's own also those of plug-ins, behind them."""
    found = own(table)
    offered = _offered(tuple(sys.path))[0] if table == TABLE else {}
    return found | {key: entry for key, entry in offered.items() if key not in found}


def written(key: str) -> str:
    """Return a drug as its table writes it: ``"MK-801"`` for its key ``"mk801"``."""
    entry = entries().get(key)
    return key.replace("_", "-") if entry is None else entry.name


@cache
def _offered(path: tuple[str, ...]) -> tuple[dict[str, Entry], str]:
    """Return the drugs in tables of plug-ins, and what is wrong with tables that cannot be read.

    A table may hold other numbers too: a drug is a section with a name as it is written, and what a drug has. `path` is
    where plug-ins are looked for.
    """
    found: dict[str, Entry] = {}
    wrong = ""
    for table in registry.tables():
        try:
            content = read_table(table)
        except (PluginError, InputError) as error:
            wrong += f"; {error}"
            continue
        drugs = {key: part for key, part in content.items() if _is_drug(part)}
        found = {
            key: Entry(key, part["name"], part, table) for key, part in drugs.items() if key.isidentifier()
        } | found
    return found, wrong


def _is_drug(part: Any) -> bool:
    return isinstance(part, Mapping) and isinstance(part.get("name"), str) and bool(_HELD & part.keys())


#: What makes a section with a name a drug.
_HELD = {"block", "like", "K_i", "parts", "molar_mass"}


def own(table: Table = TABLE) -> dict[str, Entry]:
    """Return every drug of one table by key, without those of plug-ins."""
    found = {}
    for key, content in read_table(table).items():
        if isinstance(content, Mapping) and "name" not in content and not _HELD & content.keys():
            continue  # other numbers
        if not isinstance(content, Mapping) or not isinstance(content.get("name"), str):
            raise InputError(f'{table} [{key}]: a drug has a name, as in name = "memantine"')
        if not key.isidentifier():
            raise InputError(f"{table} [{key}]: the key of a drug is a name as in an equation, such as s_ketamine")
        found[key] = Entry(key, content["name"], content, table)
    return found


def find(name: str, table: Table = TABLE, *, among: Mapping[str, Entry] | None = None) -> Entry:
    """Return a drug by its key, its name or an alias; case, spaces, hyphens and underscores do not matter.

    Parameters
    ----------
    name
        ``"S-ketamine"``, ``"s_ketamine"`` or ``"esketamine"``.
    table
        The table to look in, and then the library's.
    among
        The drugs to choose from; by default every one of the table.

    Raises
    ------
    ModelError
        If there is no such drug.
    """
    known = {**(entries() if table != TABLE else {}), **entries(table)} if among is None else among
    spelled = {plain(spelling): (spelling, entry) for entry in known.values() for spelling in entry.spellings}
    if plain(name) in spelled:
        return spelled[plain(name)][1]
    close = difflib.get_close_matches(plain(name), spelled, n=1)
    offer = (
        f"did you mean {spelled[close[0]][0]!r}?" if close else f"there are {', '.join(e.name for e in known.values())}"
    )
    raise ModelError(f"unknown drug {name!r}; {offer}{_offered(tuple(sys.path))[1]}")


def plain(name: str) -> str:
    """Return a name without what does not matter in its spelling."""
    return "".join(c for c in name.lower() if c not in " \t-_")


def affinity(name: str, table: Table = TABLE) -> Parameter | None:
    """Return the dissociation constant K_i of a drug at the NMDA channel, None where it is not known.

    A racemate is its parts in equal shares, which compete for one site: 1/K = Σ shareᵢ/Kᵢ.
    """
    entry = find(name, table)
    own, parts = entry.parameter("K_i"), entry.content.get("parts", ())
    if own is not None or not parts:
        return own
    found = [p for part in parts if (p := affinity(part, table)) is not None]
    if len(found) < len(parts):
        return None
    k_i = len(found) / sum(1 / float(p.number) for p in found)
    return Parameter(
        f"{k_i!r} {found[0].unit}",
        source=", ".join(sorted({p.source for p in found})),
        kind="derived",
        verified=all(p.verified for p in found),
        description="affinity for the NMDA channel: its enantiomers as parallel competitors",
    )
