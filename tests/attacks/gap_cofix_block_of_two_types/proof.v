CoInductive pair (A B : Type) : Type := both : A -> B -> pair A B.
CoInductive chain (A : Type) : Type := link : chain A -> pair (chain A) A -> chain A.
Inductive deep : Type := down : chain deep -> deep.

CoFixpoint cycle : chain deep :=
  (cofix front : chain deep := link deep front back
   with back : pair (chain deep) deep := both (chain deep) deep cycle (down cycle)
   for front).

Fixpoint sink (d : deep) : False :=
  match d with down (link _ _ (both _ _ _ next)) => sink next end.

Theorem goal : False.
Proof. exact (sink (down cycle)). Qed.
