# Fails with what means an end rather than a failure.
# expect: exception "KeyboardInterrupt"
raise KeyboardInterrupt
