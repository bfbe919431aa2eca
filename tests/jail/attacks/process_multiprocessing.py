# Starts a worker process.
# expect: forbidden "the program called fork"
import multiprocessing
import time

multiprocessing.Process(target=time.sleep, args=(999,)).start()
