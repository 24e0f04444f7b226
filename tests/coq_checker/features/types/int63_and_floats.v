Require Import Uint63 PrimFloat PArray.
Open Scope uint63_scope.
Lemma sum : 2 + 3 = 5.
Proof. vm_compute. reflexivity. Qed.
Lemma half : PrimFloat.add 0x1p-1%float 0x1p-1%float = 1%float.
Proof. reflexivity. Qed.
Definition arr := [| 1; 2 | 0 |]%array.
Lemma second : get arr 1 = 2 /\ get arr 7 = 0.
Proof. split; reflexivity. Qed.
