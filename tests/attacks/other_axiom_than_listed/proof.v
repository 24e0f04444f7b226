Proof.
  intros f H. apply functional_extensionality. intros n. rewrite H. apply NNPP. tauto.
Qed.
