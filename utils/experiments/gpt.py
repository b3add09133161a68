"""GPT on real text: pretraining, what size and data are worth, and its rows on the sentiment scoreboard.

python -m utils.experiments gpt/real_text --preset cpu
"""

from __future__ import annotations

from typing import Any

from utils.experiments.gpt_pretraining import Pretraining, real_text_gpt

EXPERIMENTS = {"real_text": real_text_gpt}
PRESETS: dict[str, dict[str, Any]] = {
    "real_text": {
        "smoke": Pretraining(
            8, 16, 2, 2, 16, 200, 4, warmup=2, judged=4, orders=(1, 2), characters=3_000, genres=("general", "books")
        ),
        "cpu": Pretraining(2_600, batch=16, warmup=100, judged=200),
        "gpu": Pretraining(6_000, context=256, batch=64, warmup=200, dropout=0.1, judged=250),
    },
}
