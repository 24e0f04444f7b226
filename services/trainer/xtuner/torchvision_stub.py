"""A stand-in for torchvision where torch has no CUDA: xtuner imports it for images, which no proof has.

xtuner imports it before all else that it does. So what DeepSpeed's way through xtuner and mmengine lacks on the CPU is
mended here: both ask the device without looking whether it is one of CUDA's.
"""

from typing import Any

import torch

__version__ = "0.0.0"

if not torch.cuda.is_available():

    def _yes(*_: Any, **__: Any) -> bool:
        return True

    def _nothing(*_: Any, **__: Any) -> None:
        return None

    torch.cpu.is_bf16_supported = _yes  # type: ignore[attr-defined, unused-ignore]
    torch.cuda.set_device = _nothing
