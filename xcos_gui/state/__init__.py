"""What the user looks at, without widgets: the session, models, loading, scoring, jobs, filter.

May import core alone.
"""
