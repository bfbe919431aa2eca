# Runs other code, which ends well.
# expect: exited "before its tests ended"
exec("import sys\nsys.exit(0)")
