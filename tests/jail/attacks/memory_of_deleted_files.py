# Takes memory as files that have no name any more.
# expect: exception "Error"
import tempfile

files = []
while True:
    files.append(tempfile.TemporaryFile())
    files[-1].write(bytes(1 << 21))
    files[-1].flush()
