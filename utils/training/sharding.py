"""Sharded training (FSDP): each process keeps its share of weights, gradients and optimizer state, and no more.

Rajbhandari et al. 2020, "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models" (arXiv 1910.02054),
stage 3. Zhao et al. 2023, "PyTorch FSDP" (arXiv 2304.11277). The work is torch's `fully_shard`, called by accelerate
where its configuration asks for it (`utils/experiments/launch/fsdp.yaml`); here is what the training loop adds.
"""

from __future__ import annotations

import copy
import os
from typing import Any

import torch
from torch import nn

from utils.training.losses import widened

_WIDTHS = {"fp16": torch.float16, "bf16": torch.bfloat16}


def asked_for() -> bool:
    """Whether the processes were started with a configuration that asks for sharding: accelerate launch says so."""
    return os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true"


def set_up(accelerator: Any) -> None:
    """Shard on CPUs as on GPUs, and sum gradients in single precision; nothing where sharding is not asked for.

    accelerate leaves CPUs out, though torch shards there too: two processes of a laptop can try what a cluster does.
    """
    if not asked_for() or accelerator.num_processes == 1:
        return
    from accelerate import PartialState
    from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin
    from torch.distributed.fsdp import MixedPrecisionPolicy

    if accelerator.distributed_type == DistributedType.MULTI_CPU:
        accelerator.state.fsdp_plugin = FullyShardedDataParallelPlugin()
        accelerator.state.distributed_type = PartialState().distributed_type = DistributedType.FSDP
    plugin = accelerator.state.fsdp_plugin
    if plugin.fsdp_version != 2:
        raise ValueError(f"fsdp_version is {plugin.fsdp_version}: set it to 2 in accelerate's configuration")
    if (width := _WIDTHS.get(accelerator.mixed_precision)) is not None:
        # accelerate would sum gradients in half precision as well.
        plugin.mixed_precision_policy = MixedPrecisionPolicy(width, reduce_dtype=torch.float32)


class Whole:
    """A model that is sharded while it trains and whole afterwards.

    Sharded it has its forward, `start` and `step`, which every process must call together. It is kept whole, with its
    first weights, on the CPU until `put_back`.
    """

    def __init__(self, model: nn.Module, sharded: bool):
        self.model = model
        self.spare = copy.deepcopy(model) if sharded else None

    def offer(self) -> None:
        """Let `start` and `step` gather the weights as forward does; call it once the model is sharded."""
        if self.spare is None:
            return
        from torch.distributed.fsdp import register_fsdp_forward_method

        self.model.register_forward_hook(lambda model, given, logits: widened(logits))  # as accelerate does elsewhere
        for name in ("start", "step"):
            if hasattr(self.model, name):
                register_fsdp_forward_method(self.model, name)

    def put_back(self) -> None:
        """Gather the weights in every process, and make the model what it was before it was sharded."""
        if self.spare is None:
            return
        from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

        device = next(self.model.parameters()).device
        self.spare.load_state_dict(get_model_state_dict(self.model, options=StateDictOptions(full_state_dict=True)))
        self.spare.train(self.model.training).to(device)
        self.model.__class__ = type(self.spare)
        self.model.__dict__ = self.spare.__dict__
        self.spare = None
