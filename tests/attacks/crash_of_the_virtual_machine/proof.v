Proof.
  let pair := constr:(ltac:(exact_no_check (fun x : nat => x)) : nat * nat) in
  pose (fst pair) as crash; vm_compute in crash.
Qed.
