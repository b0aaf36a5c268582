"""Use cases: what a person or a program asks of payrules, said in terms of ports."""
