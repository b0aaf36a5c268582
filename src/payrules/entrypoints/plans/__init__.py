"""What `payrules plan` prints: text, JSON lines, Markdown."""
