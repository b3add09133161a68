"""Print the cells of a chapter's exercises: ``python -m utils.teaching.exercises 03 [--json]``."""

from __future__ import annotations

import json
import sys

from utils.teaching.exercises.cells import cells


def main(arguments: list[str]) -> int:
    """The command: CHAPTER, and ``--json`` for the cells as data."""
    names = [argument for argument in arguments if argument != "--json"]
    if len(names) != 1:
        print("usage: python -m utils.teaching.exercises CHAPTER [--json]", file=sys.stderr)
        return 2
    try:
        made = cells(names[0])
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    if "--json" in arguments:
        print(json.dumps(made, indent=1, ensure_ascii=False))
    else:
        print("\n\n".join(f"# %% [{cell['cell_type']}] {cell['tags'][0]}\n{cell['source']}" for cell in made))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
