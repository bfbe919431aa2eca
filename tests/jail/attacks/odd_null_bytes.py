# Reads and writes names with zeros in them.
# expect: exception "embedded null byte"
open("/dev/null\0/etc/shadow")
