"""What the tests of images need of this machine: podman and buildah, and something that looks like Debian's base image.

No registry is asked: mmdebstrap makes the base from Debian's packages, and what this machine tells pip and apt to use
(an index, a certificate) is put into it, never into anything of ours. Everything lies in `images` of the cache folder.
"""

import configparser
import fcntl
import hashlib
import io
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from coq_checker.toolchain import recipe
from coqdata.catalogue import cache_folder

# A program, and the Debian packages that bring it.
PROGRAMS = {
    "buildah": ("buildah",),
    "podman": ("podman", "netavark", "aardvark-dns", "iptables"),
    "runc": ("runc",),
    "mmdebstrap": ("mmdebstrap", "debian-archive-keyring"),
    "unshare": ("util-linux",),
}
# The hosts' own mounts are never seen by what works in these (services/coq_checker/toolchain/mmdebstrap.py says why).
APART = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc")
TRIXIE = "docker.io/library/debian:trixie-slim"
_CERTIFICATES = "/etc/look-alike/ca.crt"
_PROBE_S = 120.0
_LARGEST_STORE_BYTES = 25_000_000_000


class MachineError(Exception):
    """Images cannot be built or run here; the text is one sentence."""


def place() -> Path:
    """Where bases and images lie."""
    return cache_folder() / "images"


