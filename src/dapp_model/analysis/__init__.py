"""Analyses of a finished run: they read what it stored of its draws, and write beside it."""
