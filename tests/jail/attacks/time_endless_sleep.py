# Never ends, and does nothing.
# expect: timeout "timed out after 1 s"
# option: timeout=1
import time

time.sleep(10**6)
