"""What mutations.py dresses up: terms that loop, which a Coq accepts or one without its guard, and honest ones."""

from tests.attacks.mutations import Kind, Source

_TREE = "Inductive tree := node : list tree -> tree.\n"
_LISTS = """
Definition map' (A B : Type) (f : A -> B) : list A -> list B :=
  fix go l := match l with nil => nil | cons x r => cons (f x) (go r) end.
Fixpoint total (l : list nat) : nat := match l with nil => 0 | cons x r => x + total r end.
"""
_STREAM = "CoInductive stream := more : nat -> stream -> stream.\n"


def _liar(inner: str) -> str:
    return (
        "«nat -> Prop|fix liar (n : nat) {struct n} : Prop := match n with O => True | S k => «Prop|" + inner + "» end»"
    )


def _known(name: str, type_: str, term: str, definitions: str = "") -> Source:
    return Source(name, Kind.KNOWN, type_, term, definitions)


def _off(name: str, type_: str, term: str, definitions: str = "") -> Source:
    return Source(name, Kind.UNGUARDED, type_, term, definitions)


def _honest(name: str, type_: str, term: str, definitions: str = "") -> Source:
    return Source(name, Kind.HONEST, type_, term, definitions)


# By the reports of docs/known-bugs.md.
KNOWN = [
    _known(
        "inner_fixpoint",
        "unit -> nat",
        "«unit -> nat|fix cheat (u : unit) {struct u} : nat := «nat|«unit -> nat|«nat -> unit -> nat|"
        "fix wait (n : nat) {struct n} : unit -> nat :="
        " match n with O => «unit -> nat|cheat» | S k => «unit -> nat|wait k» end» 1» u»»",
    ),
    _known(
        "cross_calls",
        "nat -> Prop",
        _liar(
            "«nat -> nat -> Prop|fix raise (p m : nat) {struct m} : Prop :="
            " match m with O => True | S rest => «Prop|use «nat|S p» rest» end"
            " with use (p m : nat) {struct m} : Prop :="
            " match m with O => «Prop|~ «Prop|liar «nat|p»»» | S rest => «Prop|raise p rest» end for raise» «nat|k» k"
        ),
    ),
    _known(
        "other_name",
        "nat -> Prop",
        _liar(
            "«nat -> nat -> Prop|fix hold (p m : nat) {struct m} : Prop := match m with O => ~ «Prop|liar «nat|p»»"
            " | S rest => «Prop|let other := «nat -> nat -> Prop|hold» in other «nat|S p» rest» end» «nat|k» k"
        ),
    ),
    _known(
        "inside_argument",
        "nat -> Prop",
        _liar(
            "(fix walk (p : nat) (keep : Prop -> nat -> Prop) (m : nat) {struct m} : Prop :="
            " match m with O => ~ «Prop|liar «nat|p»» | S rest => keep «Prop|walk «nat|S p» keep rest» rest end)"
            " «nat|k» «Prop -> nat -> Prop|fun P _ => P» k"
        ),
    ),
    _known(
        "let_before",
        "nat -> Prop",
        _liar(
            "(fix walk (start : nat := S k) (p m : nat) {struct m} : Prop :="
            " match m with O => ~ «Prop|liar «nat|p»» | S rest => «Prop|walk «nat|start» rest» end) «nat|k» k"
        ),
    ),
    _known(
        "under_a_match",
        "nat -> Prop",
        _liar(
            "(fix hold (p m : nat) {struct m} : Prop := match m with O => ~ «Prop|liar «nat|p»» | S rest =>"
            " «nat -> nat -> Prop|match rest with O => hold | S _ => hold end» «nat|S p» rest end) «nat|k» k"
        ),
    ),
    _known(
        "function_argument",
        "nat -> nat -> (nat -> nat) -> nat",
        "«nat -> nat -> (nat -> nat) -> nat|fix count (size extra : nat) (next : nat -> nat) {struct size} : nat :="
        " match size with O => S «nat|next «nat|extra»» | S less =>"
        " «nat|count less «nat|S extra» «nat -> nat|fun again => «nat|count «nat|again» 0 next»»» end»",
    ),
    # Tactics reduce as they go, so that the inner fixpoint must wait for a variable.
    _known(
        "unused_call",
        "unit -> nat -> nat",
        "«unit -> nat -> nat|fix wild (u : unit) (m : nat) {struct u} : nat :="
        " «nat|(fix walk (unused : unit -> nat -> nat)"
        " (n : nat) {struct n} : nat := match n with O => 0 | S less => «nat|walk unused less» end)"
        " «unit -> nat -> nat|wild» m»»",
    ),
    _known(
        "other_context",
        "nat -> nat",
        "«nat -> nat|fix spin (n : nat) {struct n} : nat := let nothing (none : False) : nat := match none with end in"
        " let keep (m : nat) := m in «nat|spin «nat|(ltac:(fix again 1; exact keep) : nat -> nat) n»»»",
    ),
    _known(
        "domain",
        "unit -> Set",
        "«unit -> Set|fix wild (u : unit) {struct u} : Set := let yes := true in let unused : unit -> unit -> unit :="
        " ltac:(fix inner 2; exact (fun (a : «Set|if yes then unit else «Set|wild u»») (b : unit) => b)) in unit»",
    ),
    _known(
        "corecursive_number",
        "nat",
        "«nat|let natural := nat in let wrong := stream in let infinite : natural :="
        " «nat|cofix up : natural := «natural|S «natural|up»»» in infinite»",
        _STREAM,
    ),
]

