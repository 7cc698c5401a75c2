"""What if: edit the two faces of a pair, and see maps, score and verdict follow."""
