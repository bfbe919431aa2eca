# Replaces the codecs by which texts get in and out.
# expect: exception "ZeroDivisionError"
import codecs


def search(name):
    return codecs.CodecInfo(lambda *arguments: (b"passed", 6), lambda *arguments: ("passed", 6))


codecs.register(search)
for name in ("strict", "backslashreplace", "surrogateescape"):
    codecs.register_error(name, lambda error: ("", error.end))
1 / 0
