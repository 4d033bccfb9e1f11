"""Studies: declared analyses that every release can answer again, with how far to trust them."""
