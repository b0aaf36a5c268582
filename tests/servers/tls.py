"""Certificates for local servers: good ones, and those that nobody may accept."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import trustme

_CA = trustme.CA()
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def authority(folder: Path) -> Path:
    """The file with the certificate to trust."""
    path = folder / "ca.pem"
    _CA.cert_pem.write_to_path(str(path))
    return path


def good() -> ssl.SSLContext:
    """For a server called localhost or 127.0.0.1."""
    return _context(_CA.issue_cert("localhost", "127.0.0.1"))


def expired() -> ssl.SSLContext:
    """One that was good until 2020."""
    return _context(_CA.issue_cert("localhost", "127.0.0.1", not_after=_LONG_AGO))


def of_another_host() -> ssl.SSLContext:
    """One for a host of another name."""
    return _context(_CA.issue_cert("mail.other.example"))


def of_nobody() -> ssl.SSLContext:
    """One of an authority nobody knows."""
    return _context(trustme.CA().issue_cert("localhost", "127.0.0.1"))


def _context(cert: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(context)
    return context
