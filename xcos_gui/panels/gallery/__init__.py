"""The gallery's dock: faces by identity, photos set aside, problems."""
