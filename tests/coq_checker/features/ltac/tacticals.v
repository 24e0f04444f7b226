Lemma chained : (True /\ 1 = 1) /\ (2 = 2 /\ True).
Proof. split; split; [exact I | | reflexivity | .. ]; [reflexivity | exact I]. Qed.
Lemma dots : True /\ True /\ (exists n, n = 1).
Proof. split; [ | split]; [ exact I | .. | exists 1; reflexivity ]; exact I. Qed.
Lemma evaluated : 2 + 2 = 4.
Proof. let x := eval cbv in (2 + 2) in change (x = 4); reflexivity. Qed.
Lemma selected : True /\ True.
Proof. split; [ > exact I | exact I ]. Qed.
Lemma guarded : True.
Proof. assert_succeeds (exact I). assert_fails fail. do 2 idtac. exact I. Qed.
