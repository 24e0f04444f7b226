"""A small Kubernetes: an API server that kubectl talks to, and a node that runs pods as processes.

It has of Kubernetes what applying and waiting need: discovery, storing, client-side apply's patches, watches, the
immutability of jobs, deployments, services by name, indexed jobs with their limits, failure policies and conditions.
"""
