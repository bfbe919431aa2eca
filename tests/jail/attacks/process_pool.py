# Starts a pool of worker processes, which need semaphores, too.
# expect: forbidden|exception "Error"
import concurrent.futures

with concurrent.futures.ProcessPoolExecutor() as pool:
    list(pool.map(abs, range(10)))
