# Catches whatever might end it.
# expect: timeout "timed out after 1 s"
# option: timeout=1
import time

while True:
    try:
        time.sleep(99)
    except BaseException:
        pass
    finally:
        continue
