"""Exceptions about the program or the world. What is wrong with a file is a diagnostic instead."""


class PayrulesError(Exception):
    """Base of every exception payrules raises on purpose. The message is fit for a terminal."""
