"""payrules: a clinic's payment set-up as a reviewed file, and the right invoice for every booking.

Importing the package is cheap on purpose: nothing but the version lives here, so that
`payrules --version` and shell completion start at once.
"""

__version__ = "0.1.0"
