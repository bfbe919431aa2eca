# Leaves an event loop running in a thread.
# expect: passed ""
import asyncio
import threading

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever).start()


def f(x):
    return x + 1
