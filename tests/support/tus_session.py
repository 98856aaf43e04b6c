"""
A program that uses tuspy as it is on PyPI: an upload in pieces that is left half-way, gone on with by a
client that knows its address only, and one whose pieces have checksums. Prints what it saw as JSON.
Arguments: URL, token, file, size of a piece.
"""

import json
import sys
from typing import Any

import requests
from tusclient import client
from tusclient.exceptions import TusCommunicationError


def main() -> None:
    url, token, file, piece = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    peer = client.TusClient(url, headers={"Authorization": f"Bearer {token}"})
    words: dict[str, Any] = {"file_path": file, "chunk_size": piece}
    begun = peer.uploader(metadata={"name": "custom/left"}, **words)
    begun.upload(stop_at=piece)
    resumed = peer.uploader(url=begun.url, **words)
    went_on_at = resumed.offset
    resumed.upload()
    checked = peer.uploader(metadata={"name": "custom/checked"}, upload_checksum=True, **words)
    checked.upload()
    sys.stdout.write(
        json.dumps(
            {
                "went_on_at": went_on_at,
                "ends": [resumed.offset, checked.offset],
                "places": [begun.url, checked.url],
                "gone": gone(peer, words),
            }
        )
    )


def gone(peer: client.TusClient, words: dict[str, Any]) -> int:
    """
    What a client is told of an upload that was ended by another one.
    """
    ended = peer.uploader(metadata={"name": "custom/ended"}, **words)
    ended.upload(stop_at=words["chunk_size"])
    requests.delete(str(ended.url), headers={**peer.headers, "Tus-Resumable": "1.0.0"}, timeout=20)
    try:
        peer.uploader(url=ended.url, **words).upload()
    except TusCommunicationError as error:
        return int(error.status_code or 0)
    return 200


if __name__ == "__main__":
    main()
