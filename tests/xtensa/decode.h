/* Bytes of Xtensa code to what they mean, for simulator.c. What LX6 and LX7 lack, or the simulator does
   not do (loops without overhead, MAC16, special registers, floating point), is ILLEGAL. */

#include <stdint.h>
#include <string.h>

struct decoded { uint8_t op, r, s, t; int32_t imm; uint8_t length, cost; };

enum op {
    UNDECODED, ILLEGAL,
    ADD, ADDX2, ADDX4, ADDX8, SUB, SUBX2, SUBX4, SUBX8, AND, OR, XOR, NEG, ABS,
    ADDI, MOVI, MOV, NOP, MULL, MULUH, MULSH, MUL16U, MUL16S, QUOU, QUOS, REMU, REMS,
    SSR, SSL, SSA8L, SSA8B, SSAI, SLL, SRL, SRA, SRC, SLLI, SRLI, SRAI, EXTUI, SEXT, CLAMPS,
    NSA, NSAU, MIN, MAX, MINU, MAXU, MOVEQZ, MOVNEZ, MOVLTZ, MOVGEZ,
    L8UI, L16UI, L16SI, L32I, L32R, S8I, S16I, S32I,
    J, JX, CALL0, CALLX0, CALL8, CALLX8, RET, RETW, ENTRY,
    BEQZ, BNEZ, BLTZ, BGEZ, BEQI, BNEI, BLTI, BGEI, BLTUI, BGEUI,
    BNONE, BEQ, BLT, BLTU, BALL, BBC, BBCI, BANY, BNE, BGE, BGEU, BNALL, BBS, BBSI
};

static const int32_t b4const[16] = {-1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256};
static const int32_t b4constu[16] = {32768, 65536, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256};

