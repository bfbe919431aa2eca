# Looks through the memory of the harness for where results are written, and writes there that the
# harness is at fault, whose programs are judged once more.
# expect: exited|suspicious|killed|exception ""
import ctypes
import os


BROKEN = 12  # the last of the endings


class Info(ctypes.Structure):
    _fields_ = [
        ("address", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
        ("headers", ctypes.c_void_p),
        ("count", ctypes.c_uint16),
    ]


class Header(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint32 if name in ("type", "flags") else ctypes.c_uint64)
        for name in ("type", "flags", "offset", "address", "physical", "size", "memory", "align")
    ]


segments = []


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Info), ctypes.c_size_t, ctypes.c_void_p)
def visit(info, size, data):
    info = info.contents
    if b"evaluator" in (info.name or b"") or b"leti" in (info.name or b""):
        headers = ctypes.cast(info.headers, ctypes.POINTER(Header))
        for number in range(info.count):
            if headers[number].type == 1 and headers[number].flags & 2:
                segments.append((info.address + headers[number].address, headers[number].memory))
    return 0


ctypes.CDLL(None).dl_iterate_phdr(visit, None)
reads, writes = os.pipe()
for start, size in segments:
    for place in range((start + 7) & ~7, start + size - 7, 8):
        pointer = ctypes.c_uint64.from_address(place).value
        if pointer == 0 or pointer & 4095 or pointer >> 47:
            continue
        if ctypes.CDLL(None).write(writes, ctypes.c_void_p(pointer), 8) != 8:
            continue
        if os.read(reads, 8) == bytes(8):
            for ending in range(20, 4, -1):
                ctypes.c_uint32.from_address(pointer).value = ending
                if ending == BROKEN:
                    os._exit(0)
os._exit(0)
