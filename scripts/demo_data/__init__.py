"""The steps of `scripts/build_demo_data.py`, one topic a module."""
