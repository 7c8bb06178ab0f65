"""What others published or we measured of their code, and what we set ourselves, a row a figure.

Figures of others without a source are of our own measurements on the same board: libsodium,
Monocypher and micro-ecc compiled by gcc for RV32IMAC, the rest run by MicroPython.
"""

M = 1_000_000
KB = 1024


class Row:
    """One line: what it is, the figure's name, what is known elsewhere, and our budget.

    A figure meets its budget if it is not above it, or not below it with ``at_least``.
    """

    def __init__(self, what, figure, elsewhere, budget, at_least=False):
        self.what = what
        self.figure = figure
        self.elsewhere = elsewhere
        self.budget = budget
        self.at_least = at_least

    def cells(self, found: dict) -> list:
        """What, elsewhere, budget, ours: as text; ours is a dash where it was not measured."""
        bound = ""
        if self.budget is not None:
            bound = f"{'>=' if self.at_least else '<='} {self.budget:,}"
        ours = f"{found[self.figure]:,}" if self.figure in found else "-"
        if not self.is_met(found):
            ours += " (missed)"
        return [self.what, self.elsewhere or "-", bound or "-", ours]

    def is_met(self, found: dict) -> bool:
        """False only for a figure that was measured and misses its budget."""
        if self.budget is None or self.figure not in found:
            return True
        if self.at_least:
            return found[self.figure] >= self.budget
        return found[self.figure] <= self.budget


ROWS = (
    Row(
        "Ed25519 verify, 150 B, SHA-512 included (instructions)",
        "rv32.ed25519_verify.instructions",
        "libsodium C 2.39 M, Monocypher C 3.07 M, pure25519 on MicroPython 280 M",
        2 * M,
    ),
    Row("Ed25519 public key", "rv32.ed25519_public_key.instructions", "", None),
    Row("Ed25519 sign, 150 B", "rv32.ed25519_sign.instructions", "", None),
    Row(
        "X25519",
        "rv32.x25519.instructions",
        "libsodium C 2.08 M, bignum on MicroPython 45.5 M",
        1_700_000,
    ),
    Row("X25519 public key", "rv32.x25519_public_key.instructions", "", None),
    Row("P-256 public key", "rv32.p256_public_key.instructions", "", None),
    Row(
        "P-256 ECDH",
        "rv32.p256_ecdh.instructions",
        "micro-ecc C 10.1 M, bignum on MicroPython 59.8 M",
        3 * M,
    ),
    Row("P-256 ECDH, peer's key as x alone", "rv32.p256_ecdh_from_x.instructions", "", 3 * M),
    Row("ES256 verify", "rv32.es256_verify.instructions", "", 4_500_000),
    Row("ES256 sign", "rv32.es256_sign.instructions", "", None),
    Row("SHA-512, a block", "rv32.sha512_block.instructions", "", 15_000),
    *(
        Row(
            f"EDHOC {role}, suite {suite}, method {method}",
            f"rv32.edhoc_{role}_suite{suite}_method{method}.instructions",
            "",
            None,
        )
        for suite in (0, 2)
        for method in (3, 0)
        for role in ("initiator", "responder")
    ),
    *(
        Row(
            f"reader's share of a {kind} unlock, {what}{' until the answer' * bool(until)}",
            f"rv32.{kind}_unlock{which}{until}.instructions",
            "",
            budget * M if which == "_joined" else None,
        )
        for kind, until, budget in (
            ("cold", "_until_answer", 12),
            ("cold", "", 16),
            ("warm", "_until_answer", 2),
            ("warm", "", 4),
        )
        for which, what in (
            ("_joined", "joined"),
            ("_joined_suite_2", "joined, suite 2"),
            ("", "ROMFS"),
            ("_suite_2", "ROMFS, suite 2"),
        )
    ),
    Row(
        "heap at the peak of a cold unlock, .mpy files (bytes)",
        "rv32.heap_mpy.cold_unlock_bytes",
        "",
        96 * KB,
    ),
    Row(
        "heap at the peak of a cold unlock, ROMFS",
        "rv32.heap_rom.cold_unlock_bytes",
        "",
        48 * KB,
    ),
    Row(
        "smallest heap of a cold unlock, joined and frozen",
        "rv32.heap_joined.cold_unlock_bytes",
        "",
        96 * KB,
    ),
    Row("machine code for RISC-V (bytes of .mpy)", "rv32.code.bytes", "", 24 * KB),
    Row("machine code for Xtensa (bytes of .mpy)", "xtensa.code.bytes", "", 24 * KB),
    Row(
        "programs and tables, which may stay in flash", "rv32.programs_and_tables.bytes", "", None
    ),
    Row("tables and registers in RAM (bytes)", "rv32.bank.bytes", "", 8 * KB),
    Row("wire, cold unlock (bytes)", "wire.cold_unlock.bytes", "", 600),
    Row("wire, warm unlock", "wire.warm_unlock.bytes", "", 90),
    Row(
        "flash for 10,000 grants, 2,500 with rare fields, and 1,000 groups (bytes)",
        "cache.flash_10k.bytes",
        "Kisi: 1,000 rights and 250 groups in 0.2 MB",
        224 * KB,
    ),
    Row(
        "events kept in 1 MB",
        "events.capacity_1mb.count",
        "EVVA, SAFR: 1,000 to 2,000",
        10_000,
        at_least=True,
    ),
    Row(
        "a change reaches 32 nodes at 10 % loss (s, the slowest of 20)",
        "sync.grant_to_32_nodes.protocol_seconds",
        "Kisi: within minutes",
        5,
    ),
    Row("messages of a node for it", "sync.grant_to_32_nodes.messages", "", None),
    Row("messages of a node in an idle hour", "sync.idle_hour.messages", "", None),
)

HEAD = ("what", "elsewhere", "budget", "ours")


def markdown(found: dict) -> str:
    """The table of README.md."""
    lines = [HEAD, ["---", "---", "---:", "---:"], *(row.cells(found) for row in ROWS)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def text(found: dict) -> str:
    """The same for a terminal."""
    lines = [HEAD, *(row.cells(found) for row in ROWS)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        f"{what:{widths[0]}}  {ours:>{widths[3]}}  {budget:>{widths[2]}}  {elsewhere}".rstrip()
        for what, elsewhere, budget, ours in lines
    )
