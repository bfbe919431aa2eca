# Takes memory as the stacks of threads.
# expect: exception|memory "Error"
# option: memory=256
import threading
import time

threading.stack_size(1 << 26)
while True:
    threading.Thread(target=time.sleep, args=(999,), daemon=True).start()
