# Loads the library for C under a name that is not its own, and writes where it likes.
# expect: suspicious|exception|killed ""
import _imp
import glob
import sys
import sysconfig
import types

path = glob.glob(sysconfig.get_path("platstdlib") + "/lib-dynload/_ctypes.*.so")[0]
c = _imp.create_dynamic(types.SimpleNamespace(name="package._ctypes", origin=path))


class Byte(c._SimpleCData):
    _type_ = "B"


class Bytes(c._Pointer):
    _type_ = Byte


here = Bytes(Byte(7))
assert here[0] == 7
beyond = here[64]


def f(x):
    return x + 1
