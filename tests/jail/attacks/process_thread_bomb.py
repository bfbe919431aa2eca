# Starts threads until the machine has no room left.
# expect: exception|memory "can't start new thread"
import threading
import time

while True:
    threading.Thread(target=time.sleep, args=(999,), daemon=True).start()
