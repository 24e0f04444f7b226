Inductive goal : Prop := proved.
