Lemma focus : True /\ True.
Proof. split. Focus 2. Unfocus. Unfocused. exact I. exact I. Qed.
