"""Processes that were written for the library fastprocesses, which is not needed for them."""
