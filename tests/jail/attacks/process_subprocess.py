# Starts a program that is to outlive it.
# expect: forbidden "the program called "
import subprocess

subprocess.Popen(["sleep", "999"], start_new_session=True)
