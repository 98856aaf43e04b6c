"""
What is taken out of a root before it becomes an image: this machine's traces and what differs each time.

Shell lines, run with the root's path as `$1`. Pure: they are only named here.
"""

SETTINGS = 'rm -f "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap'
IDENTITY = ': > "$1"/etc/machine-id; rm -f "$1"/var/lib/dbus/machine-id "$1"/var/lib/systemd/random-seed'
# 644 whatever the umask or the files they replace
NAMES = (
    'rm -f "$1"/etc/hostname "$1"/etc/resolv.conf; '
    'echo localhost > "$1"/etc/hostname; : > "$1"/etc/resolv.conf; '
    'chmod 644 "$1"/etc/hostname "$1"/etc/resolv.conf "$1"/etc/machine-id'
)
KEYS = 'rm -f "$1"/etc/ssh/ssh_host_*'
# The kernel's package leaves links to an initrd that we do not make inside the image.
DANGLING = 'for link in initrd.img initrd.img.old; do [ -e "$1/$link" ] || rm -f "$1/$link"; done'
# `find` insists on a folder it can come back to
LOGS = 'cd "$1"/var/log; find . -type f -name "*.log*" -delete; find . -type f -exec truncate -s 0 {} +'
BACKUPS = (
    'rm -f "$1"/var/cache/debconf/*-old "$1"/var/lib/dpkg/*-old '
    '"$1"/var/cache/apt/*.bin "$1"/var/cache/apt/archives/lock "$1"/var/cache/ldconfig/aux-cache'
)

LINES = (SETTINGS, IDENTITY, NAMES, KEYS, DANGLING, LOGS, BACKUPS)
