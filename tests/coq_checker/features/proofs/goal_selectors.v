(* EXPECT: not_there FAILED tactic *)
Lemma without_any : 1 = 1 /\ 2 = 2 /\ True.
Proof.
  repeat split.
Qed.
Lemma by_all : 1 = 1 /\ (1 + 1 = 2 /\ True).
Proof. split; [ | split]. 2: reflexivity. all: easy.
Qed.
Lemma focused : True /\ True.
Proof. split. 2: { exact I. } 1: exact I. Qed.
Lemma listed : True /\ True /\ True /\ True.
Proof. repeat apply conj. 1, 3-4: exact I. !: exact I. Qed.
Lemma parallel : 1 = 1 /\ 2 = 2.
Proof. split. par: reflexivity. Qed.
Lemma not_there : True.
Proof. 3: exact I. Qed.
