"""Generates the Python stubs of protos/ into services/palmetto_protos/ (grpcio-tools, mypy-protobuf).

usage: python scripts/gen_protos.py [--out DIR]

The stubs are committed, so that an install needs no compiler; a test runs this script into an empty
directory and compares.
"""

import argparse
import sys
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent


def generate(out: Path) -> None:
    """Writes the stubs of every .proto file under `out`/palmetto_protos; exits when protoc fails."""
    source = ROOT / "protos" / "palmetto"
    # The virtual folder name makes the Python package: palmetto_protos.checker.v1, not palmetto.…,
    # which is the name of the command-line tool's own package.
    protos = [f"palmetto_protos/{path.relative_to(source)}" for path in sorted(source.rglob("*.proto"))]
    flags = [f"-Ipalmetto_protos={source}", f"-I{files('grpc_tools') / '_proto'}"]
    flags += [f"--{kind}_out={out}" for kind in ("python", "grpc_python", "mypy", "mypy_grpc")]
    out.mkdir(parents=True, exist_ok=True)
    status = protoc.main(["protoc", *flags, *protos])
    if status:
        sys.exit(status)
    for folder in {out / path for proto in protos for path in list(Path(proto).parents)[:-1]}:
        (folder / "__init__.py").touch()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "services", help="where palmetto_protos/ is written")
    generate(parser.parse_args().out)
