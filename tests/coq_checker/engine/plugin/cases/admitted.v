(* Admitted statements and obligations, and lemmas made by `abstract`. *)
Require Import Program Lia ZArith.
Theorem adm : 1 = 2. Admitted.
Theorem adm2 : 1 = 2.
Proof. admit. Admitted.
Theorem usea : 2 = 1. symmetry. apply adm. Qed.
Program Definition pd (n : nat) : { m : nat | m = n } := n.
Program Definition pq (n : nat) : { m : nat | m > n } := S n.
Program Definition pz (n : nat) : { m : nat | m > n * n + n } := S (n * n).
Next Obligation. Admitted.
Theorem ab : forall x y : Z, (x < y -> x <= y)%Z. intros. abstract lia. Qed.
Theorem ab2 : 0 = 0 /\ 1 = 2. split. abstract reflexivity. abstract apply adm. Defined.
Theorem ab3 : 0 = 0 /\ 1 = 2. split. abstract reflexivity using foo1. abstract apply adm using foo2. Qed.
(* ASK adm adm2 usea pd pq pz ab ab2 ab3 *)
