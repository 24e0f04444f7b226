"""The sandbox as programs inside it find it: every limit is tried by a program that runs into it."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from coq_checker.toolchain import SandboxMode, Toolchain, find_toolchain, sandbox_problem
from coq_checker.toolchain.sandbox import SandboxRequest, bwrap_command


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    found = find_toolchain()
    if found.sandbox is SandboxMode.NONE:
        pytest.skip("PALMETTO_SANDBOX=none: there is no sandbox to try")
    return found


@pytest.fixture(scope="module", params=["toolchain", "host"])
def any_root(request: pytest.FixtureRequest, toolchain: Toolchain) -> Toolchain:
    """The toolchain as found, and the same sandbox around the host's own file system."""
    if request.param == "toolchain":
        return toolchain
    return replace(toolchain, root=None, search_path="/usr/bin:/bin", environment=())


def run(argv: list[str], given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(argv, input=given, capture_output=True, timeout=60, check=False)


def shell(toolchain: Toolchain, script: str, **options: object) -> "subprocess.CompletedProcess[bytes]":
    return run(toolchain.command("sh", "-c", script, **options))  # type: ignore[arg-type]


def test_sandbox_works_here(toolchain: Toolchain) -> None:
    assert sandbox_problem(toolchain.root) is None


def test_coqc_and_sertop_run(toolchain: Toolchain) -> None:
    assert run(toolchain.coqc_command("--print-version")).stdout.split()[0].decode() == toolchain.coq_version
    if not toolchain.sertop_version:
        return
    answers = run(toolchain.command("sertop", "--printer=sertop"), b'(Add () "Check nat.")\n(Exec 2)\n').stdout
    assert b"(Answer 1 Completed)" in answers
    assert b": Set" in answers


def test_pipes_carry_input_output_and_status(any_root: Toolchain) -> None:
    done = run(any_root.command("sh", "-c", "cat; echo problem >&2; exit 7"), b"through")
    assert (done.stdout, done.stderr, done.returncode) == (b"through", b"problem\n", 7)


@pytest.mark.parametrize("place", ["/usr/share/x", "/etc/x", "/x", "/var/tmp/x", "/dev/x", "/dev/shm/x"])
def test_nothing_is_writable(any_root: Toolchain, place: str) -> None:
    done = shell(any_root, f"echo gone > {place}")
    assert done.returncode != 0
    assert b"Read-only" in done.stderr or b"nonexistent" in done.stderr or b"No such" in done.stderr
    assert not Path(place).exists()


def test_project_is_read_only_at_its_own_path(any_root: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "A.v").write_text("content")
    done = shell(any_root, f"cat {tmp_path}/A.v && echo more > {tmp_path}/A.v", read_only=[tmp_path])
    assert done.stdout == b"content"
    assert b"Read-only file system" in done.stderr
    assert (tmp_path / "A.v").read_text() == "content"


def test_writable_directory_is_shared(any_root: Toolchain, tmp_path: Path) -> None:
    done = shell(any_root, f"echo made > {tmp_path}/out", writable=[tmp_path])
    assert (done.returncode, (tmp_path / "out").read_text()) == (0, "made\n")


def test_the_inner_directory_has_its_own_rule(any_root: Toolchain, tmp_path: Path) -> None:
    inner = tmp_path / "build"
    inner.mkdir()
    script = f"echo a > {inner}/a; echo b > {tmp_path}/b"
    shell(any_root, script, writable=[inner], read_only=[tmp_path])
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "build"]


def test_a_linked_project_is_at_the_path_it_was_named_by(any_root: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "A.v").write_text("content")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    done = shell(any_root, f"cat {tmp_path}/link/A.v", read_only=[tmp_path / "link", tmp_path / "real"])
    assert done.stdout == b"content", done.stderr


def test_what_is_not_shared_is_not_there(any_root: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    assert not str(tmp_path).startswith("/tmp") or shell(any_root, f"cat {tmp_path}/secret").returncode != 0
    assert shell(any_root, "ls /tmp").stdout == b""


def test_private_tmp_holds_what_it_may(any_root: Toolchain) -> None:
    script = "head -c 3000000 /dev/zero > /tmp/a && echo fits; head -c 3000000 /dev/zero > /tmp/b || echo full"
    done = shell(any_root, script, private_tmp_bytes=4_000_000)
    assert done.stdout == b"fits\nfull\n"


def test_no_network(any_root: Toolchain) -> None:
    interfaces = shell(any_root, "cat /proc/net/dev").stdout.decode().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]


