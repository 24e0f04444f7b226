"""The extractor: training examples from Coq projects and from CoqGym's data, each checked as it is made."""
