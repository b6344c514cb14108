"""``python -m hfplanner``."""

from hfplanner.cli import main

if __name__ == "__main__":
    main()
