# Ignores and blocks every signal, and never ends.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    pass
