Lemma restarted : True /\ 1 = 1.
Proof.
  split. exact I.
  Restart.
  split; [exact I | ].
  Undo.
  split. reflexivity. Undo 2.
  intuition.
Qed.
Lemma shown (n : nat) : n = n.
Proof. Show. Show Proof. Show Existentials. Show Intros. reflexivity. Show Match nat. Qed.
