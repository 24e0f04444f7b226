Proof.
  exact ((fix sink (e : endless) {struct e} : False := match e with again next => sink next end)
    (cofix cycle : endless := again cycle)).
Qed.
