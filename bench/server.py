"""
nginx over one folder, on a port of its own, ended with the context; nothing outside the scratch folder.

nginx is handed a socket that already listens, so there is no port to lose and nothing to wait for.
"""

import os
import re
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import RunFailed

CONFIGURATION = """\
daemon off;
worker_processes 1;
{user}
pid "{scratch}/nginx.pid";
error_log "{scratch}/nginx.log" warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    default_type application/octet-stream;
    client_body_temp_path "{scratch}/nginx-body";
    proxy_temp_path "{scratch}/nginx-proxy";
    fastcgi_temp_path "{scratch}/nginx-fastcgi";
    uwsgi_temp_path "{scratch}/nginx-uwsgi";
    scgi_temp_path "{scratch}/nginx-scgi";
    server {{
        listen 127.0.0.1:{port};
        root "{root}";
    }}
}}
"""
# As root its worker would else become somebody who cannot read the scratch folder.
USER = "user root;" if os.geteuid() == 0 else ""
PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"


def nginx_version() -> tuple[int, ...]:
    said = subprocess.run(
        ["nginx", "-v"], capture_output=True, text=True, check=True, timeout=10, env={"PATH": PATH}
    ).stderr
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else ()


@contextmanager
def served(root: Path, scratch: Path) -> Iterator[str]:
    """
    The URL under which `root` is served.

    Raises:
        RunFailed: nginx did not answer.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        configuration = scratch / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(scratch=scratch, root=root, port=port, user=USER))
        log = scratch / "nginx.log"
        command = ["nginx", "-p", f"{scratch}/", "-c", str(configuration)]
        if nginx_version() >= (1, 19, 5):
            command += ["-e", str(log)]  # else it writes one line to the system's log first
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": PATH, "NGINX": f"{listener.fileno()};"},
            pass_fds=(listener.fileno(),),
        )
    try:
        _prove(f"http://127.0.0.1:{port}/", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _prove(url: str, log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(url, timeout=10).close()
    except urllib.error.HTTPError as answer:
        answer.close()  # it has no index page, but it answers
    except OSError as error:
        said = log.read_text() if log.exists() else ""
        raise RunFailed(f"nginx does not answer at {url}: {error}\n{said}") from error
