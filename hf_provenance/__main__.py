"""`python -m hf_provenance`: the command line."""

from hf_provenance.cli import main

if __name__ == "__main__":
    main()
