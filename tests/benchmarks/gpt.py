"""GPT: a step of training and the writing of text, against transformers, nanoGPT's loop and itself without a cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.benchmarks.race import Race
from utils.data.tokens import EOS, PAD
from utils.decoding import greedy
from utils.models.gpt import GPT, load_gpt2
from utils.training.trainer import Batch, Plan, fit


def races(tiny: bool = False) -> list[Race]:
    """All races of GPT; `tiny` sizes are for the test that both sides compute the same."""
    return [*training(tiny), *(race for rows in (1, 16) for race in writing(rows, tiny))]


def gpt2(tiny: bool) -> nn.Module:
    """transformers' GPT-2 with random weights: 4 layers, 256 wide."""
    import transformers

    sizes = (20, 16, 8, 2, 2) if tiny else (1000, 256, 256, 4, 4)
    names = ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head")
    off = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    ids = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": PAD}
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**dict(zip(names, sizes, strict=True)), **off, **ids))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.normal_(std=0.1)
        # The best logit of the others lies above 0, so no text ends early, and all write equally long.
        model.transformer.wte.weight[[PAD, EOS]] = 0.0
    return model


class NanoBlock(nn.Module):
    """A block as nanoGPT writes it: nothing but what training on whole texts needs."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.ModuleDict({"c_attn": nn.Linear(width, 3 * width), "c_proj": nn.Linear(width, width)})
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)})

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, D) -> (B, T, D)."""
        B, T, D = x.shape
        parts = self.attn["c_attn"](self.ln_1(x)).split(D, dim=2)
        query, key, value = (part.view(B, T, self.heads, D // self.heads).transpose(1, 2) for part in parts)
        y = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.attn["c_proj"](y.transpose(1, 2).contiguous().view(B, T, D))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh"))


class NanoGPT(nn.Module):
    """A GPT as nanoGPT writes it (with the tanh form of GELU), written anew for this benchmark, with our weights."""

    def __init__(self, model: GPT):
        super().__init__()
        config = model.config
        self.wte, self.wpe = (nn.Embedding(n, config.width) for n in (config.vocabulary, config.context))
        self.h = nn.ModuleList(NanoBlock(config.width, config.heads) for _ in range(config.layers))
        self.ln_f = nn.LayerNorm(config.width)
        self.load_state_dict(model.state_dict())

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, T) -> logits (B, T, V)."""
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1]))
        for block in self.h:
            x = block(x)
        return F.linear(self.ln_f(x), self.wte.weight)


class Endless:
    """The same batch again and again, as `fit` wants batches."""

    def __init__(self, text: Tensor):
        self.text = text

    def __len__(self) -> int:
        return 1_000_000

    def epoch(self, number: int, skip: int = 0) -> Iterator[Batch]:
        """Batches of token ids (B, T + 1)."""
        while True:
            yield (self.text,)


def loss(model: Callable[[Tensor], Tensor], batch: Batch) -> tuple[Tensor, int]:
    """Mean cross-entropy of the next tokens, and how many there are."""
    (text,) = batch
    return F.cross_entropy(model(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten()), text[:, 1:].numel()


def plain_loop(model: nn.Module, forward: Callable[[Tensor], Tensor], text: Tensor) -> Callable[[], Tensor]:
    """A step as nanoGPT's train.py takes it: loss, gradient, clip, AdamW."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def step() -> Tensor:
        value, _ = loss(forward, (text,))
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return value.detach()

    return step


def training(tiny: bool) -> list[Race]:
    """One step on 16 texts of 64 tokens: our model in the plain loop, and both in our trainer's."""
    theirs = gpt2(tiny)
    heads, V = theirs.config.n_head, theirs.config.vocab_size
    text = torch.randint(4, V, (2, 6) if tiny else (16, 65))
    ours, alone, fitted = (load_gpt2(theirs.state_dict(), heads, pad=PAD) for _ in range(3))
    nano, other = NanoGPT(ours), NanoGPT(ours)
    optimizer = torch.optim.AdamW(fitted.parameters(), lr=1e-3)
    steps = fit(fitted, loss, Endless(text), optimizer, Plan(device="cpu"))
    return [
        Race(
            "GPT, training step",
            "transformers GPT-2, same loop",
            plain_loop(ours, ours, text),
            plain_loop(theirs, lambda tokens: theirs(tokens, use_cache=False).logits, text),
        ),
        Race(
            "GPT, training step (b)",
            "nanoGPT's model, same loop",
            plain_loop(alone, alone, text),
            plain_loop(nano, nano, text),
        ),
        Race(
            "GPT in our trainer, training step",
            "nanoGPT's model and loop",
            lambda: torch.tensor(next(steps).loss),
            plain_loop(other, other, text),
        ),
    ]


@torch.no_grad()
def uncached(model: GPT, prompt: Tensor, length: int) -> Tensor:
    """Greedy, the whole text read anew for each token: (B, length)."""
    text = prompt
    for _ in range(length):
        logits = F.linear(model.states(text)[:, -1], model.wte.weight)
        text = torch.cat([text, logits.argmax(dim=-1)[:, None]], dim=1)
    return text[:, prompt.shape[1] :]


def writing(rows: int, tiny: bool) -> list[Race]:
    """200 tokens behind prompts of 8, greedy."""
    theirs = gpt2(tiny).eval()
    heads, V, new = theirs.config.n_head, theirs.config.vocab_size, 8 if tiny else 200
    ours = load_gpt2(theirs.state_dict(), heads, pad=PAD).eval()
    prompt = torch.randint(4, V, (rows, 8))

    def generate() -> Tensor:
        text = theirs.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=new, do_sample=False)
        return text[:, prompt.shape[1] :]

    def cached() -> Tensor:
        return greedy(ours, prompt, new)

    name, goal = f"GPT writes, batch {rows}", 5.0 if rows == 1 else 20.0
    return [
        Race(name, "transformers generate", cached, generate),
        Race(f"{name} (b)", "ours, no cache", cached, lambda: uncached(ours, prompt, new), goal),
    ]
