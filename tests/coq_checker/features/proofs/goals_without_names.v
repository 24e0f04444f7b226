Goal True. Proof. exact I. Qed.
Goal 1 = 1. reflexivity. Defined.
Goal False. Abort.
Module M. Goal True. exact I. Qed. Goal True. exact I. Qed. End M.
Goal True. exact I. Qed.
Lemma again : 1 = 1.
Proof. exact Unnamed_thm0. Qed.
