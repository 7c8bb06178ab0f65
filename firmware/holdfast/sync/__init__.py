"""What nodes do for each other: policy, events and time on their way, and who is there.

Machines without a clock, a socket or a task of their own. Each is told what came and what time it
is, in milliseconds of uptime, which never wrap; ``due`` says when it wants to be run next, and
``run`` what there is to be done. node/ does it, and tells what became of it.
"""
