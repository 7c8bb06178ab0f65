"""One side of one of aioble's own tests: multitest_instance.py TEST 0|1 [BESIDE]

TEST is a file of aioble's multitests. With BESIDE our GATT service is registered as well.
"""

import sys

import aioble


class multitest:
    @staticmethod
    def next():
        print("NEXT")
        sys.stdin.readline()

    @staticmethod
    def broadcast(message):
        print("BROADCAST", message)

    @staticmethod
    def wait(message):
        while sys.stdin.readline().strip() != "BROADCAST " + message:
            pass

    @staticmethod
    def globals(**named):
        for name in named:
            print("SET %s = %r" % (name, named[name]))


def _beside():
    from holdfast.hal.esp32.ble import Ble
    from holdfast.link.gatt.service import Service

    ours = Service(Ble("Holdfast"))._service
    register = aioble.register_services
    aioble.register_services = lambda *services: register(ours, *services)


if len(sys.argv) > 3:
    _beside()
space = {"multitest": multitest, "__name__": "multitest"}
with open(sys.argv[1]) as file:
    exec(file.read(), space)
print("READY")
while True:
    line = sys.stdin.readline().strip()
    if line == "START":
        break
    exec(line, space)
space["instance" + sys.argv[2]]()
print("END")
