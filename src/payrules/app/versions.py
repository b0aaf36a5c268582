"""Policy versions from the ledger: compiled again from the file they came from, so that lines can be explained."""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from payrules.app.ports import Transaction
from payrules.app.rows import PolicyRow
from payrules.compiler.compile import Compiler, Version
from payrules.domain.errors import PayrulesError

MOST_KEPT = 16_384
"""How many compiled versions a process keeps."""


class VersionError(PayrulesError):
    """A version that the ledger names and cannot give: lost, or not what its digest says."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"the ledger does not hold the policy version {digest} as its digest names it")
        self.digest = digest


def load_version(row: PolicyRow, compiler: Compiler) -> Version:
    """The version of a row, with the positions of the file it was first compiled from.

    A file that a later payrules reads in another way still has its canonical text, whose lines are its own.
    Raises VersionError where neither gives the digest.
    """
    clinic_file = row.source.replace("\\", "/").rsplit("/", 1)[-1]
    for content, file in ((row.content, row.source), (row.canonical, f"canonical/{clinic_file}")):
        version = compiler.compile(content, file, analysis=False).version
        if version is not None and version.digest == row.digest:
            return version
    raise VersionError(row.digest)


class Versions:
    """Compiled versions by digest, kept while they are in use; may be shared by threads."""

    def __init__(self, compiler: Compiler, most: int = MOST_KEPT) -> None:
        self._compiler = compiler
        self._most = most
        self._kept: OrderedDict[str, Version] = OrderedDict()
        self._lock = Lock()

    def find(self, tx: Transaction, digests: Iterable[str]) -> dict[str, Version]:
        """The versions by digest; those not kept are read and compiled. Raises VersionError for an unknown one."""
        wanted = set(digests)
        with self._lock:
            found = {digest: self._kept[digest] for digest in wanted if digest in self._kept}
        if missing := wanted - found.keys():
            rows = tx.policies(missing)
            for digest in missing:
                if digest not in rows:
                    raise VersionError(digest)
                found[digest] = load_version(rows[digest], self._compiler)
        with self._lock:
            for digest, version in found.items():
                self._kept[digest] = version
                self._kept.move_to_end(digest)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found
