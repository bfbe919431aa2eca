# Makes a device of its own, the machine's first disk.
# expect: exception|forbidden "PermissionError"
import os
import stat

os.mknod("disk", stat.S_IFBLK | 0o666, os.makedev(8, 0))
