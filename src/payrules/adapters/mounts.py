"""File systems that tell nothing of changes made on another machine."""

import re
from collections.abc import Iterable
from pathlib import Path

# Shared over a network, or from the machine that hosts a container or a virtual machine.
_SILENT = re.compile(r"nfs4?|cifs|smb.*|9p|afs|ceph|lustre|gpfs|glusterfs|fuse(\..*)?|virtiofs|vboxsf|prl_fs|vmhgfs")
_ESCAPE = re.compile(r"\\([0-7]{3})")


def read_mounts() -> str:
    """The mounts of this process as Linux tells them; "" on other systems."""
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def silent_mount(folders: Iterable[Path], mounts: str) -> str | None:
    """The type of the first file system that holds one of the real `folders` and gives no events; None for none."""
    points = _mount_points(mounts)
    for folder in sorted(folders):
        held_by = next((points[at] for at in (folder, *folder.parents) if at in points), "")
        if _SILENT.fullmatch(held_by):
            return held_by
    return None


def _mount_points(mounts: str) -> dict[Path, str]:
    """Mount points to types; where several lie over each other the last one shows."""
    points = {}
    for line in mounts.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if dash and len(fields) > 4:
            point = _ESCAPE.sub(lambda found: chr(int(found[1], 8)), fields[4])
            points[Path(point)] = after.split(" ")[0]
    return points
