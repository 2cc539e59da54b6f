"""Texts as tokens: one definition for the audit and for tail health."""
