"""Invoices and credit notes as people get them: one HTML page and one PDF each, from the same words."""