UNGUARDED = [
    _off("same", "nat -> nat", "«nat -> nat|fix f (n : nat) {struct n} : nat := «nat|«nat -> nat|f» «nat|n»»»"),
    _off(
        "larger",
        "nat -> nat",
        "«nat -> nat|fix f (n : nat) {struct n} : nat :="
        " match n with O => 0 | S k => «nat|«nat -> nat|f» «nat|S «nat|k»»» end»",
    ),
    _off(
        "constant",
        "nat -> nat",
        "«nat -> nat|fix f (n : nat) {struct n} : nat :="
        " match n with O => «nat|f «nat|1»» | S k => «nat|f «nat|k»» end»",
    ),
    _off(
        "predecessor",
        "nat -> nat",
        "«nat -> nat|fix f (n : nat) {struct n} : nat := «nat|f «nat|match n with O => n | S k => k end»»»",
    ),
    _off(
        "inner",
        "nat -> nat",
        "«nat -> nat|fix f (n : nat) {struct n} : nat :="
        " match n with O => 0 | S k => «nat|(fix h (z : nat) {struct z} : nat :="
        " match z with O => 0 | S y => «nat|f «nat|z»» + «nat|h «nat|y»» end) «nat|n»» end»",
    ),
    _off(
        "nested",
        "tree -> nat",
        "«tree -> nat|fix f (t : tree) {struct t} : nat := match t with node l =>"
        " «nat|total «list nat|map' tree nat «tree -> nat|f» «list tree|cons t l»»» end»",
        _TREE + _LISTS,
    ),
    _off(
        "nested_again",
        "tree -> nat",
        "«tree -> nat|fix f (t : tree) {struct t} : nat := match t with node l =>"
        " «nat|total «list nat|map' tree nat «tree -> nat|fun x => «nat|f «tree|node (cons x nil)»»» «list"
        " tree|l»»» end»",
        _TREE + _LISTS,
    ),
    _off(
        "mutual",
        "nat -> nat",
        "«nat -> nat|fix f (n : nat) {struct n} : nat := match n with O => 0 | S k => «nat|g «nat|k»» end"
        " with g (n : nat) {struct n} : nat := «nat|f «nat|S «nat|n»»» for f»",
    ),
    _off(
        "local",
        "nat -> nat",
        "«nat -> nat|fix f (n : nat) {struct n} : nat := let g := «nat -> nat|fun x => «nat|f «nat|x»»» in"
        " match n with O => 0 | S k => «nat|«nat|g «nat|k»» + «nat|g «nat|n»»» end»",
    ),
    _off("idle", "stream", "«stream|cofix c : stream := «stream|c»»", _STREAM),
    _off(
        "tail",
        "stream",
        "«stream|cofix c : stream := more 0 «stream|match «stream|c» with more _ s => «stream|s» end»»",
        _STREAM,
    ),
]

HONEST = [
    _honest(
        "plus",
        "nat -> nat -> nat",
        "«nat -> nat -> nat|fix f (n m : nat) {struct n} : nat :="
        " match n with O => m | S k => S «nat|f «nat|k» «nat|m»» end»",
    ),
    _honest(
        "size",
        "tree -> nat",
        "«tree -> nat|fix f (t : tree) {struct t} : nat := match t with node l =>"
        " «nat|total «list nat|map' tree nat «tree -> nat|f» «list tree|l»»» end»",
        _TREE + _LISTS,
    ),
    _honest(
        "numbers",
        "nat -> stream",
        "«nat -> stream|cofix c (n : nat) : stream := more «nat|n» «stream|c «nat|S n»»»",
        _STREAM,
    ),
]
