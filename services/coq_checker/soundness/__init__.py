"""What is known to be wrong with Coq's kernel, and the words for the parts of it that a proof uses."""
