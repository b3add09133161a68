"""The details of PPO that decide whether it works, by name, each with where it comes from.

Most are found in no paper but in code; Huang, Liu, von Werra 2023, "The N Implementation Details of RLHF with PPO"
(ICLR Blogposts 2024) read them out of Ziegler et al.'s, which is called OpenAI's code here.
"""

from __future__ import annotations

from dataclasses import dataclass

from utils.training.policy_losses import Estimator


@dataclass(frozen=True)
class PPOConfig:
    """The details that matter, each to be switched by itself.

    Attributes:
        length: tokens of a completion at most.
        temperature: divides the logits when tokens are drawn *and* when they are scored, so that both see the same
            policy (OpenAI's code; without it the KL rises by itself).
        beta: weight of the KL from the reference in the reward (Ziegler et al., equation 2; 0 lets go of the leash).
        target: nats of KL a completion that `beta` is adapted to; None keeps it fixed (Ziegler et al., section 2.2).
        estimator: of the KL in the reward; k1 is what Ziegler et al. take (Schulman 2020 compares the three).
        unended: score of a completion without EOS, instead of its own; None lets the score decide (Ziegler et al.'s
            penalty; the "EOS trick" of Huang et al. 2024, arXiv 2403.17031).
        gamma: discount; 1, since a completion is short (Ziegler et al.; Stiennon et al. 2020).
        lam: GAE's lambda (Schulman et al. 2016; 0.95 as in OpenAI's code and in Stiennon et al., appendix B.1).
        whiten_rewards: divide rewards by their deviation, the mean left alone (OpenAI's code).
        whiten_advantages: mean 0 and deviation 1 over the tokens of a batch (OpenAI's code, by minibatch there).
        epochs: passes over a batch of completions (Schulman et al. 2017, algorithm 1; 4 as in Ziegler et al. and
            Stiennon et al., where Ouyang et al. 2022 take 1).
        minibatch: completions of an optimizer step; None takes all at once.
        clip: of the ratio (Schulman et al. 2017, equation 7).
        value_clip: of the change of a value; None does not clip (OpenAI's code; Andrychowicz et al. 2021, arXiv
            2006.05990, C13, found that it hurts).
        value_weight: of the value loss (0.1 as in OpenAI's code).
        entropy_weight: of the entropy bonus (Schulman et al. 2017, equation 9; 0 for language models).
        gradient_clip: largest norm of the gradient of all that the optimizer holds; None does not clip (Andrychowicz
            et al. 2021, C68).
    """

    length: int = 32
    temperature: float = 1.0
    beta: float = 0.05
    target: float | None = None
    estimator: Estimator = "k1"
    unended: float | None = -1.0
    gamma: float = 1.0
    lam: float = 0.95
    whiten_rewards: bool = False
    whiten_advantages: bool = True
    epochs: int = 4
    minibatch: int | None = None
    clip: float = 0.2
    value_clip: float | None = 0.2
    value_weight: float = 0.1
    entropy_weight: float = 0.0
    gradient_clip: float | None = 1.0

    def __post_init__(self) -> None:
        for name in ("length", "epochs", "minibatch"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} {value} must be at least 1")
        for name in ("temperature", "target", "clip", "value_clip", "gradient_clip"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} {value} must be above 0")
        for name in ("beta", "value_weight", "entropy_weight"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} {getattr(self, name)} must be at least 0")
        for name in ("gamma", "lam"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} {getattr(self, name)} must lie between 0 and 1")
        if self.estimator not in ("k1", "k2", "k3"):
            raise ValueError(f"estimator {self.estimator!r} must be 'k1', 'k2' or 'k3'")
