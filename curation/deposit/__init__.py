"""A release on its way into a repository: packed as a bag, described, uploaded."""
