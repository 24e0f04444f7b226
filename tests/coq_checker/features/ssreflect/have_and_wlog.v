(* EXPECT: wrong_have FAILED tactic *)
From Coq Require Import ssreflect ssrfun ssrbool Arith.
Lemma with_have (n : nat) : n + 0 = 0 + n.
Proof. have -> : n + 0 = n by elim: n => //= n ->. by []. Qed.
Lemma with_suff : exists n, n = 3.
Proof. suff e : 3 = 3 by exists 3. by []. Qed.
Lemma with_wlog (n m : nat) : n <= m \/ m <= n.
Proof.
  wlog le : n m / n <= m.
    move=> h. case: (Nat.le_ge_cases n m) => c; [by apply: h | by right].
  by left.
Qed.
Lemma wrong_have : False.
Proof. have : 1 = 2 by []. by []. Qed.
