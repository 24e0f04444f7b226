"""Printing profiles: how goals are printed, which a model must be asked with as it was trained."""

# Coq's own way; and CoqGym's, whose data print terms without notations and with implicit arguments
# (princeton-vl/CoqGym, and the SFT data made in its form).
PROFILES: dict[str, tuple[str, ...]] = {
    "default": (),
    "coqgym": (
        "Unset Printing Notations.",
        "Unset Printing Wildcard.",
        "Set Printing Coercions.",
        "Unset Printing Allow Match Default Clause.",
        "Unset Printing Factorizable Match Patterns.",
        "Unset Printing Compact Contexts.",
        "Set Printing Implicit.",
        "Set Printing Depth 999999.",
        "Unset Printing Records.",
    ),
}


def commands(profile: str) -> tuple[str, ...]:
    """The commands that set a profile up; an empty name is `default`.

    Raises:
        ValueError: there is no such profile; the text is one sentence.
    """
    found = PROFILES.get(profile or "default")
    if found is None:
        raise ValueError(f"there is no printing profile {profile!r}: choose one of {', '.join(PROFILES)}.")
    return found