static int32_t sign(uint32_t value, int bits) {
    return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

/* The encodings are those of the Xtensa ISA reference manual, opcode maps of chapter 7, little
   endian: op0 is bits 0..3, t 4..7, s 8..11, r 12..15, op1 16..19, op2 20..23. */
static void decode_rst0(struct decoded *d, uint32_t op2) {
    static const uint8_t plain[16] = {0, AND, OR, XOR, 0, 0, 0, 0,
                                      ADD, ADDX2, ADDX4, ADDX8, SUB, SUBX2, SUBX4, SUBX8};
    static const uint8_t jumps[16] = {0, 0, 0, 0, 0, 0, 0, 0, RET, RETW, JX, 0, CALLX0, 0, CALLX8, 0};
    if (plain[op2]) {
        d->op = plain[op2];
    } else if (op2 == 0 && d->r == 0) {
        d->op = jumps[d->t];
        if ((d->op == RET || d->op == RETW) && d->s != 0) d->op = ILLEGAL;
    } else if (op2 == 0 && d->r == 2 && d->s == 0) {
        /* isync, rsync, esync, dsync, memw, extw, nop: order, which one core in order keeps anyway */
        d->op = d->t <= 3 || d->t == 12 || d->t == 13 || d->t == 15 ? NOP : ILLEGAL;
    } else if (op2 == 4) {
        if (d->r <= 3 && d->t == 0) {
            static const uint8_t amounts[4] = {SSR, SSL, SSA8L, SSA8B};
            d->op = amounts[d->r];
        } else if (d->r == 4 && d->t <= 1) {
            d->op = SSAI;
            d->imm = d->s | d->t << 4;
        } else if (d->r >= 14) {
            d->op = d->r == 14 ? NSA : NSAU;
        }
    } else if (op2 == 6 && d->s <= 1) {
        d->op = d->s ? ABS : NEG;
    }
}

static void decode_rst1(struct decoded *d, uint32_t op2) {
    switch (op2) {
        case 0: case 1: d->op = SLLI; d->imm = 32 - (d->t | (op2 & 1) << 4); break;
        case 2: case 3: d->op = SRAI; d->imm = d->s | (op2 & 1) << 4; break;
        case 4: d->op = SRLI; d->imm = d->s; break;
        case 8: d->op = SRC; break;
        case 9: d->op = d->s == 0 ? SRL : ILLEGAL; break;
        case 10: d->op = d->t == 0 ? SLL : ILLEGAL; break;
        case 11: d->op = d->s == 0 ? SRA : ILLEGAL; break;
        case 12: d->op = MUL16U; break;
        case 13: d->op = MUL16S; break;
    }
    if (d->op == SLLI && d->imm == 32) d->op = ILLEGAL;
}

static void decode_qrst(struct decoded *d, uint32_t op1, uint32_t op2) {
    static const uint8_t rst2[16] = {0, 0, 0, 0, 0, 0, 0, 0, MULL, 0, MULUH, MULSH, QUOU, QUOS, REMU, REMS};
    static const uint8_t rst3[16] = {0, 0, SEXT, CLAMPS, MIN, MAX, MINU, MAXU, MOVEQZ, MOVNEZ, MOVLTZ,
                                     MOVGEZ, 0, 0, 0, 0};
    switch (op1) {
        case 0: decode_rst0(d, op2); break;
        case 1: decode_rst1(d, op2); break;
        case 2: d->op = rst2[op2]; break;
        case 3: d->op = rst3[op2]; break;
        case 4: case 5:
            d->op = EXTUI;
            d->s |= (op1 & 1) << 4;
            d->imm = (int32_t)((2u << op2) - 1);
            break;
    }
}

static void decode_lsai(struct decoded *d, uint32_t imm8) {
    static const uint8_t ops[16] = {L8UI, L16UI, L32I, 0, S8I, S16I, S32I, 0, 0, L16SI, MOVI, 0, ADDI,
                                    ADDI, 0, 0};
    d->op = ops[d->r];
    switch (d->op) {
        case L8UI: case S8I: d->imm = imm8; break;
        case L16UI: case L16SI: case S16I: d->imm = imm8 << 1; break;
        case L32I: case S32I: d->imm = imm8 << 2; break;
        case MOVI: d->imm = sign((uint32_t)d->s << 8 | imm8, 12); break;
        case ADDI: d->imm = d->r == 12 ? sign(imm8, 8) : sign(imm8, 8) * 256; break;
    }
}

/* Immediates of jumps become addresses here, so that running needs no arithmetic on pc. */
static void decode_si(struct decoded *d, uint32_t word, uint32_t pc) {
    static const uint8_t zero[4] = {BEQZ, BNEZ, BLTZ, BGEZ};
    static const uint8_t constant[4] = {BEQI, BNEI, BLTI, BGEI};
    uint32_t n = word >> 4 & 3, m = word >> 6 & 3, imm8 = word >> 16;
    if (n == 0) {
        d->op = J;
        d->imm = pc + 4 + sign(word >> 6, 18);
    } else if (n == 1) {
        d->op = zero[m];
        d->imm = pc + 4 + sign(word >> 12, 12);
    } else if (n == 2 || m >= 2) {
        d->op = n == 2 ? constant[m] : m == 2 ? BLTUI : BGEUI;
        d->imm = pc + 4 + sign(imm8, 8);
    } else if (m == 0) {
        d->op = ENTRY;
        d->imm = (word >> 12) << 3;
    }
}

static void decode_b(struct decoded *d, uint32_t imm8, uint32_t pc) {
    static const uint8_t ops[16] = {BNONE, BEQ, BLT, BLTU, BALL, BBC, BBCI, BBCI,
                                    BANY, BNE, BGE, BGEU, BNALL, BBS, BBSI, BBSI};
    d->op = ops[d->r];
    if (d->op == BBCI || d->op == BBSI) d->t |= (d->r & 1) << 4;
    d->imm = pc + 4 + sign(imm8, 8);
}

static void decode_narrow(struct decoded *d, uint32_t op0, uint32_t pc) {
    d->length = 2;
    switch (op0) {
        case 8: d->op = L32I; d->imm = d->r << 2; break;
        case 9: d->op = S32I; d->imm = d->r << 2; break;
        case 10: d->op = ADD; break;
        case 11:  /* addi.n names its destination in r; here ADDI's is t */
            d->op = ADDI; d->imm = d->t ? d->t : -1; d->t = d->r; break;
        case 12:
            if (d->t < 8) {  /* movi.n: -32..95, destination in s */
                d->imm = d->t << 4 | d->r;
                if (d->imm >= 96) d->imm -= 128;
                d->op = MOVI; d->t = d->s;
            } else {
                d->op = d->t < 12 ? BEQZ : BNEZ;
                d->imm = pc + 4 + ((d->t & 3) << 4 | d->r);
            }
            break;
        case 13:
            if (d->r == 0) d->op = MOV;
            else if (d->r == 15 && d->s == 0) d->op = d->t == 0 ? RET : d->t == 1 ? RETW : d->t == 3 ? NOP : ILLEGAL;
            break;
    }
}

static void decode(const uint8_t *code, uint32_t length, uint32_t at, uint32_t start, struct decoded *d) {
    uint32_t word = 0, pc = start + at, op0 = code[at] & 15, size = op0 >= 8 && op0 <= 13 ? 2 : 3;
    memset(d, 0, sizeof *d);
    if (at + size > length) { d->op = ILLEGAL; return; }
    memcpy(&word, code + at, size);
    d->length = size;
    d->t = word >> 4 & 15; d->s = word >> 8 & 15; d->r = word >> 12 & 15;
    uint32_t n = word >> 4 & 3;
    switch (op0) {
        case 0: decode_qrst(d, word >> 16 & 15, word >> 20); break;
        case 1: d->op = L32R; d->imm = ((pc + 3) & ~3u) + ((0xffff0000u | word >> 8) << 2); break;
        case 2: decode_lsai(d, word >> 16); break;
        case 5:
            d->op = n == 0 ? CALL0 : n == 2 ? CALL8 : ILLEGAL;
            d->imm = (pc & ~3u) + 4 + ((uint32_t)sign(word >> 6, 18) << 2);
            break;
        case 6: decode_si(d, word, pc); break;
        case 7: decode_b(d, word >> 16, pc); break;
        default: if (size == 2) decode_narrow(d, op0, pc);
    }
    if (d->op == UNDECODED) d->op = ILLEGAL;
}
