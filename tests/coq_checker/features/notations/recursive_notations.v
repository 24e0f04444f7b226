Notation "{{ x , .. , y }}" := (cons x .. (cons y nil) ..).
Notation "'exists!!' x .. y , p" := (ex (fun x => .. (ex (fun y => p)) ..)) (at level 200, x binder, y binder, right associativity).
Notation "'λ' x .. y , t" := (fun x => .. (fun y => t) ..) (at level 200, x binder, y binder, right associativity).
Lemma three : length {{ 1, 2, 3 }} = 3.
Proof. reflexivity. Qed.
Lemma some : exists!! x y, x + y = 3.
Proof. exists 1, 2. reflexivity. Qed.
Lemma applied : (λ x y, x + y) 1 2 = 3.
Proof. reflexivity. Qed.
