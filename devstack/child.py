"""Becomes another program that ends when its supervisor ends.

Run as a script, isolated and without site packages, so that it costs some 20 ms:
``python -I -S child.py PARENT_PID DEATH_SIGNAL USER COMMAND…`` (USER may be empty).

Linux tells a process of its parent's death when it asked for that (PR_SET_PDEATHSIG). The wish is lost when a process
changes its user, hence it is made here, after the change and just before the program starts. Elsewhere nothing is
asked, and the next ``up`` finds and ends what was left behind.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(arguments: list[str]) -> None:
    """Change the user, ask for the death signal, become the command."""
    parent, death_signal, user, *command = arguments
    library = ctypes.CDLL(None)  # Before the change of user, who may not be able to read Python's own folders.
    if user:
        become_user(user)
    if sys.platform == "linux":
        library.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit(1)  # The supervisor died before the wish was made.
    os.execvp(command[0], command)  # noqa: S606 The command comes from the supervisor.


def become_user(name: str) -> None:
    """Give up root for the named system user."""
    entry = pwd.getpwnam(name)
    os.initgroups(name, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    main(sys.argv[1:])
