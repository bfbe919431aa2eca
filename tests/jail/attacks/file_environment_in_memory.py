# Reads the environment where the process had it from the kernel, behind its arguments.
# expect: suspicious|exception|killed ""
import ctypes

environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
values = []
if environ:
    for entry in environ:
        if entry is None:
            break
        values.append(entry)
stack = ctypes.c_void_p.in_dll(ctypes.CDLL(None), "__libc_stack_end").value
near = ctypes.string_at(stack, 2048)
assert b"LETI_BAIT" not in near and not any(b"LETI_BAIT" in value for value in values)


def f(x):
    return x + 1
