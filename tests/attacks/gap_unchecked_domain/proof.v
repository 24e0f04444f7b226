Proof.
  exists (fix wild (u : unit) {struct u} : Set :=
    let yes := true in
    let unused : unit -> unit -> unit :=
      ltac:(fix inner 2; exact (fun (a : if yes then unit else wild u) (b : unit) => b)) in
    unit).
  reflexivity.
Qed.
