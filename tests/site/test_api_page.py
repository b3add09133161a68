"""The page of the package names all that is public, with its arguments, and links to the line where it begins."""

from __future__ import annotations

import inspect
import re
import sys
from importlib import import_module

import pytest
from bs4 import BeautifulSoup
from built_site import ROOT

sys.path.insert(0, str(ROOT / "book/tools"))

import api_page

from utils import course

PAGE = api_page.listing()
ENTRY = re.compile(r"^\[`(\w+)\((.*)\)`\]\((.+)/blob/main/(.+)#L(\d+)\)$", re.MULTILINE)


def test_every_name_leads_to_its_line() -> None:
    found = ENTRY.findall(PAGE)
    assert len(found) > 300
    assert {repository for *_, repository, _, _ in found} == {course.REPOSITORY}
    for name, _, _, file, line in found:
        text = (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
        assert re.match(rf"(def|class) {name}\b", text), (name, file)


@pytest.mark.parametrize("module", ["utils.models.attention", "utils.decoding", "utils.metrics", "utils.training.ppo"])
def test_the_arguments_are_those_of_the_running_code(module: str) -> None:
    file, code = module.replace(".", "/") + ".py", import_module(module)
    shown = {name: arguments for name, arguments, _, where, _ in ENTRY.findall(PAGE) if where == file}
    functions = dict(inspect.getmembers(code, inspect.isfunction))
    public = {name for name, function in functions.items() if function.__module__ == module and name[0] != "_"}
    assert public <= set(shown)
    for name in public:
        names = [part.partition("=")[0].strip("* ") for part in re.split(r", (?=[*\w])", shown[name])]
        assert [n for n in names if n] == list(inspect.signature(functions[name]).parameters), name


def test_nothing_private_and_no_experiment_is_shown() -> None:
    assert not re.search(r"^\[`_|^  - `\._|utils\.experiments", PAGE, re.MULTILINE)


def test_signs_of_a_docstring_mean_nothing_to_the_page(tmp_path) -> None:
    code = (
        'def f(a, /, b=1, *rest, c: int = 2, **more):\n    """a * b * c, <em>, [x](y), but `d * e`.\n\n    More."""\n'
    )
    (node,) = api_page.public(api_page.ast.parse(code))
    assert api_page.heading(node) == "f(a, b=1, *rest, c=2, **more)"
    assert api_page.first(node) == r"a \* b \* c, \<em\>, \[x\](y), but `d * e`."


@pytest.mark.site
def test_the_page_is_built(site) -> None:
    page = BeautifulSoup((site / "book/api.html").read_text(encoding="utf-8"), "html.parser")
    assert [h.get_text().removesuffix("#") for h in page.select("article h2")] == list(api_page.ROOMS)
    assert len(page.select("article dt a code")) == len(ENTRY.findall(PAGE))
