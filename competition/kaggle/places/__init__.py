"""The places where credentials stand: looked through in order, and read as far as they can be."""
