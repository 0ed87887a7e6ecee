"""Sphinx configuration. Builds without network access; warnings are errors (`make docs`)."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import matplotlib as mpl

mpl.use("Agg")

project = "nmdasim"
author = "The nmdasim developers"
copyright = "2026, The nmdasim developers"
version = release = installed("nmdasim")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "lesson_pages",
    "offline",
    "model_pages",
]
exclude_patterns = ["_build", "gallery/*.ipynb", "gallery/*.py", "notebooks"]

myst_enable_extensions = ["attrs_inline", "dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the NumPy-style docstrings say what each argument is
autodoc_default_options = {"members": True, "show-inheritance": False}
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True  # what a docstring lists as attributes may be properties with entries of their own

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/\d\d_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,  # a page whose table comes from the net
    "show_signature": False,
    "capture_repr": (),
    "plot_gallery": "True",
    "parallel": 2,
}

html_math_renderer = "mathml"  # without a script from the net
html_theme = "pydata_sphinx_theme"
html_title = "nmdasim"
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["disclaimer"],
    "footer_end": ["copyright"],
}
templates_path = ["_templates"]
html_static_path = ["../nmdasim/explorer/explorer.html"]  # the page itself, which the first page carries
html_show_sourcelink = False
