"""The quality office's desk clerk."""
