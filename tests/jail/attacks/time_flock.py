# Waits for a lock that it holds itself.
# expect: timeout "timed out after 1 s"
# option: timeout=1
import fcntl

mine, other = open("lock", "w"), open("lock", "w")
fcntl.flock(mine, fcntl.LOCK_EX)
fcntl.flock(other, fcntl.LOCK_EX)
