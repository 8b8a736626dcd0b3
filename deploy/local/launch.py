"""Becomes another program that dies with its parent: `launch.py SIGNAL PARENT ACCOUNT PROGRAM…`.

A separate step, because the kernel forgets the wish when the account changes: the order is
account, wish, program.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def become(account: str) -> None:
    """Give up root for `account`; an empty name keeps who we are."""
    if account:
        entry = pwd.getpwnam(account)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)


def die_with_parent(death_signal: int, parent: int) -> None:
    """Ask Linux for `death_signal` when `parent` ends; elsewhere the parent's own stop must do."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, death_signal) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
        if os.getppid() != parent:
            sys.exit("the parent ended before its child began")


if __name__ == "__main__":
    become(sys.argv[3])
    die_with_parent(int(sys.argv[1]), int(sys.argv[2]))
    os.execvp(sys.argv[4], sys.argv[4:])
