Require Import Extraction.
Definition twice (n : nat) := n + n.
Set Extraction Output Directory ".".
Extraction "twice.ml" twice.
Lemma two : twice 1 = 2.
Proof. reflexivity. Qed.
