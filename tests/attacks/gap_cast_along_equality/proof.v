Inductive some : Prop := make : (False -> some) -> some.

Theorem goal : False.
Proof.
  assert (E : (False -> some) = some).
  { apply extensional; split; [exact make | intros x _; exact x]. }
  exact ((fix sink (E : (False -> some) = some) (x : some) {struct x} : False :=
    match x with make f =>
      sink E ((match eq_sym E in _ = T return T -> some with eq_refl => fun y => y end) f)
    end) E (make (fun none => match none with end))).
Qed.
