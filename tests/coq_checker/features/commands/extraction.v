Require Import Extraction ExtrOcamlBasic.
Extraction Language OCaml.
Definition twice (n : nat) := n + n.
Extraction twice.
Recursive Extraction twice.
Extract Constant Nat.add => "(+)".
Extraction Inline twice.
Lemma two : twice 1 = 2.
Proof. Show Extraction. reflexivity. Qed.
