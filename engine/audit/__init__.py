"""The auditor: every figure recomputed from the raw arrays, by code the solver shares nothing with.

NumPy and SciPy only. `report.audit_artifact` is the way in.
"""
