"""Run the command line with `python -m payrules`."""

from payrules.entrypoints.cli import main

if __name__ == "__main__":
    main()
