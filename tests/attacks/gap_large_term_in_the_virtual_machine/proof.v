Proof.
  let rec grow term count :=
    lazymatch count with
    | O => term
    | S ?less => let larger := constr:(fun _ : nat => term) in grow larger less
    end in
  let rec feed term count :=
    lazymatch count with O => term | S ?less => let larger := constr:(term 0) in feed larger less end in
  let function := grow 1 300 in
  let whole := feed function 300 in
  exact (@eq_refl nat 1 <: whole = 1).
Qed.
