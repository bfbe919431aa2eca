# Waits for a lock that it holds itself.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import fcntl

mine, other = open("lock", "w"), open("lock", "w")
fcntl.flock(mine, fcntl.LOCK_EX)
fcntl.flock(other, fcntl.LOCK_EX)
