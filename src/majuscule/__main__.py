"""``python -m majuscule`` is the command ``majuscule``."""

from majuscule.cli import run

if __name__ == "__main__":
    run()
