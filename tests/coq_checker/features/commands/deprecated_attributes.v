#[deprecated(since="0.1", note="use b")] Definition a := 1.
#[deprecated(since="0.1")] Lemma old : a = 1.
Proof. reflexivity. Qed.
#[deprecated(note="use auto")] Ltac t := auto.
#[warnings="-deprecated"] Lemma uses : a = 1.
Proof. exact old. Qed.
#[local, warning="-all"] Lemma more : True.
Proof. t. Qed.
