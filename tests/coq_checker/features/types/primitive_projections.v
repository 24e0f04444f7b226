Set Primitive Projections.
Record prod' (A B : Type) := pair' { fst' : A; snd' : B }.
Arguments fst' {A B}. Arguments snd' {A B}.
Lemma eta A B (p : prod' A B) : p = {| fst' := fst' p; snd' := snd' p |}.
Proof. reflexivity. Qed.
#[projections(primitive=no)] Record q := { z : nat }.
Lemma no_eta (r : q) : r = {| z := z r |}.
Proof. Fail reflexivity. destruct r. reflexivity. Qed.
