"""The rules of the business, pure: no clock, files, network or third-party packages."""
