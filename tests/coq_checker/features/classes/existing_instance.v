Class C (n : nat) := holds : n = n.
Definition one : C 1.
Proof. reflexivity. Defined.
Definition two : C 2 := eq_refl.
Existing Instance one.
#[export] Existing Instances two | 3.
Existing Class le.
Lemma found : 1 = 1 /\ 2 = 2.
Proof. split; [exact (holds (n := 1)) | exact (holds (n := 2))]. Qed.
Declare Instance three : C 3.
Lemma rests_on_it : 3 = 3.
Proof. apply three. Qed.
