"""What sertop says, read."""

import asyncio
import os

import pytest

from coq_checker.engine.api import EngineStartError, Head
from coq_checker.engine.serapi.answers import read_answer, sentence
from coq_checker.engine.serapi.assumptions import parse_print_assumptions
from coq_checker.engine.serapi.channel import Channel, ChannelClosedError, OutputLimitError
from coq_checker.engine.serapi.sertop import sertop_arguments
from coq_checker.engine.serapi.sexp import SexpError, quote, read, unquote

PLACE = b"(loc(((fname ToplevelInput)(line_nb 1)(bol_pos 0)(line_nb_last 1)(bol_pos_last 0)(bp 2)(ep 9)))))))))"


def parsed(control: bytes, attributes: bytes, command: bytes) -> bytes:
    start = b"(Answer p7(ObjList((CoqAst((v((control(" + control + b"))(attrs(" + attributes + b"))(expr("
    return start + command + b"))))" + PLACE


@pytest.mark.parametrize(
    ("line", "head"),
    [
        (parsed(b"", b"", b"VernacSynPure(VernacEndProof Admitted)"), Head("VernacEndProof.Admitted", False, False)),
        (parsed(b"", b"", b"VernacSynPure(VernacEndProof(Proved Opaque()))"), Head("VernacEndProof", False, False)),
        (parsed(b"", b"", b"VernacSynPure(VernacPrint(PrintName x))"), Head("VernacPrint.PrintName", False, False)),
        (parsed(b"", b"", b"VernacSynPure(VernacPrint PrintAll)"), Head("VernacPrint.other", False, False)),
        (parsed(b"(ControlTime)", b"", b"VernacSynPure VernacAbort"), Head("VernacAbort", True, False)),
        (parsed(b"", b"((v(local X)))", b"VernacSynPure VernacAbort"), Head("VernacAbort", False, True)),
        (
            parsed(b"", b"", b"VernacSynterp(VernacExtend((ext_plugin a.b)(ext_entry Do)(ext_index 0))())"),
            Head("a.b:Do", False, False),
        ),
        # Before Coq 8.19.
        (parsed(b"", b"", b"VernacAbort"), Head("VernacAbort", False, False)),
        (parsed(b"", b"", b"VernacExtend(VernacSolve 0)(x)"), Head(":VernacSolve", False, False)),
        # What cannot be read nobody allows.
        (b"(Answer p7(ObjList((Something))))", Head("VernacOther", True, True)),
    ],
)
def test_heads(line: bytes, head: Head) -> None:
    found = sentence(read_answer(b"p7", line))
    assert found is not None and found.head == head
    if head.command != "VernacOther":
        assert (found.start, found.end) == (2, 9)


def test_only_what_carries_the_tag_is_an_answer() -> None:
    lines = b"""x(Answer p1(Added 7(loc)NewTip))
(Answer p11(Added 8(loc)NewTip))
printed by a program(Answer p1(Added 9(loc)NewTip))(Answer p2(CoqExn((str no))))
(Answer p2(CoqExn((str"no"))))
"""
    found = read_answer(b"p1", lines)
    assert found.state == 9 and found.error is None and found.objects == []
    assert read_answer(b"p3", lines).state is None


def test_messages() -> None:
    def message(level: str, text: str) -> bytes:
        head = f"(Feedback((doc_id 0)(span_id 3)(route 0)(contents(Message(level {level})(loc())(pp x)"
        return f"{head}(str{text})))))\n".encode()

    said = [
        message("Notice", '"\\195\\169 \\"a\\"\\n b"'),
        message("Info", "told"),
        message("Debug", "never"),
        message("Warning", '"Serlib plugin: x is not available."'),
        message("Notice", '"The command has indeed failed with message:\\nx"'),
        message("Warning", '"(str\\"no\\")"'),
    ]
    found = read_answer(b"p1", b"".join(said))
    assert found.messages() == ('é "a"\n b', '(str"no")')
    assert found.messages(talk=True) == ('é "a"\n b', "told", '(str"no")')


