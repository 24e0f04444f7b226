"""Which versions of Coq an opam file refuses."""

import pytest

from coqdata.opam import Package, wanted_of


@pytest.mark.parametrize(
    ("version", "wanted", "refused"),
    [
        ("9.2", '>= "9.2.0"', False),
        ("9.2", '= "9.2.0"', False),
        ("9.2", '= "9.2"', False),
        ("9.2", '< "9.2.0"', True),
        ("9.2", '>= "9.2.1"', True),
        ("9.2", '>= "8.20" & < "9.3~"', False),
        ("9.2", '< "9"', True),
        ("8.20.1", '>= "8.20.0"', False),
        ("8.20.1", '>= "9.0"', True),
        ("8.20.1", '<= "8.20"', False),
        ("8.20.1", '= "8.19.2"', True),
        ("8.20.1", '> "8.20"', False),
        ("8.20.1", '> "8.20.1"', True),
        ("8.20.1", '!= "8.20.1"', True),
        ("8.20.1", '<= "8.20~"', True),
        ("8.20.1", '= "8.19.2" | = "8.20.1"', False),
    ],
)
def test_what_is_refused(version: str, wanted: str, refused: bool) -> None:
    assert Package(wanted=wanted_of(f'depends: "coq" {{{wanted}}}')).refuses(version) == refused
