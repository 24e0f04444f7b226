"""Parts of the kernel that a candidate's own terms may use beyond the plain core, as results name them.

A term is a candidate's own if a declaration holds it that the candidate brings in: the proof, its auxiliary
constants, a script's definitions and types. What the environment holds is not.
"""

from enum import StrEnum


class Feature(StrEnum):
    """A part of the kernel; the list is closed."""

    FIXPOINT_NOT_STRICT = "fixpoint_not_strict"
    """A fixpoint that the strict guard does not accept."""

    COFIXPOINT_NOT_STRICT = "cofixpoint_not_strict"
    """A cofixpoint that the strict guard does not accept."""

    FIXPOINT = "fixpoint"
    """A fixpoint."""

    COFIXPOINT = "cofixpoint"
    """A cofixpoint."""

    VM_CAST = "vm_cast"
    """A cast that the virtual machine is to check, as `vm_compute` leaves it."""

    NATIVE_CAST = "native_cast"
    """A cast that compiled code is to check, as `native_compute` leaves it."""

    PRIMITIVE_INTEGER = "primitive_integer"
    """A primitive integer: its type, an operation or a literal."""

    PRIMITIVE_FLOAT = "primitive_float"
    """A primitive floating-point number: its type, an operation or a literal."""

    PRIMITIVE_STRING = "primitive_string"
    """A primitive string: its type, an operation or a literal."""

    PRIMITIVE_ARRAY = "primitive_array"
    """A primitive array: its type, an operation or a literal."""

    ARRAY_LITERAL = "array_literal"
    """A literal of a primitive array (a node `Array`) with a universe instance that is not empty."""

    UNIVERSE_POLYMORPHISM = "universe_polymorphism"
    """A universe-polymorphic declaration of its own, or a use of something with universes as arguments."""

    SORT_POLYMORPHISM = "sort_polymorphism"
    """A sort variable, or an instance with sorts."""

    SORT_VARIABLE = "sort_variable"
    """A sort variable, or an instance with a sort that is neither `Prop` nor `Type`, whose relevance varies."""

    INLINED_POLYMORPHIC_CONSTANT = "inlined_polymorphic_constant"
    """A universe-polymorphic constant that `Register Inline` has the virtual machine put in place."""

    CUMULATIVITY = "cumulativity"
    """An inductive type of its own with variances."""

    LET_IN_POLYMORPHIC_INDUCTIVE = "let_in_polymorphic_inductive"
    """A polymorphic inductive type with a `let` among its indices or its constructors' arguments.

    A node `Ind`, `Construct` or `Case` whose universe instance is not empty, or a polymorphic type of its own, such
    that a type of the block has `mind_nrealdecls` other than `mind_nrealargs`, or a constructor
    `mind_consnrealdecls` other than `mind_consnrealargs`.
    """

    TEMPLATE_POLYMORPHISM = "template_polymorphism"
    """A template-polymorphic inductive type of its own."""

    SPROP = "sprop"
    """The sort `SProp`, or a binder that is marked irrelevant."""

    DEFINITIONAL_UIP = "definitional_uip"
    """Definitional proof irrelevance of equality.

    A node `Case` that carries indices (`CaseInvert`), an inductive type of its own that relies on it, or such a type
    among what the proof rests on (`uip`).
    """

    PRIMITIVE_PROJECTION = "primitive_projection"
    """A primitive projection, or a record of its own with them."""

    REWRITE_RULE = "rewrite_rule"
    """A symbol with rewrite rules."""

    UNSET_GUARD_CHECKING = "unset_guard_checking"
    """A declaration of its own that was made without the check of termination."""

    UNSET_POSITIVITY_CHECKING = "unset_positivity_checking"
    """A declaration of its own that was made without the check of positivity."""

    UNSET_UNIVERSE_CHECKING = "unset_universe_checking"
    """A declaration of its own that was made without the check of universes."""

    NESTED_INDUCTIVE = "nested_inductive"
    """An inductive type of its own that occurs in the arguments of another one in its constructors."""

    LARGE_BLOCK = "large_block"
    """More than 200 arguments, nested binders, fixpoints in a block, or arguments of a constructor, in one place."""

    MODULE = "module"
    """Something of the module system; no candidate can have it."""
