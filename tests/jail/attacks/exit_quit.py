# Ends as one does at the prompt.
# expect: exited|exception "before its tests ended"
def f(x):
    return x + 1


quit()
