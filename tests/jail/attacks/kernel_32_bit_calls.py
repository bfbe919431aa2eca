# Makes system calls of another architecture, which have other numbers: int 0x80.
# expect: killed "killed by signal 31 (Bad system call)"
import ctypes
import mmap

code = bytes.fromhex("b802000000cd80c3")  # mov eax, 2 (fork); int 0x80; ret
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
