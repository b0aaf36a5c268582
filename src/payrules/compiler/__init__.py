"""Text in, a policy or diagnostics out: reads no file and no network."""
