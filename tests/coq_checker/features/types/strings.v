Require Import String Ascii.
Open Scope string_scope.
Lemma quotes : String.length "say ""hi"". (* no comment *)" = 26.
Proof. vm_compute. reflexivity. Qed.
Lemma letter : "a"%char = Ascii.ascii_of_nat 97.
Proof. reflexivity. Qed.
Lemma stops : "a. b. Qed." ++ "" = "a. b. Qed.".
Proof. reflexivity. Qed.
Lemma unicode : String.length "é" = 2.
Proof. reflexivity. Qed.
