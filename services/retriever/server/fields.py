"""The rule of every field of the retriever's requests that is a text; a test compares them with the contract."""

from collections.abc import Mapping

from google.protobuf.message import Message

from coqdata.fields import FieldError, Rule, any_text, check_fields, name, path
from palmetto_protos.retriever.v1 import retriever_pb2 as pb
from retriever.answer import BadQuestionError

# What a goal is made of is looked at as a whole, by `answer`.
_OF: dict[str, dict[str, Rule]] = {
    "Position": {"project": name, "file": path, "requires": name},
    "Hypothesis": {"names": any_text, "body": any_text, "type": any_text},
    "RetrieveRequest": {"goal": any_text},
}
RULES: Mapping[str, Rule] = {
    f"{pb.DESCRIPTOR.package}.{message}.{field}": rule for message, of in _OF.items() for field, rule in of.items()
}


def checked(request: Message) -> None:
    """Looks at every field of a request.

    Raises:
        BadQuestionError: one of them holds what it cannot.
    """
    try:
        check_fields(request, RULES)
    except FieldError as error:
        raise BadQuestionError(str(error)) from error
