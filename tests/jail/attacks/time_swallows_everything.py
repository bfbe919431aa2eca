# Catches whatever might end it.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import time

while True:
    try:
        time.sleep(99)
    except BaseException:
        pass
    finally:
        continue
