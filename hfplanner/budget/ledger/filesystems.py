"""Which file systems let several machines at one file: SQLite's locks do not hold between them."""

import os
import re
from pathlib import Path, PurePosixPath

__all__ = ["network_filesystem"]

# Names as the kernel and FUSE give them, from filesystems(5) and the projects' own mount helpers.
_NETWORK = frozenset(
    {
        "9p",
        "acfs",
        "afpfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fhgfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "panfs",
        "pvfs2",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "vboxsf",
        "vmhgfs",
        "webdav",
        "wekafs",
    }
)
_FUSE_NETWORK = re.compile(
    r"fuse\.(?:.*s3fs|.*sshfs|gcsfuse|goofys|rclone|glusterfs|ceph.*|juicefs|davfs2?|hf.*|mount-s3|mountpoint-s3|"
    r"blobfuse2?|curlftpfs|smbnetfs|lizardfs|moosefs|mfs|beegfs|seaweedfs|alluxio.*|cunofs|grpcfuse|vmhgfs-fuse)"
)
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def network_filesystem(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the kind of network file system that a path is on; ``None`` where it is on none, or none can be told.

    Linux tells by its mount table, the first of a path's parents that is a mount point counting; Windows by a name that
    begins with a server. Elsewhere nothing is told.

    Args:
        path: of a file that may not be there yet.
        mounts: the kernel's table of mounts.
    """
    if str(path).startswith(("\\\\", "//")) and path.drive:
        return "a share"
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    kinds = dict(_mount(line) for line in lines if " - " in line)
    # Unlike Path.resolve this takes a link to itself as it is.
    where = PurePosixPath(os.path.realpath(path))
    kind = next((kinds[str(folder)] for folder in (where, *where.parents) if str(folder) in kinds), "")
    return kind if kind in _NETWORK or _FUSE_NETWORK.fullmatch(kind) else None


def _mount(line: str) -> tuple[str, str]:
    r"""Return where a line of the table mounts what kind of file system (proc_pid_mountinfo(5)).

    >>> _mount(r"36 35 0:30 / /data\040sets rw,noatime shared:1 - nfs4 server:/export rw")
    ('/data sets', 'nfs4')
    """
    before, _, after = line.partition(" - ")
    place = _ESCAPED.sub(lambda code: chr(int(code[1], 8)), before.split(" ")[4])
    return place, after.split(" ", 1)[0]
