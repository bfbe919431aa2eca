# Makes processes with every system call that there is for it.
# expect: suspicious "ctypes"
import ctypes

libc = ctypes.CDLL(None)
FORK, VFORK, CLONE, CLONE3 = 57, 58, 56, 435
SIGCHLD, CLONE_VM, CLONE_PARENT, CLONE_NEWUSER = 17, 0x100, 0x8000, 0x10000000
arguments = (ctypes.c_uint64 * 8)()
got = [libc.syscall(call) for call in (FORK, VFORK)]
got += [
    libc.syscall(CLONE, flags | SIGCHLD, 0, 0, 0, 0)
    for flags in (0, CLONE_PARENT, CLONE_NEWUSER)
]
got.append(libc.syscall(CLONE3, arguments, ctypes.sizeof(arguments)))
assert got == [-1] * 6, got


def f(x):
    return x + 1
