(* EXPECT: unguarded FAILED kernel *)
CoInductive stream := scons { hd : nat; tl : stream }.
CoFixpoint from (n : nat) : stream.
Proof. exact (scons n (from (S n))). Defined.
CoInductive same : stream -> stream -> Prop :=
  same_ s t : hd s = hd t -> same (tl s) (tl t) -> same s t.
CoFixpoint same_refl s : same s s.
Proof. constructor; [reflexivity | apply same_refl]. Qed.
Lemma by_cofix s t : same s t -> same t s.
Proof. revert s t. cofix self. intros s t [? ? e r]. constructor; [now symmetry | now apply self]. Qed.
Lemma unguarded s t : same s t.
Proof. revert s t. cofix self. exact self. Qed.