def environment() -> dict[str, str]:
    """The environment for podman and buildah: a store and a configuration of our own."""
    return {
        **os.environ,
        "CONTAINERS_CONF": str(place() / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(place() / "storage.conf"),
    }


def run(*command: str, timeout_s: float = 600.0, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs a command with that environment; with `check`, a failure is an error that has its last words."""
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=timeout_s, check=False, errors="replace"
    )
    if check and done.returncode != 0:
        said = "\n".join((done.stderr + done.stdout).strip().splitlines()[-8:])
        raise MachineError(f"`{' '.join(command[:4])} ...` ended with status {done.returncode}: {said}")
    return done


@dataclass(frozen=True, slots=True)
class Installation:
    """What pip is told on this machine: the text of a pip.conf, and the folders that it names."""

    text: str
    folders: tuple[Path, ...]


def installation() -> Installation:
    """Reads pip's own account of its settings, whichever file or variable they come from."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    wanted = ("index-url", "extra-index-url", "find-links", "trusted-host", "timeout", "proxy")
    settings: dict[str, str] = {}
    for line in sorted(listed.splitlines(), key=lambda one: one.startswith(":env:")):
        name, _, value = line.partition("=")
        key = name.rpartition(".")[2].removeprefix("default-")
        if key in wanted:
            settings[key] = value.strip().strip("'\"").replace("\\n", " ")
    folders = []
    for word in " ".join(settings.values()).split():
        parts = urlsplit(word)
        path = Path(unquote(parts.path)) if parts.scheme in ("", "file") else None
        if path is not None and path.is_absolute() and path.is_dir():
            # An index is a folder beside those of its files.
            folders.append(path.parent if path.name == "simple" else path)
    config = configparser.ConfigParser(interpolation=None)
    config["global"] = {**settings, "cert": _CERTIFICATES}
    written = io.StringIO()
    config.write(written)
    return Installation(written.getvalue(), tuple(dict.fromkeys(folders)))


def build_options() -> list[str]:
    """What buildah is told besides what docker/build tells it."""
    mounts = [word for folder in installation().folders for word in ("--volume", f"{folder}:{folder}:ro")]
    npm = ["--build-arg", f"NODE_EXTRA_CA_CERTS={_CERTIFICATES}"]
    return ["--isolation", "chroot", "--network", "host", "--pull-never", *npm, *mounts]


def install_programs() -> None:
    """Installs what is missing, where this is root's Debian.

    Raises:
        MachineError: it cannot be installed.
    """
    missing = [name for name in PROGRAMS if not shutil.which(name, path=_search_path())]
    packages = [package for name in missing for package in PROGRAMS[name]]
    if os.geteuid() != 0:
        raise MachineError("they are built and run as root, and this is another user")
    if not packages:
        return
    if shutil.which("apt-get") is None:
        raise MachineError(f"{' '.join(packages)} missing, and no apt-get here")
    print(f"palmetto: installing {' '.join(packages)}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["-y", "--no-install-recommends", "install", *packages]):
        done = subprocess.run(["apt-get", "-qq", *step], env=quiet, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise MachineError(f"apt-get could not install {' '.join(packages)} ({done.stderr.strip()[-200:]})")


def _search_path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


def write_configuration() -> None:
    """Says where images lie, and what a machine without systemd and without all capabilities needs said."""
    place().mkdir(parents=True, exist_ok=True)
    limits = []
    # podman asks for more than it may have where it may not raise limits; and it keeps 32768 processes for itself.
    for name, number, most in (("nofile", resource.RLIMIT_NOFILE, 1 << 20), ("nproc", resource.RLIMIT_NPROC, 30_000)):
        _, hard = resource.getrlimit(number)
        limit = most if hard == resource.RLIM_INFINITY else min(hard, most)
        limits.append(f'"{name}={limit}:{limit}"')
    runtime = "runc" if shutil.which("runc", path=_search_path()) else "crun"
    lines = ["[containers]", f"default_ulimits = [{', '.join(limits)}]"]
    lines += ["[engine]", f'runtime = "{runtime}"', 'cgroup_manager = "cgroupfs"', 'events_logger = "file"']
    lines += ["[network]", 'network_backend = "netavark"'] if Path("/usr/lib/podman/netavark").exists() else []
    (place() / "containers.conf").write_text("\n".join(lines) + "\n")
    folders = [f'runroot = "{place() / "run"}"', f'graphroot = "{place() / "store"}"']
    (place() / "storage.conf").write_text("\n".join(["[storage]", 'driver = "overlay"', *folders]) + "\n")


def _tarball(suite: str) -> Path:
    """A minimal Debian, made once."""
    made = place() / f"debian-{suite}.tar"
    if not made.exists():
        print(f"palmetto: making a minimal Debian {suite} with mmdebstrap", flush=True)
        excluded = [f"--dpkgopt=path-exclude={path}" for path in recipe.EXCLUDED_PATHS]
        excluded += [f"--dpkgopt=path-include={path}" for path in recipe.INCLUDED_PATHS]
        half = made.with_name(f".{made.name}")
        half.unlink(missing_ok=True)
        command = [*APART, "mmdebstrap", "--mode=root", "--variant=minbase", *excluded, suite, "-"]
        with half.open("wb") as file:
            done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise MachineError(f"mmdebstrap could not make a Debian {suite} ({said[-1] if said else 'silent'})")
        half.rename(made)
    return made


def ensure_base(suite: str = "trixie") -> str:
    """A look-alike of Debian's image in the store, as a registry's name says; made again when what pip is told changes.

    Raises:
        MachineError: it cannot be made.
    """
    reference = f"docker.io/library/debian:{suite}-slim"
    plain = f"localhost/plain-debian:{suite}"
    told = installation().text
    held = run("podman", "image", "inspect", "--format", '{{index .Labels "told"}}', reference, check=False)
    if held.returncode == 0 and held.stdout.strip() == _digest(told):
        return reference
    if run("podman", "image", "exists", plain, check=False).returncode != 0:
        run("podman", "import", str(_tarball(suite)), plain)
    folder = place() / f"base-{suite}"
    folder.mkdir(exist_ok=True)
    bundle = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE") or "/etc/ssl/certs/ca-certificates.crt"
    shutil.copyfile(bundle, folder / "ca.crt")
    (folder / "pip.conf").write_text(told)
    lines = [f"FROM {plain}", f"COPY ca.crt {_CERTIFICATES}", "COPY pip.conf /etc/pip.conf"]
    (folder / "Dockerfile").write_text("\n".join([*lines, f"LABEL told={_digest(told)}", 'CMD ["bash"]']) + "\n")
    run("buildah", "build", "--pull-never", "--isolation", "chroot", "--tag", reference, str(folder))
    return reference


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def prepare() -> None:
    """Makes everything ready, and tries whether a container can be built and run at all.

    Raises:
        MachineError: it cannot; the text says why.
    """
    install_programs()
    write_configuration()
    if _size_bytes(place() / "store") > _LARGEST_STORE_BYTES:
        run("podman", "image", "prune", "--force", check=False)
    base = ensure_base()
    try:
        hardened = ["--rm", "--read-only", "--cap-drop", "ALL", "--network", "none"]
        run("podman", "run", *hardened, base, "true", timeout_s=_PROBE_S)
    except (MachineError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"this machine runs no containers ({' '.join(str(error).split())[-300:]})") from error


def _size_bytes(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    done = subprocess.run(["du", "-s", "-x", "-B1", str(folder)], capture_output=True, text=True, check=False)
    return int((done.stdout.split() or ["0"])[0])


def main(arguments: Sequence[str]) -> int:
    """Prepares, then runs the tests marked `images` in mounts of their own; `make test-images` calls it."""
    place().mkdir(parents=True, exist_ok=True)
    with (place() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # containers of two runs would have the same names and ports
        try:
            prepare()
        except MachineError as error:
            print(f"palmetto: the tests of images are skipped: {error}.")
            return 0
        # Left by a run that was killed.
        run("podman", "rm", "--all", "--force", "--time", "0", check=False)
        return _test(arguments)


def _test(arguments: Sequence[str]) -> int:
    wanted = [word for word in arguments if word.startswith("tests/")]
    folders = [] if wanted else [name for name in ("tests/docker", "tests/k8s") if Path(name).is_dir()]
    tests = [sys.executable, "-m", "pytest", "-m", "images", *folders, *arguments]
    # In mounts of their own, so that nothing of this machine is reached through one that was left behind.
    return subprocess.run([*APART[:4], *tests], env=environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