def test_sexps() -> None:
    assert read(b'(a "b \\"c\\" \\\\"(())d)') == [b"a", b'b "c" \\', [[]], b"d"]
    for wrong in (b"", b"(", b")", b"a b", b"(a))"):
        with pytest.raises(SexpError):
            read(wrong)
    for text in (b'a "b" \\ c', "é\n".encode(), b"\\"):
        assert unquote(quote(text)) == text


def test_print_assumptions() -> None:
    text = """Section Variables:
v : False
Axioms:
ax : forall n : nat,
     n = n
long_name
  : nat
f is assumed to be guarded.
t is assumed to be positive.
u relies on an unsafe hierarchy.
w relies on definitional UIP."""
    found = [f"{one.kind} {one.name}" for one in parse_print_assumptions(text)]
    assert found[:3] == ["variable v", "axiom ax", "axiom long_name"]
    assert found[3:] == ["guarded f", "positive t", "type_in_type u", "uip w"]
    assert parse_print_assumptions("Closed under the global context\n") == []


def test_arguments() -> None:
    given = ["-Q", "/a b", "X.Y", "-R", "/c", "Z", "-I", "/d", "-noinit", "-impredicative-set"]
    wanted = ["-Q", "/a b,X.Y", "-R", "/c,Z", "-I", "/d", "--no_prelude", "--impredicative-set"]
    assert sertop_arguments(given) == wanted
    for wrong in (["-Q", "/a,b", "X"], ["-type-in-type"]):
        with pytest.raises(EngineStartError):
            sertop_arguments(wrong)


class Ends:
    """A channel with its other ends in a test's hands."""

    def __init__(self) -> None:
        self.requests, write = os.pipe()
        read_fd, self.answers = os.pipe()
        self.channel = Channel(read_fd, write)

    def say(self, text: bytes) -> None:
        os.write(self.answers, text)

    async def tags(self) -> list[bytes]:
        await asyncio.sleep(0)
        asked = os.read(self.requests, 1 << 16)
        return [line.split(b" ")[0][1:] for line in asked.splitlines()]


class TestChannel:
    async def test_several_commands(self) -> None:
        ends = Ends()
        asking = asyncio.create_task(ends.channel.request(b"(Add () x)", b"(Add () y)"))
        one, two = await ends.tags()
        said = b"(Answer %s(Added 2 x))\n(Answer %s Completed)\n(Answer %s(Added 3 y))\n(Answer %s Completed)\n"
        ends.say(said % (one, one, two, two))
        assert [answer.state for answer in await asking] == [2, 3]
        ends.channel.close()

    async def test_an_end_that_is_another_ones_is_none(self) -> None:
        ends = Ends()
        asking = asyncio.create_task(ends.channel.request(b"Noop"))
        (tag,) = await ends.tags()
        ends.say(b"(Answer p1 Completed)\n(Answer %s0 Completed)\n" % tag)
        done, _ = await asyncio.wait({asking}, timeout=0.05)
        assert not done
        ends.say(b"(Answer %s Completed)\n" % tag)
        (answer,) = await asking
        assert answer.state is None and answer.error is None
        ends.channel.close()

    async def test_too_much(self) -> None:
        ends = Ends()
        asking = asyncio.create_task(ends.channel.request(b"Noop", limit_bytes=1000))
        await ends.tags()
        ends.say(b"x" * 2000)
        with pytest.raises(OutputLimitError):
            await asking
        ends.channel.close()

    async def test_a_command_that_it_does_not_know(self) -> None:
        ends = Ends()
        asking = asyncio.create_task(ends.channel.request(b"(Parse x)"))
        (tag,) = await ends.tags()
        ends.say(b'(Of_sexp_error"unexpected variant constructor"(invalid_sexp(%s(Parse x))))\n' % tag)
        with pytest.raises(ChannelClosedError):
            await asking
        assert ends.channel.misunderstood
        ends.channel.close()

    @pytest.mark.parametrize("said", [b"", b"(Answer "])
    async def test_the_other_end_closes(self, said: bytes) -> None:
        ends = Ends()
        asking = asyncio.create_task(ends.channel.request(b"Noop"))
        await ends.tags()
        ends.say(said)
        os.close(ends.answers)
        with pytest.raises(ChannelClosedError):
            await asking
        assert ends.channel.ended
        with pytest.raises(ChannelClosedError):
            await ends.channel.request(b"Noop")
        ends.channel.close()
