"""The research process: codebook, blind coding, agreement and adjudication."""
