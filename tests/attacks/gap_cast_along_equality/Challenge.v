Axiom extensional : forall P Q : Prop, (P <-> Q) -> P = Q.
Theorem goal : False.
