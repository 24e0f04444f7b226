Require Import Coq.Logic.Classical_Prop Coq.Logic.FunctionalExtensionality.

Theorem goal : forall f : nat -> nat, (forall n, f n = n) -> f = (fun n => n).
