"""In which order a reader acts: what somebody waits for comes first."""

INTERPRETERS = ("micropython", "cpython")

from holdfast.storage import files
from memory_phone import Call, Hardware, Phone, cold, make_reader, warm


class _Order(Hardware):
    """Notes in which order: the strike, a chunk to the phone, who was let in, a file written."""

    def __init__(self):
        super().__init__()
        self.order = []

    def pulse(self, ms):
        self.order.append("strike")
        super().pulse(ms)

    def line(self, fields):
        if fields["event"] == "access":
            self.order.append("told")
        super().line(fields)

    def begin(self, link):
        """Note from here on what goes to ``link`` and to files; returns how to stop."""
        real_chunk, real_file = link.write, files.write

        async def write_chunk(chunk):
            if self.order[-1:] != ["answer"]:
                self.order.append("answer")
            await real_chunk(chunk)

        def write_file(path, data):
            self.order.append(path.split("/")[-2])
            real_file(path, data)

        def stop():
            files.write = real_file

        link.write = write_chunk
        files.write = write_file
        return stop


async def test_what_can_wait_for_the_answer_is_written_after_it():
    """Where a write takes 50 ms nobody stands in front of the door for one that may come later,
    nor for a line of the console, which costs as much as opening the request did.
    """
    hardware = _Order()
    reader = make_reader(hardware)
    phone = Phone()
    call = Call(reader)
    stop = hardware.begin(call.link)
    try:
        await cold(reader, phone, call=call)
        assert hardware.order[-5:] == ["strike", "answer", "contexts", "told", "events"]
        await warm(reader, phone, call=call)
        assert hardware.order[-4:] == ["strike", "answer", "told", "events"], hardware.order
        assert hardware.order.count("events") == 2 and hardware.order.count("contexts") == 1
    finally:
        stop()
