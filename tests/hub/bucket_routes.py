"""The routes of buckets, and of the content store behind them, as far as ``huggingface_hub`` 2.4.0 sends files.

``hf_xet`` (1.8) cuts files into chunks, packs them into xorbs and says in shards which file consists of which. The
emulator keeps xorbs and shards as they come, and only looks into a shard for the hash of a file: a bucket takes no file
whose content was not sent. What it does not play: uploads to a URL that is granted, the second version of shards (both
answered 404, so that the client takes the older way), finding chunks that others sent, and reading files back.
"""

import json
import re
import struct
import time
from typing import Any

from tests.hub.buckets import Bucket
from tests.hub.call import Call, Refusal, Route
from tests.hub.clock import iso
from tests.hub.wire import Reply, json_reply

__all__ = ["ROUTES"]

_HASH = re.compile(r"[0-9a-f]{64}")
_LATER_SECS = 3600


def _bucket(call: Call) -> Bucket:
    call.owner()
    found = call.store.buckets.get(_id(call))
    if found is None:
        raise Refusal(404, "Bucket not found")
    return found


def _id(call: Call) -> str:
    return f"{call.parts['ns']}/{call.parts['name']}"


def _url(call: Call, path: str) -> str:
    return f"http://{call.request.header('Host')}{path}"


def _create(call: Call) -> Reply:
    call.owner(write=True)
    asked: dict[str, Any] = json.loads(call.request.body or b"{}")
    url = {"url": _url(call, f"/buckets/{_id(call)}")}
    if _id(call) in call.store.buckets:
        # The client reads the address of this refusal, too.
        return json_reply(409, {"error": "You already created this bucket", **url})
    private = asked.get("visibility", "public") == "private"
    call.store.buckets[_id(call)] = Bucket(private=private, created_ms=call.store.clock.now())
    return json_reply(200, url)


def _info(call: Call) -> Reply:
    bucket = _bucket(call)
    told = {
        "id": _id(call),
        "private": bucket.private,
        "createdAt": iso(bucket.created_ms),
        "size": sum(bucket.sizes.values()),
        "totalFiles": len(bucket.files),
    }
    return json_reply(200, told)


def _file(bucket: Bucket, path: str) -> dict[str, Any]:
    return {"type": "file", "path": path, "size": bucket.sizes[path], "xetHash": bucket.files[path]} | (
        {"mtime": iso(bucket.mtimes[path])} if bucket.mtimes.get(path) else {}
    )


def _paths(call: Call) -> Reply:
    bucket, wanted = _bucket(call), json.loads(call.request.body)["paths"]
    return json_reply(200, [_file(bucket, path) for path in wanted if path in bucket.files])


def _tree(call: Call) -> Reply:
    bucket, prefix = _bucket(call), call.parts.get("prefix", "")
    mine = [path for path in sorted(bucket.files) if not prefix or path.startswith(f"{prefix}/")]
    return json_reply(200, [_file(bucket, path) for path in mine])


def _write_token(call: Call) -> Reply:
    """Return where content goes, and the token for it: the asker's own."""
    call.owner(write=True)
    token = (call.request.header("Authorization") or "").removeprefix("Bearer ")
    # Of the real clock, by which the client tells whether it holds.
    expires = time.time() + _LATER_SECS
    return json_reply(200, {"accessToken": token, "exp": int(expires), "casUrl": _url(call, "/cas")})


def _batch(call: Call) -> Reply:
    """Add and delete files, each by itself; what cannot be is told."""
    bucket, failed = _bucket(call), []
    operations = [json.loads(line) for line in call.request.body.splitlines() if line]
    for one in operations:
        path, xet_hash = one["path"], one.get("xetHash", "")
        if one["type"] == "deleteFile":
            bucket.remove(path)
        elif (size := _size(xet_hash, call.store.shards)) is not None:
            bucket.add(path, xet_hash, size, one.get("mtime"))
        else:
            failed.append({"path": path, "error": "Its content was not uploaded"})
    answer = {"success": not failed, "processed": len(operations), "succeeded": len(operations) - len(failed)}
    return json_reply(422 if len(failed) == len(operations) else 200, answer | {"failed": failed})


def _size(xet_hash: str, shards: list[bytes]) -> int | None:
    """Return the bytes of a file whose content was sent; ``None`` where none was.

    In a shard the hash of a file is followed by how many entries it has, each with the bytes that it stands for.
    """
    if not _HASH.fullmatch(xet_hash):
        return None
    for shard in shards:
        place = shard.find(_packed(xet_hash))
        if place >= 0:
            (entries,) = struct.unpack_from("<I", shard, place + 36)
            return sum(struct.unpack_from("<I", shard, place + 48 * (1 + number) + 36)[0] for number in range(entries))
    return None


def _packed(xet_hash: str) -> bytes:
    """Return a hash as shards have it: four numbers of 64 bits, the lowest byte first."""
    return struct.pack("<4Q", *(int(xet_hash[place : place + 16], 16) for place in range(0, 64, 16)))


def _xorb(call: Call) -> Reply:
    is_new = call.parts["hash"] not in call.store.xorbs
    call.store.xorbs.add(call.parts["hash"])
    return json_reply(200, {"was_inserted": is_new})


def _shard(call: Call) -> Reply:
    call.store.shards.append(call.request.body)
    return json_reply(200, {"result": 1})


def _nothing(_: Call) -> Reply:
    raise Refusal(404, "Not found")


ROUTES = (
    Route("POST", "/api/buckets/{ns}/{name}", _create),
    Route("GET", "/api/buckets/{ns}/{name}", _info),
    Route("POST", "/api/buckets/{ns}/{name}/paths-info", _paths),
    Route("GET", "/api/buckets/{ns}/{name}/tree", _tree),
    Route("GET", "/api/buckets/{ns}/{name}/tree/{prefix}", _tree),
    Route("GET", "/api/buckets/{ns}/{name}/xet-write-token", _write_token),
    Route("POST", "/api/buckets/{ns}/{name}/batch", _batch),
    Route("GET", "/cas/v1/chunks/{prefix}/{hash}", _nothing),
    Route("POST", "/cas/v1/xorb-grants/{prefix}/{hash}", _nothing),
    Route("POST", "/cas/v1/xorbs/{prefix}/{hash}", _xorb),
    Route("POST", "/cas/v2/shards", _nothing),
    Route("POST", "/cas/v1/shards", _shard),
)
