"""Counts, on the board, the longest step of each part of a handshake, certificates by value."""

import gc

from qemu_rv32 import instructions

from edhoc_sides import C_R, PROFILES, Handshake, ephemeral, phone, reader


def _count(profile, name, steps):
    counts, ended = [], []

    def step():
        try:
            next(steps)
        except StopIteration as end:
            ended.append(end.value)

    while not ended:
        gc.collect()
        counts.append(instructions(step))
    print("STEPS", "%d-%d" % profile, name, len(counts), max(counts), sum(counts))


def main():
    for suite, method in PROFILES:
        profile = suite, method
        done = Handshake(phone("kcwt", (suite,), method), reader("kcwt", suite, method))
        pair = ephemeral("y", suite)
        found_i = done.believed(done.received_3.id_cred_i)
        found_r = done.believed(done.received_2.id_cred_r)
        for name, steps in (
            ("prepare_message_2", done.received_1.prepare_message_2_steps(*pair, C_R)),
            ("parse_message_2", done.wait_2.parse_message_2_steps(done.message_2)),
            ("verify_2", done.received_2.verify_steps(found_r)),
            ("prepare_message_3", done.verified_2.prepare_message_3_steps()),
            ("parse_message_3", done.wait_3.parse_message_3_steps(done.message_3)),
            ("verify_3", done.received_3.verify_steps(found_i)),
        ):
            _count(profile, name, steps)
