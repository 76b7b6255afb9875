"""Office files as files: reading Excel and Word in a limited child process, finding a form's fields in them, marking
faulty cells in the very file that came back, and patching single parts while the rest is copied."""
