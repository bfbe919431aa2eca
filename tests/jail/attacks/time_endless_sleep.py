# Never ends, and does nothing.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import time

time.sleep(10**6)
