"""The revisions, in order; a revision that was published is never changed."""
