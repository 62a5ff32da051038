"""What sections draw with: figures that answer to the mouse, pictures, cells, matrices."""
