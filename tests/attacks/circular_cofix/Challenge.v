CoInductive forever : Prop := again : forever -> forever.
CoInductive never : Prop := twice : never -> False -> never.

Theorem goal : never.
