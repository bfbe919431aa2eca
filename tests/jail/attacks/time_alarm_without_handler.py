# Sets an alarm clock that ends it.
# expect: killed "killed by signal 14 (Alarm clock)"
import signal

signal.setitimer(signal.ITIMER_REAL, 0.01)
signal.pause()
