Proof.
  Require Import Coq.Logic.Classical.
  intros n m. lia.
Qed.
