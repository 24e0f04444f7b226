"""Interceptors, one concern each."""
