Proof.
  let rec again _ := again () in again ().
Qed.
