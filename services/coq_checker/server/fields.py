"""The rule of every field of the checker's requests that is a text; a test compares them with the contract."""

from collections.abc import Mapping

from google.protobuf.message import Message

from coq_checker.server.errors import InvalidRequestError
from coqdata.fields import FieldError, Rule, any_text, check_fields, count, logical_name, module_path, name, path
from palmetto_protos.checker.v1 import checker_pb2 as pb

# Read, with the limits of the settings, by `Requests.text`.
_coq_text = any_text

_OF: dict[str, dict[str, Rule]] = {
    "Axioms": {"allowed": name},
    "TheoremRef": {"project": name, "file": path, "theorem": name, "toolchain": name},
    "TextEnvironment": {
        "text": _coq_text,
        "project": name,
        "logical_name": logical_name,
        "file": path,
        "toolchain": name,
    },
    "FreeStatement": {"statement": _coq_text},
    "CheckProofRequest": {
        "proof": _coq_text,
        "script": _coq_text,
        "prelude": _coq_text,
        "printing": name,
        "second_opinion": name,
    },
    "CheckFileRequest": {"second_opinion": name},
    "CheckProofsRequest": {"id": any_text},
    "TraceFileRequest": {"printing": name},
    "FileRef": {"project": name, "file": path, "toolchain": name},
    "RunRequest": {"text": _coq_text},
    "QueryRequest": {"command": _coq_text},
    "ListTheoremsRequest": {"project": name, "file": path, "page_token": count},
}
RULES: Mapping[str, Rule] = {
    f"{pb.DESCRIPTOR.package}.{message}.{field}": rule for message, of in _OF.items() for field, rule in of.items()
}


def checked(request: Message) -> None:
    """Looks at every field of a request.

    Raises:
        InvalidRequestError: one of them holds what it cannot.
    """
    try:
        check_fields(request, RULES)
    except FieldError as error:
        raise InvalidRequestError(str(error)) from error


def inside(file: str, field: str) -> None:
    """Looks at the path of a text's own place in its project.

    Raises:
        InvalidRequestError: it is no place of a module.
    """
    if why := module_path(file):
        raise InvalidRequestError(f"`{field}`: {why}")
