"""Turn the pages of an EPUB into well-formed XHTML with MathML, in a browser: it knows HTML, SVG and TeX best.

What chapters show is HTML, which Sphinx puts into its XHTML pages as it is: `<br>`, `hidden`, scripts. Readers of EPUBs
parse XML and stop at the first such place; and they run no MathJax. Folded cells, which only draw, are left out.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

from chromium import chromium

MATHJAX = Path(__file__).resolve().parents[1] / "vendor/mathjax/tex-chtml.js"
CONVERT = r"""text => {
  const page = new DOMParser().parseFromString(text, "text/html");
  const dead = "script, noscript, .tl, .course-quiz, details.hide, button, input";
  for (const part of page.querySelectorAll(dead)) part.remove();
  for (const part of page.querySelectorAll(".math")) {
    const tex = part.textContent.trim().replace(/^\\[\[(]/, "").replace(/\\[\])]$/, "");
    part.innerHTML = MathJax.tex2mml(tex, {display: part.tagName === "DIV"});
  }
  for (const link of page.querySelectorAll("a[href]")) {
    const href = link.getAttribute("href");
    if (!/^\w+:/.test(href)) link.setAttribute("href", href.replace(/\.html(?=#|$)/, ".xhtml"));
  }
  for (const part of page.querySelectorAll("*"))
    for (const name of [...part.getAttributeNames()])
      if (/^on|^@/.test(name)) part.removeAttribute(name);
  return new XMLSerializer().serializeToString(page.documentElement);
}"""
PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'


def convert(made: Path, target: Path) -> None:
    """Write the EPUB ``made`` anew as ``target``; RuntimeError without a browser."""
    with chromium() as browser, zipfile.ZipFile(made) as old, zipfile.ZipFile(target, "w") as new:
        rewrite(old, new, mathjax(browser, made.parent))


def mathjax(browser: Any, folder: Path) -> Any:
    """A page that has MathJax loaded and typesets nothing by itself."""
    blank = folder / "blank.html"
    settings = "MathJax = {startup: {typeset: false}, options: {enableMenu: false}}"
    blank.write_text(f'<script>{settings}</script><script src="{MATHJAX.as_uri()}"></script>', encoding="utf-8")
    page = browser.new_page()
    page.goto(blank.as_uri())
    page.evaluate("MathJax.startup.promise.then(() => true)")
    return page


def rewrite(old: zipfile.ZipFile, new: zipfile.ZipFile, page: Any) -> None:
    """Copy an EPUB, its pages converted, and what they hold told in the package document."""
    pages = {name: old.read(name).decode() for name in old.namelist() if name.endswith(".xhtml")}
    pages = {name: PROLOG + page.evaluate(CONVERT, text) for name, text in pages.items()}
    for info in old.infolist():  # the first, mimetype, stays first and unpacked, as the standard wants it
        content = pages.get(info.filename)
        data = old.read(info.filename) if content is None else content.encode()
        if info.filename.endswith("content.opf"):
            data = package(data.decode(), pages, info.filename).encode()
        packing = zipfile.ZIP_STORED if info.filename == "mimetype" else zipfile.ZIP_DEFLATED
        new.writestr(info.filename, data, compress_type=packing)


def package(text: str, pages: dict[str, str], name: str) -> str:
    """The package document, in which each page says whether it holds MathML or SVG."""
    folder = name.rpartition("/")[0]

    def item(match: re.Match[str]) -> str:
        held = pages.get(f"{folder}/{match[2]}".lstrip("/"), "")
        kinds = [kind for kind, tag in (("mathml", "<math"), ("svg", "<svg")) if tag in held]
        if not kinds or "properties=" in match[0]:
            return match[0]
        return match[1] + f' properties="{" ".join(kinds)}"/>'

    return re.sub(r'(<item [^>]*?href="([^"]+\.xhtml)"[^>]*?)\s*/>', item, text)
