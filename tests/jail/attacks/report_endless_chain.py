# Fails with more exceptions, each the cause of the next, than anybody can print.
# expect: exception|memory|killed ""
error = ValueError(0)
for number in range(200000):
    cause, error = error, ValueError(number)
    error.__cause__ = cause
raise error
