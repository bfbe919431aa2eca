# Ends itself by the signal that no handler catches.
# expect: killed "killed by signal 9 (Killed)"
import os
import signal

for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
    os.kill(os.getpid(), number)
os.kill(os.getpid(), signal.SIGKILL)
