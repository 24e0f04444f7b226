(* Primitive integers, floats and arrays. *)
Require Import Uint63 PArray Floats.
Definition i := (3 + 4)%uint63.
Theorem ie : i = 7%uint63. vm_compute. reflexivity. Qed.
Theorem ia (x y : int) : (x + y = y + x)%uint63. apply Uint63.add_comm || idtac. all: try apply Uint63.to_Z_inj; rewrite !Uint63.add_spec, BinInt.Z.add_comm; reflexivity. Qed.
Definition fl := (1 + 2)%float.
Definition ar := PArray.make 3 fl.
Definition litonly := 3%uint63.
Definition arr := [| 1%float; 2%float | 0%float |].
Theorem ag : forall (t : array nat) i x, PArray.get t i = x -> PArray.get t i = x. auto. Qed.
(* ASK i ie ia fl ar litonly arr ag *)
