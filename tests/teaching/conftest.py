"""What several tests of the teaching tools share."""

from importlib import resources

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from utils.teaching import check
from utils.teaching.exercises import find
from utils.teaching.exercises.judge import judge, same
from utils.teaching.exercises.progress import Progress


class Shown:
    """What a call displayed and printed, as a notebook would store it."""

    def __init__(self, captured):
        self.text = captured.stdout
        self.bundles = [output.data for output in captured.outputs]

    @property
    def html(self):
        (bundle,) = self.bundles
        return bundle["text/html"]


@pytest.fixture
def shown():
    """A function that calls its argument inside an IPython shell and returns what a reader would see."""
    InteractiveShell.instance()

    def run(call, *args, **kwargs):
        with capture_output() as captured:
            call(*args, **kwargs)
        return Shown(captured)

    yield run
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    """No test touches a learner's progress, and none depends on the switch of the run."""
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.delenv("COURSE_STATIC", raising=False)
    monkeypatch.setattr(check, "_progress", Progress())


@pytest.fixture
def open_page(browser):
    """A function that opens HTML as a page of its own, without network; errors on the page fail the test."""
    errors, contexts = [], []

    def run(body, width=900, theme=""):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: errors.append(request.url) if request.url.startswith("http") else None)
        page.set_content(
            f'<!doctype html><html lang="en" {theme}><head><meta charset="utf-8"><title>page</title></head>'
            f'<body style="margin:8px"><main><div class="cell_output"><div class="output text_html">{body}</div></div>'
            "</main></body></html>"
        )
        return page

    yield run
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def violations():
    """A function from an open page to what axe-core finds against WCAG 2.1 A and AA: rule and element."""
    axe = pytest.importorskip("axe_playwright_python")
    code = resources.files(axe).joinpath("axe.min.js").read_text(encoding="utf-8")

    def run(page):
        page.evaluate(code)
        found = page.evaluate("() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
        return [(one["id"], one["nodes"][0]["html"][:120]) for one in found["violations"]]

    return run


@pytest.fixture
def solves():
    """A function that fails unless another way solves an exercise and agrees with its solution to rounding."""

    def run(name, answer):
        exercise = find(name)
        assert judge(exercise, answer).passed
        for case in exercise.cases:
            assert same(answer(*case.arguments()), exercise.solution(*case.arguments()), tolerance=1e-5)

    return run
