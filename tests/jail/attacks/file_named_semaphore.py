# Leaves a named semaphore.
# expect: exception|forbidden "Error"
import multiprocessing

multiprocessing.Semaphore()
