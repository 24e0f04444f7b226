"""How much memory a full-parameter training needs.

Bytes a parameter: Rajbhandari et al., "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models" (2020),
section 3.1 (mixed precision, Adam: 2 weights, 2 gradients, 12 optimizer) and 5 (what each stage divides).
Activations: Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models" (2022), section 4, with
the terms of Llama's layers; attention scores are not kept (torch's scaled_dot_product_attention).
All of it is an estimate; docs/training-xtuner.md has an example.
"""

from dataclasses import dataclass
from enum import IntEnum

from trainer.preflight.model import Shape

_HALF, _SINGLE = 2, 4
# What a process of CUDA, cuBLAS and NCCL holds before anything is loaded.
_PROCESS_BYTES = 1_500_000_000
# DeepSpeed's defaults: two buffers (overlap_comm) of 5e8 elements, filled with what a step reduces.
_BUCKET_ELEMENTS = 500_000_000
_BUCKETS = 2
# The caching allocator keeps holes between blocks.
_HOLES = 1.05


class Zero(IntEnum):
    """What DeepSpeed divides among the GPUs: optimizer, gradients too, weights too."""

    OPTIMIZER = 1
    GRADIENTS = 2
    WEIGHTS = 3


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one device, by what they are for."""

    weights: int
    gradients: int
    optimizer: int
    buffers: int
    activations: int
    logits: int
    process: int

    @property
    def total(self) -> int:
        """All of it, with holes."""
        parts = self.weights + self.gradients + self.optimizer + self.buffers + self.activations + self.logits
        return int(parts * _HOLES) + self.process


def deepspeed_memory(
    shape: Shape, *, zero: Zero, devices: int, sequences: int, length: int, checkpointing: bool = True
) -> Memory:
    """Memory of each GPU under DeepSpeed, in bfloat16 with a float32 copy in the optimizer.

    Args:
        shape: of the model.
        zero: the stage.
        devices: over all nodes.
        sequences: on a device at one time.
        length: tokens of a sequence.
        checkpointing: whether layers are computed again on the way back (xtuner does so by default).
    """
    parameters = shape.parameters

    def shared(size: int, stage: Zero) -> int:
        return size // devices if zero >= stage else size

    # Copy, two moments, and the gradient as the optimizer sees it: float32; and what AdamW computes in between.
    optimizer = shared((4 + 1) * _SINGLE * parameters, Zero.OPTIMIZER)
    return Memory(
        weights=shared(_HALF * parameters, Zero.WEIGHTS),
        gradients=shared(_HALF * parameters, Zero.GRADIENTS),
        optimizer=optimizer,
        buffers=_BUCKETS * _HALF * min(parameters, _BUCKET_ELEMENTS),
        activations=_activations(shape, sequences * length, length, checkpointing, _HALF),
        logits=_logits(shape, sequences * length, _HALF),
        process=_PROCESS_BYTES,
    )


def local_memory(shape: Shape, *, sequences: int, length: int, gpu: bool) -> Memory:
    """Memory of the engine `local`: weights, gradients and moments in float32; on a GPU it computes in bfloat16."""
    size = _HALF if gpu else _SINGLE
    parameters = shape.parameters
    checkpointing = gpu and parameters > 1_000_000_000  # as that engine decides
    return Memory(
        weights=_SINGLE * parameters,
        gradients=_SINGLE * parameters,
        # Two moments, and what AdamW computes in between.
        optimizer=3 * _SINGLE * parameters,
        buffers=0,
        activations=_activations(shape, sequences * length, length, checkpointing, size),
        logits=_logits(shape, sequences * length, size),
        process=_PROCESS_BYTES if gpu else _PROCESS_BYTES // 3,
    )


def _activations(shape: Shape, tokens: int, length: int, checkpointing: bool, size: int) -> int:
    """Kept for the way back: all of a layer's, and of the others only the input where they are computed again."""
    # Two norms (input and float32), residuals, queries, keys, values, result; gate, up, their product, its activation.
    a_layer = size * tokens * (8 * shape.hidden + shape.queries + 2 * shape.keys + 4 * shape.inner)
    mask = size * tokens * length  # which examples of a sequence see each other
    if checkpointing:
        return size * tokens * shape.hidden * shape.layers + a_layer + mask
    return a_layer * shape.layers + mask


def _logits(shape: Shape, tokens: int, size: int) -> int:
    """As computed, as float32, their logarithms and both gradients: transformers makes the loss in float32."""
    return tokens * shape.vocabulary * (2 * size + 3 * _SINGLE)


def checkpoint_bytes(shape: Shape) -> int:
    """One checkpoint of DeepSpeed: weights, and the optimizer's copy and moments."""
    return (_HALF + 3 * _SINGLE) * shape.parameters
