"""How one file becomes exactly one submission: packed, marked, counted, sent, found again."""
