Polymorphic Definition universe@{u v | u < v} : Type@{v} := Type@{u}.
Register Inline universe.
Theorem goal : False.
