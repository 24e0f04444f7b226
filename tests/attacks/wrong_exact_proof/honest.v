Proof I.
