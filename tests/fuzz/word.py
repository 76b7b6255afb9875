"""Word files: see `tests.fuzz.office`."""

from tests.fuzz.office import start

if __name__ == "__main__":
    start("word")
