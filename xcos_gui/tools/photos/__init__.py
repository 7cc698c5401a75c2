"""Both photos of a pair at full size, laid over each other by their landmarks."""
