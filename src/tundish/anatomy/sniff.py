"""
What a file really is, against what it is called.
"""

_BOOT_FLAG, _BOOT_FLAG_AT = b"\x55\xaa", 0x1FE
_KERNEL_MAGIC, _KERNEL_MAGIC_AT = b"HdrS", 0x202
_LOADED_HIGH, _LOAD_FLAGS_AT = 0x01, 0x211


def is_bzimage(head: bytes) -> bool:
    """
    Whether these first bytes (530 or more) are of an x86 Linux kernel that loads high.
    """
    return (
        len(head) > _LOAD_FLAGS_AT
        and head[_BOOT_FLAG_AT : _BOOT_FLAG_AT + 2] == _BOOT_FLAG
        and head[_KERNEL_MAGIC_AT : _KERNEL_MAGIC_AT + 4] == _KERNEL_MAGIC
        and bool(head[_LOAD_FLAGS_AT] & _LOADED_HIGH)
    )


def is_squashfs(head: bytes) -> bool:
    return head.startswith(b"hsqs")
