"""Files and folders of this machine that a job needs: where they will lie, and how they get there.

They go up as ``hf jobs uv run`` sends them, by ``huggingface_hub``'s own functions, into the private bucket
``NAMESPACE/jobs-artifacts``: after the decision and before the job is sent. Files lie in a folder named after their
content, so that the same script is the same job and is uploaded once; folders in one named after path and machine.
"""

import contextlib
import hashlib
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hfplanner.errors import HubInterrupted, UsageError, quoted

if TYPE_CHECKING:
    from hfplanner.api.models import Volume

__all__ = ["ARTIFACTS_MOUNT", "HubUploader", "LocalFolder", "Uploader", "Uploads", "read_local_volume", "volume_parts"]

_BUCKET = "jobs-artifacts"
ARTIFACTS_MOUNT = "/data"
"""Where the files of a script lie in its job (huggingface_hub 2.4.0)."""
_DIGITS = 24


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder that is copied into the bucket and mounted.

    Args:
        source: on this machine, absolute.
        mount_path: in the job.
        read_only: whether the job may not write into its copy.
    """

    source: Path
    mount_path: str
    read_only: bool = True

    @property
    def remote_name(self) -> str:
        """Its name in the bucket: the same folder of the same machine keeps it."""
        from hfplanner.api.job_names import job_volume_name  # noqa: PLC0415 - pydantic, for those who have a folder

        return job_volume_name(self.source, node=platform.node())


class Uploader(Protocol):
    """What brings files into a bucket; by default ``huggingface_hub``."""

    def files(self, bucket: str, folder: str, files: Mapping[str, Path]) -> None:
        """Bring files into a folder of a bucket, which is made private where there is none."""

    def folder(self, namespace: str, folder: LocalFolder) -> None:
        """Bring a folder into the bucket of a namespace."""


@dataclass(frozen=True, slots=True)
class Uploads:
    """What a job needs of this machine.

    Args:
        files: by their names in the job.
        folders: to be mounted.

    >>> Uploads().is_empty, Uploads().volumes("acme")
    (True, ())
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    folders: Sequence[LocalFolder] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing goes up."""
        return not self.files and not self.folders

    @property
    def content(self) -> str:
        """The folder of the files: a digest of their names and contents.

        Raises:
            UsageError: a file cannot be read any more.
        """
        digest = hashlib.sha256()
        for name, path in sorted(self.files.items()):
            try:
                body = path.read_bytes()
            except OSError as error:
                raise UsageError(f"{quoted(str(path))} cannot be read ({error.strerror}).") from error
            digest.update(f"{len(name)}:{name}:{len(body)}:".encode())
            digest.update(body)
        return digest.hexdigest()[:_DIGITS]

    def volumes(self, namespace: str) -> "tuple[Volume, ...]":
        """Return what is mounted where, once the namespace that pays is known."""
        if self.is_empty:
            return ()
        from hfplanner.api.models import Volume  # noqa: PLC0415 - pydantic, for those who upload

        bucket = f"{namespace}/{_BUCKET}"
        folders = [
            Volume(
                type="bucket",
                source=bucket,
                mount_path=folder.mount_path,
                path=folder.remote_name,
                read_only=folder.read_only,
            )
            for folder in self.folders
        ]
        if not self.files:
            return tuple(folders)
        files = Volume(type="bucket", source=bucket, mount_path=ARTIFACTS_MOUNT, path=self.content, read_only=False)
        return (*folders, files)

    def send(self, namespace: str, uploader: Uploader) -> None:
        """Bring everything up; again is no harm.

        Raises:
            HubInterrupted: it did not all arrive; no job was sent.
        """
        for folder in self.folders:
            uploader.folder(namespace, folder)
        if self.files:
            uploader.files(f"{namespace}/{_BUCKET}", self.content, self.files)


@dataclass(frozen=True, slots=True)
class HubUploader:
    """Uploads by ``huggingface_hub``, whose transfer protocol is its own.

    Args:
        endpoint: the Hub.
        token: of the Hub; ``None`` is the one that ``huggingface_hub`` finds.
    """

    endpoint: str
    token: str | None = field(default=None, repr=False)

    def files(self, bucket: str, folder: str, files: Mapping[str, Path]) -> None:
        """Bring files into a folder of a bucket; those that are there already stay."""
        from huggingface_hub import HfApi  # noqa: PLC0415 - 300 ms, for those who upload

        api = HfApi(endpoint=self.endpoint, token=self.token)
        wanted = {f"{folder}/{name}": path for name, path in files.items()}
        with _known_errors():
            api.create_bucket(bucket, private=True, exist_ok=True)
            _refuse_public(bucket, private=api.bucket_info(bucket).private)
            there = {one.path for one in api.get_bucket_paths_info(bucket, list(wanted))}
            missing: list[tuple[str | Path | bytes, str]] = [
                (path, name) for name, path in wanted.items() if name not in there
            ]
            if missing:
                api.batch_bucket_files(bucket, add=missing)

    def folder(self, namespace: str, folder: LocalFolder) -> None:
        """Bring a folder into the bucket of a namespace; what has not changed stays."""
        from huggingface_hub import HfApi  # noqa: PLC0415 - as above

        api = HfApi(endpoint=self.endpoint, token=self.token)
        bucket = f"{namespace}/{_BUCKET}"
        with _known_errors():
            api.create_bucket(bucket, private=True, exist_ok=True)
            _refuse_public(bucket, private=api.bucket_info(bucket).private)
            # It tells what it does on standard output, which is the answer's alone.
            with contextlib.redirect_stdout(sys.stderr):
                api.sync_job_volume(
                    folder.source,
                    folder.mount_path,
                    remote_name=folder.remote_name,
                    read_only=folder.read_only,
                    namespace=namespace,
                )


def _refuse_public(bucket: str, *, private: bool | None) -> None:
    if not private:
        raise UsageError(
            f"The bucket {quoted(bucket)} is public, so scripts and data in it would be too.",
            hint="Make it private in its settings on the Hub.",
        )


class _known_errors:  # noqa: N801 - used as a statement
    """Whatever the hub's client raises, as an error of ours: nothing was sent, and nothing is held."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, UsageError) or not isinstance(error, Exception):
            return
        raise HubInterrupted(
            f"The files of the job could not be uploaded ({type(error).__name__}); no job was sent.",
            hint="Try again: what has arrived is not uploaded a second time.",
        ) from error


