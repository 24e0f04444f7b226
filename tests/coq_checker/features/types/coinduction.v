(* EXPECT: not_productive FAILED tactic *)
CoInductive inf : Prop := more : inf -> inf.
Lemma exists_ : inf.
Proof. cofix self. constructor. Guarded. exact self. Qed.
Lemma not_productive : inf.
Proof. cofix self. assert (x := self). exact x. Guarded. Qed.
CoInductive colist (A : Type) := conil | cocons (a : A) (l : colist A).
CoFixpoint ones : colist nat := cocons nat 1 ones.
Lemma unfold_ones : match ones with conil _ => False | cocons _ a _ => a = 1 end.
Proof. reflexivity. Qed.
