# Watches its execution by the events that Python has since 3.12, by a trace function before.
# expect: suspicious ""
import sys

if hasattr(sys, "monitoring"):
    sys.monitoring.use_tool_id(5, "tool")
    sys.monitoring.register_callback(5, sys.monitoring.events.LINE, lambda *arguments: None)
    sys.monitoring.set_events(5, sys.monitoring.events.LINE)
else:
    sys.settrace(lambda *arguments: None)


def f(x):
    return x + 1
