"""The index on disk: reading sources, one record a file, and the packed arrays that the service maps into memory."""
