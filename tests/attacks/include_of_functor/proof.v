Module Type T. Parameter b : bool. End T.
Module Y. Definition b := true. End Y.
Module N. Definition b := false. End N.
Module Box.
  Module F (X : T).
    Module A. Definition value := X.b. End A.
    Module B := A.
  End F.
End Box.
Include Box.
Module FY := F Y.
Module FN := F N.
Theorem goal : False.
Proof.
  assert (H : FY.B.value = FN.B.value) by reflexivity. discriminate H.
Qed.
