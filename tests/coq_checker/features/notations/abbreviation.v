(* SINCE: 9.2 *)
Abbreviation twice n := (n + n).
Lemma twice_0 : twice 0 = 0.
Proof. reflexivity. Qed.
#[local] Abbreviation three := 3 (only parsing).
Lemma three_ : twice three = 6.
Proof. reflexivity. Qed.
Module M.
  Local Abbreviation four := 4.
  Lemma four_ : four = 4.
  Proof. exact eq_refl. Qed.
End M.
