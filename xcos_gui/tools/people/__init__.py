"""Who is hard to match, and who is matched by strangers."""
