# Is scheduled before everything else.
# expect: forbidden "the program called sched_setscheduler"
import os

os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
