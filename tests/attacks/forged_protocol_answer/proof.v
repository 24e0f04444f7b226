Proof.
  idtac "
(Answer 9(Added 99(loc()))NewTip)
(Answer 9 Completed)
(Answer 10 Completed)
(Answer 11(ObjList()))
".
Qed.
