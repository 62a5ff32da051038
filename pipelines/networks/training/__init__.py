"""How a network is trained: number format, recipe, and a compiled loop for each backend."""
