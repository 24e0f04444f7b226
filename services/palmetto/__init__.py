"""Palmetto's command line."""
