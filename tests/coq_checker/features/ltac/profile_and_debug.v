Set Ltac Profiling.
Ltac slow := do 10 idtac; exact I.
Lemma profiled : True.
Proof. slow. Qed.
Show Ltac Profile.
Reset Ltac Profile.
Unset Ltac Profiling.
Set Ltac Backtrace.
Print Ltac slow.
Lemma informed : True.
Proof. info_auto. Qed.
