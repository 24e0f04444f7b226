(* A strict equality that is eliminated into types. *)
Set Definitional UIP.
Inductive seq {A} (a:A) : A -> SProp := srefl : seq a a.
Definition c A (x y : A) (e : seq x y) (P : A -> Type) (h : P x) : P y := match e with srefl _ => h end.
Theorem d : forall x : nat, seq x x. intro. apply srefl. Qed.
(* ASK seq srefl c d *)
