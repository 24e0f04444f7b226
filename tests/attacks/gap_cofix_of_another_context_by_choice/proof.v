Proof.
  assert (never : forall n, n <> S n).
  { induction n as [|n IH]; intros E; [discriminate E | injection E as E; exact (IH E)]. }
  assert (same : forall n, n = match n with O => O | S k => S k end) by (intros []; reflexivity).
  exact (let right := true in let wrong := false in
    let infinite : nat := cofix up : (if right then nat else colist) := S up in
    never infinite (same infinite)).
Qed.
