"""Adapters that keep invoices."""
