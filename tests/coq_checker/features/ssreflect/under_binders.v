From Coq Require Import ssreflect ssrfun ssrbool List.
Lemma add0 n : n + 0 = n. Proof. by elim: n => //= n ->. Qed.
Lemma mapped (l : list nat) : map (fun n => n + 0) l = l.
Proof. under map_ext => n do rewrite add0. by rewrite map_id. Qed.
Lemma over_ (l : list nat) : map (fun n => n + 0 + 0) l = map (fun n => n) l.
Proof.
  under map_ext => n.
    rewrite !add0. over.
  by [].
Qed.
