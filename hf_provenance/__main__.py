"""`python -m hf_provenance`: the command line."""

from hf_provenance.cli import run

if __name__ == "__main__":
    run()
