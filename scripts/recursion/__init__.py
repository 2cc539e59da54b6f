"""The parts of `scripts/collapse.py`: a small language model, trained on its own output."""
