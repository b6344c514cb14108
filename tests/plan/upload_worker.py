"""A process that brings files or a folder into the bucket as the program does: ``upload_worker URL TOKEN PATH...``.

With the real ``huggingface_hub`` and ``hf_xet``, whose settings are those of the environment when they are imported. It
says the name under which they lie in the bucket.
"""

import sys
from pathlib import Path

from hfplanner.errors import HfplannerError
from hfplanner.plan.uploads import HubUploader, LocalFolder, Uploads


def main(url: str, token: str, *paths: str) -> int:
    """Bring everything up, and return the exit code."""
    found = [Path(path) for path in paths]
    uploads = Uploads(
        files={path.name: path for path in found if path.is_file()},
        folders=[LocalFolder(path, "/data") for path in found if path.is_dir()],
    )
    try:
        uploads.send("alice", HubUploader(url, token))
    except HfplannerError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    sys.stdout.write(uploads.content if uploads.files else uploads.folders[0].remote_name)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
