"""One pair: its decision, faces, maps and cells."""
