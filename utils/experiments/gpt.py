"""GPT on real text: pretraining, what size and data are worth, and its rows on the sentiment scoreboard.

python -m utils.experiments gpt/real_text --preset cpu
"""

from __future__ import annotations

from typing import Any

from utils.experiments.gpt_pretraining import Pretraining, real_text_gpt
from utils.experiments.gpt_scaling import Scaling, scaling
from utils.experiments.gpt_sentiment import Sentiment, sst2
from utils.experiments.gpt_speed import RUNGS, GPTLadder, speed_ladder
from utils.experiments.sentiment_tuning import Tuning

EXPERIMENTS = {"real_text": real_text_gpt, "scaling": scaling, "sst2": sst2, "speed_ladder": speed_ladder}
_LITTLE: dict[str, Any] = {"characters": 3_000, "genres": ("general", "books")}
PRESETS: dict[str, dict[str, Any]] = {
    "real_text": {
        "smoke": Pretraining(8, 16, 2, 2, 16, 200, 4, warmup=2, judged=4, orders=(1, 2), **_LITTLE),
        "cpu": Pretraining(2_600, batch=16, warmup=100, judged=200),
        "gpu": Pretraining(6_000, context=256, batch=64, warmup=200, dropout=0.1, judged=250),
    },
    "scaling": {
        "smoke": Scaling(((8, 1, 2), (16, 1, 2), (24, 2, 2)), 1_000, (250, 500), 1, (0, 1), 16, 4, 200, **_LITTLE),
        "cpu": Scaling(),
        "one_seed": Scaling(seeds=(0,)),
    },
    "sst2": {
        "smoke": Sentiment(Tuning(1e-3, (20, None), (0,), batch=4, steps=3, epochs=1, sentences=40)),
        "cpu": Sentiment(Tuning(1e-3, epochs=3)),
    },
    "speed_ladder": {
        "smoke": GPTLadder(16, 2, 2, 101, 12, 3, 2, (*RUNGS[:4], "padded vocabulary")),
        "gpu": GPTLadder(peak=989e12),
    },
}
