Module A. Definition a := 1. End A.
Module B. Export A. Definition b := a. End B.
Module C. Import A. Definition c := a. End C.
Module UseB. Import B. Lemma seen : a = b. Proof. reflexivity. Qed. End UseB.
Module UseC.
  Import C.
  Fail Check a.
  Lemma seen : c = A.a.
  Proof. reflexivity. Qed.
End UseC.
