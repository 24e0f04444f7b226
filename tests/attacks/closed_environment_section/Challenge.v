Section Given.
Variable k : nat.
Hypothesis small : k = 0.

Theorem goal : k + k = k.
