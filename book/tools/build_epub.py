"""Build the course as an EPUB: _build/epub/from-rnns-to-chatgpt.epub, warnings are errors.

    python book/tools/build_epub.py

Its configuration is that of the site without what only a site has: Sphinx's EPUB stops at Jupyter Book's launch
buttons. A reader of EPUBs runs no script, so steppers stand there with all their steps, one below the other. Needs
Chromium.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import epub_pages
import yaml

from utils import __version__

ROOT = Path(__file__).resolve().parents[2]
SITE_ONLY = ("launch_buttons", "html")
SITE_SETTINGS = (
    "html_js_files",
    "html_extra_path",
    "html_css_files",
    "html_theme_options",
    "mathjax_path",
    "mathjax3_config",
)
NAME = "from-rnns-to-chatgpt"


def configuration(root: Path = ROOT) -> dict[str, Any]:
    """The configuration of the EPUB; its paths are absolute, since it lies in another folder than the site's."""
    settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    for key in SITE_ONLY:
        settings.pop(key, None)
    settings["logo"] = str(root / settings["logo"])
    settings["bibtex_bibfiles"] = [str(root / path) for path in settings["bibtex_bibfiles"]]
    sphinx = settings["sphinx"]
    sphinx["local_extensions"] = {name: str(root / path) for name, path in sphinx["local_extensions"].items()}
    own = {key: value for key, value in sphinx["config"].items() if key not in SITE_SETTINGS}
    own |= {
        "html_static_path": [str(root / "book/static")],
        "epub_basename": NAME,
        "version": __version__,
        "epub_css_files": ["epub.css"],
        "epub_show_urls": "no",
        "epub_exclude_files": ["_static/card.png", "_static/card.svg", "_static/timeline.js", "_static/course.js"],
        "suppress_warnings": [*own["suppress_warnings"], "epub.unknown_project_files", "epub.duplicated_toc_entry"],
    }
    sphinx["config"] = own
    return settings


def build(root: Path = ROOT, target: Path | None = None) -> int:
    """Run Jupyter Book over ``root``, put the EPUB into ``target`` and return the exit status."""
    target = target or root / "_build/epub"
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "_config.yml"
        config.write_text(yaml.safe_dump(configuration(root)), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(root), "-W", "--keep-going", "-q"]
        command += ["--config", str(config), "--toc", str(root / "_toc.yml"), "--path-output", folder]
        status = subprocess.run(
            [*command, "--builder", "custom", "--custom-builder", "epub"],
            cwd=root,
            env=os.environ | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"},
        ).returncode
        if status:
            return status
        made = list(Path(folder).rglob("*.epub"))
        if len(made) != 1:
            print("The build reported success and left no EPUB.", file=sys.stderr)
            return 1
        target.mkdir(parents=True, exist_ok=True)
        epub_pages.convert(made[0], target / f"{NAME}.epub")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(build())
    except RuntimeError as error:
        sys.exit(str(error))
