"""The codebook to be read: two versions compared, one version printed, what its cells hold."""
