"""The figure helper: one output, an alternative text, small files."""

import base64
import io
import re
import warnings

import numpy
import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot
from PIL import Image

from utils.teaching import figure, new_figure
from utils.teaching.figures import LIMIT, png

ALT = "Accuracy falls from 1 to 0 while sentences grow."


@pytest.fixture
def lines():
    drawn, axes = new_figure(6, 3)
    axes.plot([1, 2, 3], [3, 1, 2])
    return drawn, axes


def picture(html):
    return base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])


@pytest.mark.parametrize("which", [0, 1])
def test_a_figure_is_one_output_with_alternative_text(shown, lines, which):
    seen = shown(figure, lines[which], alt=ALT, caption="Read `alpha` <first>.", name="fall")
    soup = BeautifulSoup(seen.html, "html.parser")
    assert soup.figure["id"] == "fall"
    assert soup.img["alt"] == ALT
    assert soup.figcaption.decode_contents() == "Read <code>alpha</code> &lt;first&gt;."
    assert Image.open(io.BytesIO(picture(seen.html))).width == 660
    assert seen.bundles[0]["text/plain"] == f"figure: {ALT}"
    assert seen.text == ""
    assert not pyplot.get_fignums()


def test_an_array_of_axes_is_a_figure(shown):
    _, axes = new_figure(6, 3, columns=2)
    axes[0].plot([1, 2])
    assert "<img" in shown(figure, axes, alt=ALT).html


@pytest.mark.parametrize("alt", ["", "a curve", None, " " * 40])
def test_a_figure_without_a_description_is_refused(lines, alt):
    with pytest.raises(ValueError, match="what there is to see"):
        figure(lines[0], alt=alt)
    pyplot.close("all")


def test_a_dense_picture_is_made_small():
    drawn, axes = new_figure(6, 4)
    x = numpy.linspace(0, 60, 3000)
    for shift in range(40):
        axes.plot(x, numpy.sin(x + shift) * shift, color=pyplot.cm.viridis(shift / 40))
    buffer = io.BytesIO()
    drawn.savefig(buffer, dpi=110)
    assert buffer.tell() > LIMIT
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = png(drawn)
    assert len(data) <= LIMIT
    pyplot.close("all")


def test_a_picture_that_cannot_be_small_warns():
    drawn, axes = new_figure(10, 10)
    axes.imshow(numpy.random.default_rng(0).random((400, 400)), interpolation="nearest")
    with pytest.warns(UserWarning, match="draw fewer points"):
        png(drawn)
    pyplot.close("all")


def test_an_svg_gets_its_label(shown):
    html = shown(figure, '<?xml version="1.0"?><svg viewBox="0 0 9 9" role="x"><path d="M0 0"/></svg>', alt=ALT).html
    svg = BeautifulSoup(html, "html.parser").svg
    assert (svg["role"], svg["aria-label"], svg["viewbox"]) == ("img", ALT, "0 0 9 9")


@pytest.mark.parametrize("text", ["no picture", "<svg onload='x()'></svg>", "<svg><script>x</script></svg>"])
def test_a_text_that_is_no_harmless_svg_is_refused(text):
    with pytest.raises(ValueError, match=r"svg|script"):
        figure(text, alt=ALT)


def test_what_is_no_picture_is_named():
    with pytest.raises(ValueError, match="int is no picture"):
        figure(3, alt=ALT)
    with pytest.raises(ValueError, match="does not fit"):
        new_figure(20, 3)
