Definition two : nat.
Proof. refine (S _). exact 1. Defined.
Definition opaque : nat. exact 2. Qed.
Example three : exists n, n = 3. now exists 3. Qed.
Definition chosen (n : nat) : {m | m = n} := ltac:(exists n; reflexivity).
Definition reduced := Eval compute in two + two.
Lemma sum : reduced = 4.
Proof. Fail (assert (opaque = 2) by reflexivity). reflexivity. Qed.
