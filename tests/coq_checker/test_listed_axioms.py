"""Which names of axioms mean one that a proof rests on, whichever release a list was written for."""

import pytest

from coq_checker.engine.api import Assumption
from coq_checker.gates.axioms import AxiomPolicy, forbidden
from coqdata.releases import standard_libraries

COQ, ROCQ = standard_libraries((8, 20)), standard_libraries((9, 2))


@pytest.mark.parametrize(
    ("roots", "name", "listed", "allowed"),
    [
        (COQ, "Coq.Logic.Classical_Prop.classic", "Coq.Logic.Classical_Prop.classic", True),
        (COQ, "Coq.Logic.Classical_Prop.classic", "Stdlib.Logic.Classical_Prop.classic", True),
        (COQ, "Coq.Floats.FloatAxioms.add_spec", "Corelib.Floats.FloatAxioms.add_spec", True),
        (ROCQ, "Stdlib.Logic.Classical_Prop.classic", "Coq.Logic.Classical_Prop.classic", True),
        (ROCQ, "Corelib.Floats.FloatAxioms.add_spec", "Coq.Floats.FloatAxioms.add_spec", True),
        # They are two libraries.
        (ROCQ, "Corelib.Mine.wrong", "Stdlib.Mine.wrong", False),
        (ROCQ, "Stdlib.Mine.wrong", "Corelib.Mine.wrong", False),
        # A project's own library, which happens to be called like another release's.
        (COQ, "Stdlib.Logic.Classical_Prop.classic", "Coq.Logic.Classical_Prop.classic", False),
        (COQ, "Corelib.Mine.wrong", "Coq.Mine.wrong", False),
        (ROCQ, "Coq.Mine.wrong", "Stdlib.Mine.wrong", False),
        (COQ, "Stdlib.Mine.wrong", "Stdlib.Mine.wrong", True),
        # Whole components, as ever.
        (ROCQ, "Stdlib.Logic.Classical_Prop.classic", "Classical_Prop.classic", True),
        (ROCQ, "Stdlib.Logic.Classical_Prop.classic", "lassic", False),
        (ROCQ, "Mine.Stdlib.Logic.classic", "Coq.Logic.classic", False),
        (ROCQ, "Stdlibs.Logic.classic", "Coq.Logic.classic", False),
    ],
)
def test_a_listed_name(roots: tuple[str, ...], name: str, listed: str, allowed: bool) -> None:
    axiom = Assumption("axiom", name, True)
    assert forbidden([axiom], AxiomPolicy((listed,), environment=False, roots=roots)) == ([] if allowed else [axiom])


def test_what_the_candidate_assumes_is_never_allowed() -> None:
    own = Assumption("axiom", "Stdlib.Logic.Classical_Prop.classic", False)
    policy = AxiomPolicy(("Coq.Logic.Classical_Prop.classic",), environment=False, roots=ROCQ)
    assert forbidden([own], policy) == [own]
