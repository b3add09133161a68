"""Tables of the page on scaling: what two processes brought here, and what training costs from our GPT up to GPT-3.

Measured figures come from records, published ones stand below with their source, all others are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from utils import records
from utils.training.costs import DAY, days, state_bytes, traffic, training_operations

# NVIDIA's data sheet of the A100 SXM with 80 GB: operations a second in bf16 without sparsity, and bytes of memory.
PEAK, MEMORY = 312e12, 80e9
# An assumption: PaLM reached 46 % (Chowdhery et al. 2022), Megatron-LM 44 to 52 % (Narayanan et al. 2021).
SHARE = 0.4
BANDWIDTH = 25e9  # bytes a second and GPU: 200 Gbit/s, one InfiniBand HDR adapter for each GPU
SPACE = "\N{NO-BREAK SPACE}"
SETTING = f"A100 of {MEMORY / 1e9:.0f} GB, {SHARE:.0%} of {PEAK / 1e12:.0f} trillion operations a second"


@dataclass(frozen=True)
class Size:
    """A training: parameters, tokens read, tokens a step, and on how many GPUs it is computed here."""

    name: str
    parameters: float
    tokens: float
    batch: float
    processes: int


def sizes() -> list[Size]:
    """Our GPT from its record; GPT-3's sizes and batches from Brown et al. 2020, table 2.1: 300 billion tokens each."""
    own = records.read("gpt/real_text")
    step = own.config["batch"] * own.config["context"]
    ours = Size("our GPT", own.sizes["parameters"], own.config["steps"] * step, step, 8)
    published = ((125e6, 0.5e6, 8), (1.3e9, 1e6, 8), (6.7e9, 2e6, 64), (13e9, 2e6, 64), (175e9, 3.2e6, 1_024))
    return [ours, *(Size(f"GPT-3, {count(n)}", n, 300e9, batch, gpus) for n, batch, gpus in published)]


def count(number: float) -> str:
    """A count as a reader says it: `count(1.3e9) == "1.3 billion"`."""
    for unit, name in ((1e9, "billion"), (1e6, "million")):
        if number >= unit:
            return f"{number / unit:.3g}{SPACE}{name}"
    return f"{number:,.0f}"


def duration(seconds: float) -> str:
    """A time in its own unit: `duration(0.5) == "500 ms"`, `duration(7200) == "2 hours"`."""
    for unit, name in ((365 * DAY, "years"), (DAY, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{digits(seconds / unit)}{SPACE}{name}"
    return f"{digits(seconds)}{SPACE}s" if seconds >= 1 else f"{digits(seconds * 1e3)}{SPACE}ms"


def digits(value: float) -> str:
    """Two digits that count, or all before the point: `digits(0.0642) == "0.064"`, `digits(3.05) == "3.1"`."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def size(amount: float) -> str:
    """Bytes as a reader says them."""
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if amount >= unit:
            return f"{amount / unit:.3g}{SPACE}{name}"
    return f"{amount / 1e3:.3g}{SPACE}kB"


def power(number: float) -> str:
    """A large number with its power of ten, as a formula."""
    first, _, exponent = f"{number:.1e}".partition("e")
    return rf"${first} \cdot 10^{{{int(exponent)}}}$"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def measured() -> str:
    """What the record of one and two processes says."""
    if "scaling/processes" not in records.names():
        return "Not yet measured."
    record = records.read("scaling/processes")
    rows = [
        [
            row["way"],
            f"{row['steps a second']:.2f}",
            f"{row['lowest']:.2f} to {row['highest']:.2f}",
            f"{row['processor seconds a step']:.2f}",
            f"{row['processor seconds a step'] * row['steps a second']:.0%}",
            f"{row['bytes a parameter']:.0f}",
            f"{row['loss']:.4f}",
        ]
        for row in record.curves["ways"]
    ]
    head = ("way", "steps a second", "lowest to highest", "processor seconds", "at work", "bytes a parameter", "loss")
    ratios = []
    for way in ("two processes", "two processes, sharded"):
        name = f"{way}, speed against one process"
        low, high = record.metrics[f"{name}, range"]
        ratios.append(f"{way}: {record.metrics[f'{name}, median']:.2f} times as fast ({low:.2f} to {high:.2f})")
    config, machine = record.config, record.machine
    summing = f"{record.metrics['seconds to sum all gradients once'] * 1000:.0f} ms"
    return "\n\n".join(
        [
            table(head, rows),
            f"Round by round against one process, in the median: {'; '.join(ratios)}. Two processes summed all "
            f"gradients once, doing nothing else, in {summing}.",
            f"A GPT of {count(record.sizes['parameters'])} parameters, {record.sizes['tokens a step']:,} random tokens "
            f"a step, AdamW, single precision; {config['rounds']} rounds in which the ways took turns, "
            f"{config['steps']} steps each. {machine['name']}, two cores, one thread a process, no GPU; "
            f"{record.date[:10]}, commit `{record.commit}`. `{record.command}` measures it on your machine.",
        ]
    )


def memory() -> str:
    """What one GPU keeps for weights, gradients and AdamW, whole and in shares."""
    rows = []
    for one in sizes():
        cells = [size(state_bytes(one.parameters, shards)) for shards in (1, 8, 64, 1_024)]
        fits = [
            f"**{cell}**" if state_bytes(one.parameters, n) < MEMORY else cell
            for cell, n in zip(cells, (1, 8, 64, 1_024), strict=True)
        ]
        rows.append([one.name, *fits])
    return table(("model", "whole", "in 8 shares", "in 64", "in 1,024"), rows)


def time() -> str:
    """Operations and time of each training, on one GPU and on more."""
    rows = []
    for one in sizes():
        work = training_operations(one.parameters, one.tokens)
        took = [duration(DAY * days(work, n, PEAK, SHARE)) for n in (1, 8, 1_024)]
        rows.append([one.name, count(one.tokens), power(work), *took])
    return table(("model", "tokens", "operations", "1 GPU", "8 GPUs", "1,024 GPUs"), rows)


def steps() -> str:
    """One step on several GPUs: computing, and sending at a stated bandwidth."""
    rows = []
    for one in sizes():
        computing = training_operations(one.parameters, one.batch) / (one.processes * PEAK * SHARE)
        cells = [one.name, f"{one.processes:,}", count(one.batch), duration(computing)]
        for sharded in (False, True):
            sent = traffic(one.parameters, one.processes, sharded, width=2) / BANDWIDTH
            cells.append(duration(sent) if sent else "nothing")
        rows.append(cells)
    head = ("model", "GPUs", "tokens a step", "computing", "sending, whole", "sending, sharded")
    return table(head, rows)


def ours() -> str:
    """What the operations of our own GPT's recorded training say about the core that did it."""
    own, one = records.read("gpt/real_text"), sizes()[0]
    work = training_operations(one.parameters, one.tokens)
    return (
        f"Our GPT's {power(work)} operations took {duration(own.seconds)} on one core ({own.machine['name']}, "
        f"evaluation included): {work / own.seconds / 1e9:.0f} billion a second. An A100 at {SHARE:.0%} does "
        f"{round(PEAK * SHARE / (work / own.seconds), -2):,.0f} times as many."
    )


def setting() -> str:
    """The assumptions of all computed times, in one sentence."""
    sent = f"{BANDWIDTH / 1e9:.0f} GB a second in and out of each GPU"
    return f"Assumed: {SETTING}; {sent}; numbers of two bytes on the way."


TABLES = {
    "scaling measured": measured,
    "scaling memory": memory,
    "scaling time": time,
    "scaling steps": steps,
    "scaling ours": ours,
    "scaling setting": setting,
}
