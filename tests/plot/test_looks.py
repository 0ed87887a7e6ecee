"""Styles of figures: chosen and given back, and lines that are told apart without colour."""

import itertools
import json

import matplotlib.colors as colours
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim.errors import InputError
from nmdasim.plot.look import LOOKS, cues, look
from nmdasim.plot.style import caption, unverified
from nmdasim.run.provenance import drugs_given

#: What a person without the pigment of long-wave cones sees, in linear RGB (Machado, Oliveira & Fernandes 2009).
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
#: Lines that figures of the library usually have; those beyond are told apart by dashes and markers.
USUAL = 5


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def linear(colour):
    rgb = np.array(colours.to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def oklab(light):
    """Return how light and of what hue a colour looks, on scales where distances are alike (Ottosson 2020)."""
    cones = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566]]
    cones += [[0.0883024619, 0.2817188376, 0.6299787005]]
    mixed = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099]]
    mixed += [[0.0259040371, 0.7827717662, -0.8086757660]]
    return np.array(mixed) @ np.cbrt(np.array(cones) @ np.clip(light, 0, 1))


@pytest.mark.parametrize("name", LOOKS)
def test_colours_stay_apart_for_an_eye_without_green(name):
    seen = [oklab(DEUTERANOPIA @ linear(shade)) for shade in LOOKS[name].shades[:USUAL]]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.09


@pytest.mark.parametrize("name", LOOKS)
def test_colours_stay_apart_in_grey(name):
    greys = [oklab(linear(shade))[0] for shade in LOOKS[name].shades[:USUAL]]
    assert min(abs(a - b) for a, b in itertools.combinations(greys, 2)) > 0.06


@pytest.mark.parametrize("name", LOOKS)
def test_every_colour_is_seen_against_its_ground(name):
    ground = oklab(linear(LOOKS[name].ground))[0]
    assert min(abs(oklab(linear(shade))[0] - ground) for shade in LOOKS[name].shades) > 0.2


@pytest.mark.parametrize("number", [2, 7, 20])
def test_any_two_lines_differ_in_dashes_or_marker(number):
    drawn = {(str(cue.line), cue.marker) for cue in cues(number)}
    assert len(drawn) == len(cues(number)) == number


def test_a_style_holds_for_a_block_or_from_a_statement_on():
    before = plt.rcParams["font.size"]
    with nm.plot.style("slide"):
        assert look().name == "slide"
        assert plt.rcParams["font.size"] == look().font > before
    assert (look().name, plt.rcParams["font.size"]) == ("paper", before)
    undone = nm.plot.style("dark")
    assert look().name == "dark"
    undone.close()
    assert look().name == "paper"


def test_a_slide_has_the_shape_of_a_screen_and_a_caption_that_the_third_row_reads():
    with nm.plot.style("slide"):
        ax = nm.plot.pharmacokinetics.reported()
        width, height = ax.figure.get_size_inches()
        assert width / height == pytest.approx(16 / 9, rel=0.01)
        assert ax.figure._supxlabel.get_fontsize() >= 13


def test_an_unknown_style_is_refused_by_name():
    with pytest.raises(InputError, match="^unknown style 'solarized'; there are paper, slide, dark$"):
        nm.plot.style("solarized")


def told(**doses):
    names = {"drugs": " ".join(doses), "block": "equilibrated", "unverified_parameters": "K_ketamine g_l"}
    return names | {"parameters": json.dumps({f"projection.{name}": text for name, text in doses.items()})}


def test_a_caption_is_silent_about_a_drug_that_was_not_given():
    figure = plt.figure()
    caption(figure, xr.Dataset(attrs=told(ketamine="0 uM")))
    assert "etamine" not in figure.get_supxlabel()
    assert "g_l" in figure.get_supxlabel()


def test_a_caption_names_each_drug_as_it_is_written_and_all_that_started_alike_in_one_sentence():
    figure = plt.figure()
    both = [xr.Dataset(attrs=told(**{drug: "1 uM"})) for drug in ("ketamine", "mk801")]
    caption(figure, *both)
    assert "Ketamine, MK-801 block at the start: equilibrated." in figure.get_supxlabel()


def test_a_run_that_went_on_from_one_without_drug_has_none_left():
    went_on = told(ketamine="0 uM") | {"block": "as the run before left it"}
    assert drugs_given(went_on | {"drugs_before": ""}) == []
    assert drugs_given(went_on | {"drugs_before": "ketamine"}) == ["ketamine"]


@pytest.mark.parametrize(
    "attrs",
    [
        told(ketamine="1 uM"),
        told(ketamine="0 uM") | {"varied": "ketamine seed"},
        told(ketamine="0 uM") | {"block": "as the run before left it"},
    ],
)
def test_a_drug_that_was_given_or_may_be_left_is_named(attrs):
    assert drugs_given(attrs) == ["ketamine"]
    assert unverified([attrs]) == ["K_ketamine", "g_l"]
