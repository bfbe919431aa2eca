# Fails with an exception whose name holds lines, zeros, escapes and no end.
# expect: exception ""
raise type("A\x1b[2J\npassed\n" + "x" * 10**6, (Exception,), {})("\0\x1b[2J\ud800\u202e")