def volume_parts(spec: str) -> tuple[str, str, str]:
    """Return what a volume is made of, where it is mounted, and ``"ro"`` or ``"rw"``; empty what is not said.

    >>> volume_parts("./data:/data:rw"), volume_parts("hf://acme/model:/model")
    (('./data', '/data', 'rw'), ('hf://acme/model', '/model', ''))
    """
    text, access = (spec[:-3], spec[-2:]) if spec.endswith((":ro", ":rw")) else (spec, "")
    source, colon, mount = text.rpartition(":")
    return (source, mount, access) if colon else (text, "", access)


def read_local_volume(spec: str) -> LocalFolder | None:
    """Return the folder that ``-v FOLDER:/MOUNT[:ro|:rw]`` names, ``None`` where it names none of this machine.

    Raises:
        UsageError: it is no folder, or has no place in the job.

    >>> read_local_volume("hf://buckets/acme/data:/data") is None
    True
    >>> read_local_volume(".:/data:rw").mount_path, read_local_volume(".:/data:rw").read_only
    ('/data', False)
    """
    if spec.startswith("hf://"):
        return None
    forms = "Accepted: FOLDER:/MOUNT[:ro|:rw], or hf://[models|datasets|spaces|buckets/]OWNER/NAME:/MOUNT."
    source, mount, access = volume_parts(spec)
    if not mount.startswith("/"):
        raise UsageError(f"--volume: {quoted(spec)} says no place in the job.", hint=forms)
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise UsageError(f"--volume: {quoted(source)} is no folder of this machine.", hint=forms)
    return LocalFolder(folder.resolve(), mount, access != "rw")
