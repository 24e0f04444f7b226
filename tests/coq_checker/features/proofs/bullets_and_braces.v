(* EXPECT: wrong_bullet FAILED tactic *)
Lemma deep (P Q : Prop) (p : P) (q : Q) : (P /\ Q) /\ (Q /\ P /\ P).
Proof.
  split.
  - split.
    + exact p.
    + exact q.
  - split. { exact q. }
    split. ** exact p. ** { { exact p. } }
Qed.
Lemma wrong_bullet : True /\ True.
Proof. split. - exact I. + exact I. Qed.
Set Bullet Behavior "None".
Lemma free : True /\ True.
Proof. split. - exact I. + exact I. Qed.
