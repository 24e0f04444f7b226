Proof.
  exact_no_check (eq_refl (fun x : none => match x return nat -> nat with end 0)).
Qed.
