"""`CoqEngine` over SerAPI's sertop, without our plugin. Nothing outside this package knows an S-expression."""
