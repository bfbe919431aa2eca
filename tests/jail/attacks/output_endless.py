# Prints for ever.
# expect: output "wrote more than 16 MiB of output"
while True:
    print("x" * 10000)
