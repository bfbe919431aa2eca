# Restarts the machine.
# expect: forbidden "the program called reboot"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.reboot(0x1234567) == -1:
    raise OSError(ctypes.get_errno(), "refused")
