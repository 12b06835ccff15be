"""Analyses that plug in: what describes them, what runs them, and those that ship."""
