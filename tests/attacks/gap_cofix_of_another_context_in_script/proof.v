CoInductive stream : Type := more : stream -> stream.
Inductive endless : Type := again : endless -> endless.
Definition cycle : endless :=
  let mine := endless in let wrong := stream in cofix up : mine := again up.
Fixpoint sink (e : endless) : False := match e with again next => sink next end.

Theorem goal : False.
Proof. exact (sink cycle). Qed.
