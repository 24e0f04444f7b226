"""What a text must pass before and after Coq sees it, so that a verdict cannot be forged.

1. `text`: an exact lexer and an allow-list of sentence heads, before Coq parses anything.
2. `ast`: the same question to Coq's own syntax tree, before anything is executed.
3. `statement`: the kernel compares the statement that was proved with the one that was asked.
4. `axioms`: what the proof rests on, against what is allowed.
5. `kernel`: what it uses of the kernel, against what is known to be wrong with that.
"""
