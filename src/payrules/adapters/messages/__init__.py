"""Adapters that send messages to payers."""
