"""
Certificates for servers of tests, made with openssl.
"""

import subprocess
from pathlib import Path


def certificate(folder: Path, name: str, *, days: int = 2) -> tuple[Path, Path]:
    """
    A certificate for `127.0.0.1` that signed itself, and its key.
    """
    pem, key = folder / f"{name}.pem", folder / f"{name}.key"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-days", str(days)]
    subprocess.run(
        ["openssl", *words, "-keyout", str(key), "-out", str(pem)],
        check=True,
        capture_output=True,
        timeout=30,
    )
    return pem, key
