# Takes one processor for itself.
# expect: forbidden "the program called sched_setaffinity"
import os

os.sched_setaffinity(0, {0})
