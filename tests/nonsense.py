"""What makes no sense, for every field of a message and for whole messages: made from the contract itself."""

import json
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import grpc
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

# Coq reads the most of it as a text, and none as a name; each has been somebody's mistake or somebody's attack.
TEXTS = {
    "empty": "",
    "blank": " \t\r\n",
    "nul": "A\0B",
    "line feed": "A\nB",
    "carriage return": "A\rB.v",
    "escape": "\x1b[31mA",
    "byte order mark": "\ufeffA",
    "parent": "..",
    "parents": "../../../../etc/passwd",
    "a parent inside": "Sub/../../Other.v",
    "here": "./A.v",
    "absolute": "/etc/passwd",
    "a folder": "Sub/",
    "no file": "//",
    "brace": "{.v",
    "no name": ".v",
    "only dots": "...",
    "dotted oddly": "A..B.",
    "a digit first": "1A.v",
    "unicode digits": "١٢٣",
    "superscript": "²",
    "option": "-R",
    "long option": "--topfile=A.v",
    "quotes": '"A\' "',
    "backslashes": "A\\B\\n",
    "blanks": "A B.v",
    "parentheses": "(Sexp) ((x))",
    "semicolons": "A; B | C && D $(E) `F`",
    "comma": "A,B=C",
    "wildcards": "*?[A]%s{}",
    "right to left": "\u202eA\u200fב.v",
    "not ascii": "Été.Ωmega.名",
    "beyond the basic plane": "\U0001d4d0\U0001f600",
    "a combining mark": "\u0301A",
    "half open comment": "(* A",
    "half open string": '"A',
    "a keyword": "forall",
    "a command": "Quit.",
    "many digits": "9" * 5000,
    "a long name": "A" * 100_000,
    "a deep name": ".".join("A" * 10_000),
    "a deep path": "A/" * 10_000 + "A.v",
    "a long path part": "A" * 300 + ".v",
    "a megabyte": "A " * (1 << 19),
}
# What a client can be told about its own request; RESOURCE_EXHAUSTED is what gRPC makes of an answer that is too long.
CLIENTS_OWN = ("INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "OUT_OF_RANGE")
# What only a program says.
OF_A_PROGRAM = ("Traceback", 'File "', "Raised at", "Called from", '.ml"', ".py", "Errno", "Error(", "internally")
# Stands in a message for bytes that no text has.
_MARK = "MARKMARK"
_BYTES = {
    "a continuation byte alone": b"\x80\x80\x80\x80\x80\x80\x80\x80",
    "half of a surrogate pair": b"AA\xed\xa0\x80AAA",
    "a character that is cut": b"AAAAAAA\xe2",
    "overlong": b"AA\xc0\x80AAAA",
    "latin 1": b"\xe9t\xe9 \xe0 l\xe0",
}
_UNSIGNED = {FieldDescriptor.TYPE_UINT32: 32, FieldDescriptor.TYPE_UINT64: 64}

# JSON that is of another type than a field takes, or beyond its range; some is no JSON.
ODD_JSON = (
    *(
        "null",
        "true",
        "0",
        "-1",
        "0.5",
        "1e400",
        "-1e400",
        "1e-320",
        "NaN",
        "-Infinity",
        "1" + "0" * 30,
        "9" * 5000,
        "-",
    ),
    *(
        '""',
        '"x"',
        "[]",
        "[[]]",
        "[null]",
        "[1]",
        "{}",
        '{"a": 1}',
        '{"": {"b": []}}',
        "[" * 500 + "]" * 500,
        "[" * 50_000,
    ),
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\x"', '"a\nb"', "'x'", "x", ""),
)
# Whatever else a body can be; `%s` is a good one.
ODD_BODIES = (
    b"",
    b"\xff",
    b"\0",
    b"\xef\xbb\xbf%s",
    b"%s%s",
    b"[%s]",
    b'"%s"',
    b"null",
    b"%s,",
    b"\x1f\x8b\x08\0",
    b"a=b&c",
)


def bodies(good: dict[str, Any], fields: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """JSON that makes sense but for one field, each with what it is called; and what is no JSON of that kind at all.

    Args:
        good: an object that makes sense.
        fields: which are changed, or added.
    """
    for field in fields:
        others = "".join(f"{json.dumps(name)}: {json.dumps(value)}, " for name, value in good.items() if name != field)
        for value in (*ODD_JSON, *map(json.dumps, TEXTS.values())):
            yield f"{field}: {value[:60]}", f"{{{others}{json.dumps(field)}: {value}}}".encode()
        twice = "".join(f"{json.dumps(name)}: {json.dumps(value)}, " for name, value in good.items())
        yield f"{field} twice", f"{{{twice}{json.dumps(field)}: [7], {json.dumps(field)}: 7}}".encode()
        yield f"{field}: latin 1", f"{{{others}{json.dumps(field)}: ".encode() + b'"\xe9t\xe9"}'
    data = json.dumps(good).encode()
    for body in ODD_BODIES:
        yield f"body: {body[:20]!r}", body.replace(b"%s", data)
    for encoding in ("utf-16", "utf-32"):
        yield f"body: {encoding}", json.dumps(good).encode(encoding)


# Headers and request lines that no client of HTTP would send, for a request to `%s`.
ODD_REQUESTS = (
    b"FOO %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET %s?%%%%&=&;a[]=\x7f HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET %s/%%ff%%fe%%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET %s/ HTTP/1.1\r\nHost: [::1\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: \xff\r\n\r\n",
    b"GET %s HTTP/1.1\r\n\r\n",
    b"GET http://elsewhere%s HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: localhost\r\nRange: bytes=9-1,-,a\r\nIf-Modified-Since: x\r\nIf-Range: x\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: palmetto_session=\xff; =;;; a b\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: \xff/;q=x,,\r\nAccept-Encoding: \xff;q=\r\n\r\n",
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nOrigin: http://[::1\r\nContent-Length: 2\r\n\r\n{}",
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nOrigin: \xff]//\r\nContent-Length: 2\r\n\r\n{}",
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: \xff/;;\r\nContent-Length: 2\r\n\r\n{}",
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; charset=no\r\nContent-Length: 2\r\n\r\n{}",
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\n{}",
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
    b"Content-Length: 2\r\n\r\n{}",
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1e3\r\n\r\n",
)


def status_of(address: tuple[str, int], request: bytes) -> int:
    """The status that bytes are answered with; the connection is closed after it."""
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(request.replace(b"\r\nHost", b"\r\nConnection: close\r\nHost", 1))
        answer = b""
        while b"\r\n" not in answer and (part := connection.recv(4096)):
            answer += part
    return int(answer.split(b" ", 2)[1])


def leaves(descriptor: Any, above: tuple[FieldDescriptor, ...] = ()) -> Iterator[tuple[FieldDescriptor, ...]]:
    """Every field of a message that is none itself, each as the way to it."""
    for field in descriptor.fields:
        way = (*above, field)
        if field.message_type is None:
            yield way
        elif field not in above:
            yield from leaves(field.message_type, way)


def name_of(way: tuple[FieldDescriptor, ...]) -> str:
    return ".".join(field.name for field in way)


def values(field: FieldDescriptor) -> Iterator[tuple[str, Any]]:
    """What makes no sense in a field, each with what it is called."""
    if field.type == FieldDescriptor.TYPE_STRING:
        yield from TEXTS.items()
    elif field.type in _UNSIGNED:
        bits = _UNSIGNED[field.type]
        for number in (0, 1, 1 << (bits - 1), (1 << bits) - 1):
            yield str(number), number
    elif field.type == FieldDescriptor.TYPE_ENUM:
        assert field.enum_type is not None
        numbers = [one.number for one in field.enum_type.values]
        for number in (*numbers, max(numbers) + 1, -1, -(1 << 31), (1 << 31) - 1):
            yield str(number), number
    elif field.type == FieldDescriptor.TYPE_BOOL:
        yield from (("true", True), ("false", False))
    else:
        raise AssertionError(f"say what is nonsense for {field.full_name}")


def with_value(message: Message, way: tuple[FieldDescriptor, ...], value: Any) -> Message:
    """The message with one field changed; of a oneof that field's member is chosen."""
    changed: Any = type(message)()
    changed.CopyFrom(message)
    at = changed
    for field in way[:-1]:
        at = getattr(at, field.name)
        if field.is_repeated:
            at = at[0] if at else at.add()
    last = way[-1]
    if last.is_repeated:
        getattr(at, last.name)[:] = [value]
    else:
        setattr(at, last.name, value)
    assert isinstance(changed, Message)
    return changed


def in_each_field(*good: Message) -> Iterator[tuple[str, bytes]]:
    """Messages on the wire that make sense but for one field, each with what it is called.

    Args:
        good: messages of one type; a field is changed in the first that has it, or what is around it.
    """
    for way in leaves(good[0].DESCRIPTOR):
        base = next(one for known in (way, way[:-1], ()) for one in good if _has(one, known))
        for kind, value in values(way[-1]):
            yield f"{name_of(way)}: {kind}", with_value(base, way, value).SerializeToString()
        if way[-1].type == FieldDescriptor.TYPE_STRING:
            marked = with_value(base, way, _MARK).SerializeToString()
            for kind, raw in _BYTES.items():
                yield f"{name_of(way)}: {kind}", marked.replace(_MARK.encode(), raw)


def _has(message: Any, way: tuple[FieldDescriptor, ...]) -> bool:
    for field in way:
        if field.is_repeated:
            if not getattr(message, field.name):
                return False
            message = getattr(message, field.name)[0]
        elif not (message.HasField(field.name) if field.has_presence else getattr(message, field.name)):
            return False
        else:
            message = getattr(message, field.name)
    return True


def whole(good: Message) -> Iterator[tuple[str, bytes]]:
    """Bytes in place of a whole message, each with what they are called; some are a message by chance."""
    data = good.SerializeToString()
    yield "nothing", b""
    yield "text", b"POST / HTTP/1.1\r\n\r\n"
    yield "json", b'{"project": "examples"}'
    yield "ones", b"\xff" * 100
    yield "zeros", b"\0" * 100
    yield "an end without a beginning", b"\x0c"
    yield "a beginning without an end", b"\x0b"
    yield "deep groups", b"\x0b" * 10_000
    yield "a field that nobody knows", data + b"\xfa\x7f\x03abc"
    yield "the message twice", data + data
    yield "a length beyond the end", b"\x0a\xff\xff\xff\xff\x07"
    yield "a length beyond all", b"\x0a" + b"\xff" * 9 + b"\x01"
    yield "an overlong number", b"\x08" + b"\x80" * 11 + b"\x01"
    for end in sorted({len(data) * part // 8 for part in range(1, 8)} | {len(data) - 1}):
        yield f"cut at {end}", data[:end]
    for number in range(1, 13):
        # As a number, eight bytes, no text, and four bytes.
        for kind, raw in ((0, b"\xff" * 9 + b"\x01"), (1, b"\xff" * 8), (2, b"\x04\xff\xfe\xc3\x28"), (5, b"\xff" * 4)):
            yield f"field {number} of wire type {kind}", bytes((number << 3 | kind,)) + raw


def caller(channel: grpc.Channel, method: MethodDescriptor) -> Callable[[Iterable[bytes]], list[Any]]:
    """Calls a method with bytes for its messages, and gives its answers."""
    kinds: dict[tuple[bool, bool], Any] = {
        (False, False): channel.unary_unary,
        (False, True): channel.unary_stream,
        (True, True): channel.stream_stream,
    }
    assert method.containing_service is not None
    call = kinds[method.client_streaming, method.server_streaming](
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=bytes,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )

    def ask(messages: Iterable[bytes]) -> list[Any]:
        given = iter(messages)
        answers = call(given if method.client_streaming else next(given), timeout=120)
        return list(answers) if method.server_streaming else [answers]

    return ask


def blamed(ask: Callable[[], list[Any]], answers: list[Any]) -> str:
    """What is wrong with how nonsense is answered; empty where nothing is.

    Args:
        ask: makes the call.
        answers: its answers are added to them.
    """
    try:
        answers += ask()
    except grpc.RpcError as error:
        refusal: Any = error
        code, told = refusal.code().name, str(refusal.details())
        if code not in CLIENTS_OWN:
            return f"{code}: {told[:300]}"
        if not told.endswith(".") and code != "FAILED_PRECONDITION":  # which is in Coq's words
            return f"no sentence: {told[-300:]}"
    else:
        told = "\n".join(map(str, answers))
    return next((f"{word} in {told[:300]}" for word in OF_A_PROGRAM if word in told), "")