def test_network_when_asked_for(toolchain: Toolchain) -> None:
    outside = Path("/proc/net/dev").read_text()
    names = [line.split(":")[0].strip() for line in outside.splitlines()[2:]]
    inside = shell(toolchain, "cat /proc/net/dev", network=True).stdout.decode()
    assert [line.split(":")[0].strip() for line in inside.splitlines()[2:]] == names


def test_no_service_sockets(any_root: Toolchain) -> None:
    assert shell(any_root, "ls -A /run").stdout == b""


def test_other_processes_are_not_seen(any_root: Toolchain) -> None:
    numbers = shell(any_root, "ls -d /proc/[0-9]*").stdout.split()
    assert 1 <= len(numbers) <= 4  # bubblewrap's first process, the shell, ls
    assert shell(any_root, f"kill -0 {os.getpid()}").returncode != 0


def test_no_capabilities(any_root: Toolchain) -> None:
    status = shell(any_root, "cat /proc/self/status").stdout.decode()
    held = {line.split()[0]: int(line.split()[1], 16) for line in status.splitlines() if line.startswith("Cap")}
    assert held["CapEff:"] == held["CapPrm:"] == held["CapBnd:"] == 0


def test_environment_is_clean(toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALMETTO_TEST_SECRET", "secret")
    lines = run(toolchain.command("env", env={"OCAMLRUNPARAM": "b"})).stdout.decode().splitlines()
    found = dict(line.split("=", 1) for line in lines)
    assert "PALMETTO_TEST_SECRET" not in found
    assert (found["HOME"], found["LC_ALL"], found["OCAMLRUNPARAM"]) == ("/tmp", "C.UTF-8", "b")


def test_working_directory(toolchain: Toolchain, tmp_path: Path) -> None:
    assert run(toolchain.command("pwd")).stdout == b"/tmp\n"
    argv = toolchain.command("pwd", read_only=[tmp_path], working_directory=tmp_path)
    assert run(argv).stdout.decode() == f"{tmp_path}\n"


def test_does_not_outlive_its_parent(toolchain: Toolchain) -> None:
    # The sleeper inherits our pipe: it reads to its end only when nobody inside is left.
    inside = toolchain.command("sh", "-c", "echo up; sleep 1000 & sleep 1000")
    program = f"import subprocess; subprocess.run({inside!r})"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        os.kill(parent.pid, signal.SIGKILL)
        assert parent.stdout.read() == b""


def test_a_mount_point_below_the_roots_own_directories(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for directory in ("usr/bin", "usr/share/coq", "etc", "home"):
        (root / directory).mkdir(parents=True)
    (root / "usr/share/words").write_text("a word")
    (root / "usr/share/link").symlink_to("words")
    (root / "bin").symlink_to("usr/bin")
    request = SandboxRequest(root, (Path("/usr/share/projects/mine"),), (), None, {}, False, Path("/tmp"))
    argv = bwrap_command(request, "true")
    text = " ".join(argv)
    assert f"--ro-bind {root}/etc /etc" in text
    assert f"--ro-bind {root}/usr /usr" not in text  # nothing could be made in it
    assert f"--ro-bind {root}/usr/bin /usr/bin" in text
    assert f"--dir /usr/share --ro-bind {root}/usr/share/coq /usr/share/coq --symlink words /usr/share/link" in text
    assert f"--ro-bind {root}/usr/share/words /usr/share/words" in text
    assert "--ro-bind /usr/share/projects/mine /usr/share/projects/mine" in text
    assert "/home" not in text


def test_a_mount_point_that_exists_leaves_the_root_whole(tmp_path: Path) -> None:
    (tmp_path / "usr/share/coq").mkdir(parents=True)
    request = SandboxRequest(tmp_path, (Path("/usr/share/coq"),), (), None, {}, False, Path("/tmp"))
    assert f"--ro-bind {tmp_path}/usr /usr" in " ".join(bwrap_command(request, "true"))


def test_without_bwrap_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    problem = sandbox_problem()
    assert problem is not None
    assert "bubblewrap" in problem


@pytest.mark.parametrize(
    ("script", "sign"),
    [
        ('case "$1" in --version) echo bubblewrap 0.4.1;; esac', "0.4.1"),
        (
            'case "$1" in --version) echo bubblewrap 0.11.0;; *) echo "bwrap: no" >&2; exit 1;; esac',
            "PALMETTO_SANDBOX=none",
        ),
    ],
)
def test_a_bwrap_of_no_use_is_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, sign: str
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    problem = sandbox_problem()
    assert problem is not None
    assert sign in problem
