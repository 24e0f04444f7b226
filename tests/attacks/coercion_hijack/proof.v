Inductive wrap := Wrap (n : nat).
Definition unwrap (w : wrap) : Prop := True.
Coercion unwrap : wrap >-> Sortclass.
Theorem goal : Wrap 0.
Proof. exact I. Qed.
