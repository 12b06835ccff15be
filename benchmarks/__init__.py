"""Figures that `make bench` prints. Ratios and medians, no assertions: machines are shared."""
