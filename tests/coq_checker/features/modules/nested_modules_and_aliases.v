Module A.
  Module B.
    Module C.
      Definition x := 1.
      Lemma x_is_one : x = 1.
      Proof. reflexivity. Qed.
    End C.
    Lemma again : C.x = 1.
    Proof. apply C.x_is_one. Qed.
  End B.
  Module Import Short := B.C.
  Lemma x_is_one : x = 1.
  Proof. exact Short.x_is_one. Qed.
End A.
Module AB := A.B.
Lemma last : AB.C.x = A.B.C.x.
Proof. reflexivity. Qed.
