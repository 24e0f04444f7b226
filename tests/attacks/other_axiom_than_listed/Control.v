Require Import Coq.Logic.Classical_Prop Coq.Logic.FunctionalExtensionality.

Theorem goal : forall P : Prop, ~ ~ P -> P.
