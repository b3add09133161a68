"""The public API as MyST, read from the source without importing it: a section a room, a definition for each name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from utils.course import REPOSITORY

ROOT = Path(__file__).resolve().parents[2]
# The sections in the order of the page, and where the files of each lie.
ROOMS = {
    "Models": "utils/models",
    "Writing, measuring, where the code runs": "utils",
    "Training": "utils/training",
    "The lab language": "utils/data/lab",
    "Real data, tokens, batches": "utils/data",
    "What chapters are made with": "utils/teaching",
    "Pictures that go step by step": "utils/teaching/steppers",
}
Definition = ast.FunctionDef | ast.ClassDef


def listing() -> str:
    """All rooms."""
    return "\n".join(f"## {name}\n\n{room(ROOT / folder)}" for name, folder in ROOMS.items())


def room(folder: Path) -> str:
    """The modules of a folder that define something public."""
    files = sorted(folder.glob("*.py"))
    trees = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in files}
    return "\n".join(module(file, tree) for file, tree in trees.items() if public(tree))


def module(file: str, tree: ast.Module) -> str:
    """A module's name, what it is for, and a definition for each of its public functions and classes."""
    lines = [f"### `{file.removesuffix('.py').replace('/', '.')}`", "", first(tree), ""]
    for node in public(tree):
        lines += [f"[`{heading(node)}`]({REPOSITORY}/blob/main/{file}#L{node.lineno})", f": {first(node)}"]
        methods = public(node) if isinstance(node, ast.ClassDef) else []
        lines += ["", *(f"  - `.{heading(method)}`: {first(method)}" for method in methods), ""] if methods else [""]
    return "\n".join(lines)


def public(scope: ast.Module | ast.ClassDef) -> list[Definition]:
    """The functions and classes of a scope whose names do not begin with an underscore and that say what they do."""
    return [n for n in scope.body if isinstance(n, Definition) and n.name[0] != "_" and ast.get_docstring(n)]


def heading(node: Definition) -> str:
    """A name with its arguments as one writes them: no types, no ``self``."""
    if isinstance(node, ast.FunctionDef):
        return f"{node.name}({', '.join(arguments(node.args))})"
    made = next((n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    fields = [n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    return f"{node.name}({', '.join(arguments(made.args) if made else [f for f in fields if f[0] != '_'])})"


def arguments(given: ast.arguments) -> list[str]:
    """The names of a function's arguments; what has a default shows it."""
    plain = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
    said = [with_default(a.arg, d) for a, d in zip(plain, defaults, strict=True) if a.arg not in ("self", "cls")]
    said += [f"*{given.vararg.arg}"] if given.vararg else ["*"] if given.kwonlyargs else []
    said += [with_default(a.arg, d) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    return said + ([f"**{given.kwarg.arg}"] if given.kwarg else [])


def with_default(name: str, default: ast.expr | None) -> str:
    return name if default is None else f"{name}={ast.unparse(default)}"


def first(node: Definition | ast.Module) -> str:
    """The first paragraph of a docstring, on one line; outside of back ticks no sign means anything to MyST."""
    parts = re.split(r"(`+[^`]+`+)", " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split()))
    parts[::2] = [re.sub(r"([*_<>$\[\]{}|~^\\])", r"\\\1", text) for text in parts[::2]]
    return "".join(parts)
