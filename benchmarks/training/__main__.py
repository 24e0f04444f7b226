"""Trains a model on a data set and measures it: tokens a second, the share of the device's peak, and what it proves.

usage: python -m benchmarks.training --data DIR [--base tiny] [--epochs N] [--peak-tflops F] [--proj NAME --limit N]

The peak is the GPU's own figure for bfloat16 (--peak-tflops, or known by its name), and on a CPU what a large
multiplication of float32 matrices reaches here. Training takes 6 operations a parameter and token (Kaplan et al. 2020,
"Scaling Laws for Neural Language Models"); attention's own are left out.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import pin_toolchain

# Dense bfloat16, from the makers' data sheets.
PEAKS_TFLOPS = {"H200": 989.0, "H100": 989.0, "A100": 312.0, "L40S": 362.0, "L4": 121.0}


def peak_tflops(given: float | None) -> tuple[float, str]:
    """The device's peak and what it is of."""
    import torch  # noqa: PLC0415 - part of an extra

    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        known = next((peak for word, peak in PEAKS_TFLOPS.items() if word in name), 0.0)
        return given or known, name
    size = 2048
    one, other = torch.rand(size, size), torch.rand(size, size)
    torch.mm(one, other)
    begun = time.perf_counter()
    for _ in range(5):
        torch.mm(one, other)
    return given or 5 * 2 * size**3 / (time.perf_counter() - begun) / 1e12, f"CPU, {torch.get_num_threads()} threads"


def train(arguments: argparse.Namespace, out: Path) -> dict[str, Any]:
    """The record of a training."""
    argv = [str(Path(sys.executable).parent / "palmetto"), "train", "--data", str(arguments.data)]
    argv += ["--base", arguments.base, "--out", str(out), "--epochs", str(arguments.epochs)]
    subprocess.run([*argv, "--max-length", str(arguments.max_length)], check=True)
    found: dict[str, Any] = json.loads((out / "palmetto.json").read_text())
    return found


def main() -> None:
    """Runs the benchmark."""
    pin_toolchain()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", default="tiny")
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--peak-tflops", type=float)
    parser.add_argument("--proj", help="prove theorems of this project with the model, and with the default")
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--budget", type=float, default=20)
    arguments = parser.parse_args()
    peak, device = peak_tflops(arguments.peak_tflops)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        record = train(arguments, out)
        reached = 6 * record["parameters"] * record["tokens_per_s"] / 1e12
        print(f"{device}: {record['parameters']:,} parameters, {record['tokens_per_s']:,.0f} tokens/s")
        print(f"{reached:.4f} of {peak:.3f} TFLOP/s: {100 * reached / peak if peak else 0:.1f} % of the peak")
        print(f"loss {record['losses'][0][1]:.3f} to {record['losses'][-1][1]:.3f} in {record['steps']} steps")
        if arguments.proj:
            prove(arguments, out, Path(folder) / "experiments.sqlite")


def prove(arguments: argparse.Namespace, checkpoint: Path, store: Path) -> None:
    """What the model proves of a project, beside the neighbours default."""
    palmetto = str(Path(sys.executable).parent / "palmetto")
    address = "127.0.0.1:8790"
    serve = [palmetto, "serve", "model-server", "--backend", "hf", "--checkpoint", str(checkpoint), "--listen", address]
    server = subprocess.Popen(serve, stderr=subprocess.DEVNULL)
    try:
        for name, model in (("trained", f"http://{address}/v1"), ("default", "neighbours")):
            argv = [
                palmetto,
                "eval",
                "--proj",
                arguments.proj,
                "--exp-name",
                name,
                "--model",
                model,
                "--store",
                str(store),
            ]
            argv += ["--limit", str(arguments.limit), "--budget", str(arguments.budget), "--seed", "1"]
            subprocess.run(argv, check=False)
        subprocess.run([palmetto, "compare", "trained", "default", "--store", str(store)], check=False)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
