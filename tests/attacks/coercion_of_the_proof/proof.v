Record promise := { kept : False -> False }.
Theorem goal : promise.
Proof. constructor. exact (fun H => H). Qed.
Coercion kept : promise >-> Funclass.
