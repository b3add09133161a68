"""Execute a chapter in place, from top to bottom, as it is to be stored.

    python book/tools/run_chapter.py 03

Live widgets are replaced by their static twins (COURSE_STATIC=1) and one thread is used, as in the checks. Each cell
shows its seconds. Nothing is saved if a cell fails or an output names a folder of this machine.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

ROOT = Path(__file__).resolve().parents[2]
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+|tmp|work|content)/[\w./-]*")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def find(chapter: str, folder: Path = ROOT / "chapters") -> Path:
    """The notebook of ``chapter``, given as its number ("03" or "3") or its file name."""
    stem = Path(chapter).stem
    names = sorted(folder.glob("*.ipynb"))
    wanted = f"{int(stem):02d}_" if stem.isdecimal() else stem
    found = [path for path in names if path.name.startswith(wanted)] if wanted else []
    if len(found) != 1:
        raise ValueError(f"no chapter {chapter!r}; there are: {', '.join(p.stem for p in names) or 'none yet'}")
    return found[0]


def outputs_text(notebook: nbformat.NotebookNode) -> str:
    """Everything that the notebook's outputs hold as text."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts.append(str(output.get("text", "")))
            texts += [str(value) for mime, value in output.get("data", {}).items() if not mime.startswith("image/p")]
    return "\n".join(texts)


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Drop what differs between machines and says nothing: timings, versions of the editor, collapsed states."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})


def execute(path: Path, timeout: int = 600) -> float:
    """Run the notebook at ``path``, store it with its outputs, return its seconds.

    Raises CellExecutionError, DeadKernelError or, after a signal, KeyboardInterrupt, and then stores nothing.
    """
    notebook = nbformat.read(path, as_version=4)
    total, began = len(notebook.cells), 0.0

    def start(cell: nbformat.NotebookNode, cell_index: int) -> None:
        nonlocal began
        began = time.perf_counter()

    def end(cell: nbformat.NotebookNode, cell_index: int, execute_reply: dict | None = None) -> None:
        first = cell.source.strip().splitlines()[0][:60] if cell.source.strip() else ""
        print(f"[{cell_index + 1:3d}/{total}] {time.perf_counter() - began:7.1f} s  {first}", flush=True)

    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        extra_arguments=["--log-level=40"],  # no word about encryption: the kernel talks to this process alone
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        on_cell_start=start,
        on_cell_executed=end,
    )
    whole = time.perf_counter()
    try:
        client.execute()
    except AssertionError as error:  # a signal lets nbclient clean up twice, and the second time it has no kernel
        raise KeyboardInterrupt("stopped by a signal") from error
    if stray := MACHINE_PATH.search(outputs_text(notebook)):
        raise ValueError(f"an output names a folder of this machine: {stray[0]}; nothing was saved")
    tidy(notebook)
    nbformat.validate(notebook)
    temporary = path.with_suffix(".ipynb.tmp")
    nbformat.write(notebook, temporary)
    temporary.replace(path)
    seconds = time.perf_counter() - whole
    print(f"{path.name}: {seconds:.0f} s, {path.stat().st_size / 1000:.0f} kB", flush=True)
    return seconds


def measure(path: Path, seconds: float) -> None:
    """Keep what the chapter took on this machine as the record that its header card shows."""
    import resource  # not on Windows

    from utils import records, runtime

    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of the kernel, the only child
    number = path.stem.partition("_")[0]
    record = records.Record(
        name=f"chapter/{number}",
        command=f"make run CHAPTER={number} MEASURE=1",
        preset="chapter",
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=records.commit(),
        seconds=round(seconds, 1),
        machine=runtime.machine() | {"device": "cpu", "threads": int(os.environ["OMP_NUM_THREADS"])},
        versions=records.versions(),
        seeds=[0],
        config={},
        metrics={"memory_mb": round(kilobytes / 1024)},
    )
    record.write(records.shipped(record.name))


def main() -> int:
    """The command; exit status 1 if a cell failed, 2 if there is no such chapter, 130 if it was stopped."""
    parser = argparse.ArgumentParser(description="Execute a chapter in place.")
    parser.add_argument("chapter", help="its number (03), or its file name")
    parser.add_argument("--timeout", type=int, default=600, help="seconds that one cell may take")
    parser.add_argument("--measure", action="store_true", help="keep time and memory for the chapter's header card")
    arguments = parser.parse_args()
    os.environ |= {"COURSE_STATIC": "1", "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    try:
        path = find(arguments.chapter)
        seconds = execute(path, arguments.timeout)
        if arguments.measure:
            measure(path, seconds)
    except CellExecutionError as error:
        print(f"{error}\nNothing was saved.", file=sys.stderr)
        return 1
    except DeadKernelError:
        print("The kernel died, perhaps for want of memory. Nothing was saved.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped by a signal, such as Ctrl-C. Nothing was saved.", file=sys.stderr)
        return 130
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
