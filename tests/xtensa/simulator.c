/* An Xtensa core (the part of LX6 and LX7 that compiled Python uses) that runs one function.

   Registers are the windowed file without its end: a window never overflows, because the frames of
   the callers lie further down in an array. What overflow does to memory is kept from being relied
   upon instead: the save areas of a frame (32 bytes at its top) and all below the stack pointer
   may not be touched. simulator.py is the only caller, and says what the numbers mean. */

#include <stdint.h>
#include <string.h>

#define REGION_BITS 20           /* one buffer in each megabyte of the address space */
#define REGIONS (1 << (32 - REGION_BITS))
#define FILE_WORDS 1024
#define RETURN_ADDRESS 0x7ffffffcu /* where the outermost retw goes: no code lies there */
#define SAVE_AREA 32

enum { STOP_DONE, STOP_ILLEGAL, STOP_FETCH, STOP_BOUNDS, STOP_ALIGNMENT, STOP_READ_ONLY,
       STOP_LIMIT, STOP_DEPTH, STOP_STACK };

enum { MAY_READ = 1, MAY_WRITE = 2, IS_CODE = 4, IS_STACK = 8 };

struct region { uint8_t *data; uint32_t start, length, rights; };

struct decoded { uint8_t op, r, s, t; int32_t imm; uint8_t length, cost; };

struct machine {
    struct region regions[REGIONS];
    uint32_t code_start, code_length;
    struct decoded *decoded;     /* one for each byte of the code, decoded when first executed */
    uint32_t file[FILE_WORDS];
    uint64_t instructions, cycles, limit, trace;
    uint32_t pc, fault_address, stack_top, stack_low, result;
};

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

/* What an instruction reads and writes, for the estimate of stalls: bit masks of registers. */
static uint32_t reads(const struct decoded *d) {
    uint32_t r = 1u << (d->r & 15), s = 1u << (d->s & 15), t = 1u << (d->t & 15);
    switch (d->op) {
        case MOVI: case NOP: case SSAI: case L32R: case J: case CALL0: case CALL8: return 0;
        case NEG: case ABS: case SRL: case SRA: case SRAI: case SRLI: case EXTUI: return t;
        case RET: case RETW: return 1;
        case S8I: case S16I: case S32I: return s | t;
        case MOVEQZ: case MOVNEZ: case MOVLTZ: case MOVGEZ: return r | s | t;
        case ADD: case ADDX2: case ADDX4: case ADDX8: case SUB: case SUBX2: case SUBX4: case SUBX8:
        case AND: case OR: case XOR: case MULL: case MULUH: case MULSH: case MUL16U: case MUL16S:
        case QUOU: case QUOS: case REMU: case REMS: case SRC: case MIN: case MAX: case MINU: case MAXU:
            return s | t;
        default:
            if (d->op >= BNONE && d->op != BBCI && d->op != BBSI) return s | t;
            return s;
    }
}

static uint32_t late_result(const struct decoded *d) {
    switch (d->op) {
        case MULL: case MULUH: case MULSH: case MUL16U: case MUL16S: return 1u << d->r;
        case L8UI: case L16UI: case L16SI: case L32I: case L32R: return 1u << d->t;
        default: return 0;
    }
}

static void estimate(struct machine *m, const uint8_t *code, uint32_t at, struct decoded *d) {
    struct decoded next;
    uint32_t late = late_result(d);
    d->cost = d->op == QUOU || d->op == QUOS || d->op == REMU || d->op == REMS ? 13 : 1;
    if (late && at + d->length < m->code_length) {
        decode(code, m->code_length, at + d->length, m->code_start, &next);
        if (reads(&next) & late) d->cost += 1;
    }
}

/* A buffer's byte at `address`, or nothing and the reason in `stop`. */
static inline uint8_t *at(struct machine *m, uint32_t address, uint32_t size, uint32_t right,
                          uint32_t stack_pointer, int *stop) {
    struct region *region = &m->regions[address >> REGION_BITS];
    uint32_t offset = address - region->start;
    m->fault_address = address;
    if (address & (size - 1)) { *stop = STOP_ALIGNMENT; return 0; }
    if (address < region->start || offset + size > region->length) { *stop = STOP_BOUNDS; return 0; }
    if (!(region->rights & right)) { *stop = STOP_READ_ONLY; return 0; }
    if (region->rights & (IS_CODE | IS_STACK)) {
        /* Instruction memory answers aligned words only. */
        if (region->rights & IS_CODE && size != 4) { *stop = STOP_ALIGNMENT; return 0; }
        if (region->rights & IS_STACK && (address < stack_pointer || address + size > m->stack_top)) {
            *stop = STOP_STACK;
            return 0;
        }
    }
    return region->data + offset;
}

/* A word of which a part only is in a constant: a chip reads it, since nothing protects less than a
   word. What comes with it is noise. Not for what may be written, nor for code. */
static int constant_word(const struct machine *m, uint32_t address, uint32_t *word) {
    const struct region *region = &m->regions[address >> REGION_BITS];
    uint8_t bytes[4] = {0xa5, 0x5a, 0xa5, 0x5a};
    int there = 0;
    if (address & 3 || region->rights != MAY_READ) return 0;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t offset = address + i - region->start;
        if (address + i >= region->start && offset < region->length) {
            bytes[i] = region->data[offset];
            there = 1;
        }
    }
    memcpy(word, bytes, 4);
    return there;
}

/* What somebody with a clock and an eye on the memory bus might see: where code went, what it read
   and wrote. Two runs that agree here (FNV's mixing, on whole words) took the same way. */
static inline uint64_t traced(uint64_t trace, uint32_t address) {
    trace = (trace ^ address) * 0x100000001b3u;
    return trace ^ trace >> 29;
}

#define FAULT(reason) do { stop = (reason); goto out; } while (0)
#define LOAD(type, size) do { \
        type loaded; \
        trace = traced(trace, a[d->s] + d->imm); \
        const uint8_t *p = at(m, a[d->s] + d->imm, size, MAY_READ, a[1], &stop); \
        if (!p) goto out; \
        memcpy(&loaded, p, size); \
        a[d->t] = (uint32_t)(int32_t)loaded; \
    } while (0)
#define STORE(type, size) do { \
        type stored = (type)a[d->t]; \
        trace = traced(trace, a[d->s] + d->imm); \
        uint8_t *p = at(m, a[d->s] + d->imm, size, MAY_WRITE, a[1], &stop); \
        if (!p) goto out; \
        memcpy(p, &stored, size); \
    } while (0)
/* A taken branch refills the pipeline: two cycles more. */
#define GO(address) do { \
        next = (address); \
        trace = traced(trace, next); \
        cycles += 2; \
        if (n > m->limit) FAULT(STOP_LIMIT); \
    } while (0)
#define BRANCH(condition) do { if (condition) GO((uint32_t)d->imm); } while (0)

/* Runs from m->pc, in the window that file[8] begins (as after call8 out of window 0, whose a8 has
   the return address). Its result is why it stopped; m has the counts, the place and the result. */
int simulator_run(struct machine *m) {
    int stop = STOP_DONE;
    uint32_t base = 0, sar = 0, increment = 2, pc = m->pc, next = pc;
    uint32_t *a = m->file;
    uint32_t word;
    uint64_t n = 0, cycles = 0, trace = 0;
    const struct region *code = &m->regions[m->code_start >> REGION_BITS];
    m->stack_low = a[1];
    a[8] = (RETURN_ADDRESS & 0x3fffffffu) | 2u << 30;
    for (;;) {
        pc = next;
        uint32_t offset = pc - m->code_start;
        if (offset >= m->code_length) {
            if (pc == ((RETURN_ADDRESS & 0x3fffffffu) | (m->code_start & 0xc0000000u)) && base == 0)
                break;
            FAULT(STOP_FETCH);
        }
        struct decoded *d = &m->decoded[offset];
        if (d->op == UNDECODED) {
            decode(code->data, m->code_length, offset, m->code_start, d);
            estimate(m, code->data, offset, d);
        }
        next = pc + d->length;
        n++;
        cycles += d->cost;
        switch (d->op) {
            case ADD: a[d->r] = a[d->s] + a[d->t]; break;
            case ADDX2: a[d->r] = (a[d->s] << 1) + a[d->t]; break;
            case ADDX4: a[d->r] = (a[d->s] << 2) + a[d->t]; break;
            case ADDX8: a[d->r] = (a[d->s] << 3) + a[d->t]; break;
            case SUB: a[d->r] = a[d->s] - a[d->t]; break;
            case SUBX2: a[d->r] = (a[d->s] << 1) - a[d->t]; break;
            case SUBX4: a[d->r] = (a[d->s] << 2) - a[d->t]; break;
            case SUBX8: a[d->r] = (a[d->s] << 3) - a[d->t]; break;
            case AND: a[d->r] = a[d->s] & a[d->t]; break;
            case OR: a[d->r] = a[d->s] | a[d->t]; break;
            case XOR: a[d->r] = a[d->s] ^ a[d->t]; break;
            case NEG: a[d->r] = 0u - a[d->t]; break;
            case ABS: a[d->r] = a[d->t] >> 31 ? 0u - a[d->t] : a[d->t]; break;
            case ADDI: a[d->t] = a[d->s] + d->imm; break;
            case MOVI: a[d->t] = d->imm; break;
            case MOV: a[d->t] = a[d->s]; break;
            case NOP: break;
            case MULL: a[d->r] = a[d->s] * a[d->t]; break;
            case MULUH: a[d->r] = (uint64_t)a[d->s] * a[d->t] >> 32; break;
            case MULSH: a[d->r] = (uint64_t)((int64_t)(int32_t)a[d->s] * (int32_t)a[d->t]) >> 32; break;
            case MUL16U: a[d->r] = (a[d->s] & 0xffff) * (a[d->t] & 0xffff); break;
            case MUL16S: a[d->r] = (int16_t)a[d->s] * (int16_t)a[d->t]; break;
            case QUOU: case REMU: case QUOS: case REMS: {
                uint32_t x = a[d->s], y = a[d->t];
                if (y == 0) FAULT(STOP_ILLEGAL);
                if (d->op == QUOU) a[d->r] = x / y;
                else if (d->op == REMU) a[d->r] = x % y;
                else if (y == 0xffffffffu) a[d->r] = d->op == QUOS ? 0u - x : 0;
                else a[d->r] = d->op == QUOS ? (int32_t)x / (int32_t)y : (int32_t)x % (int32_t)y;
                break;
            }
            case SSR: sar = a[d->s] & 31; break;
            case SSL: sar = 32 - (a[d->s] & 31); break;
            case SSA8L: sar = (a[d->s] & 3) * 8; break;
            case SSA8B: sar = 32 - (a[d->s] & 3) * 8; break;
            case SSAI: sar = d->imm; break;
            case SLL: a[d->r] = (uint64_t)a[d->s] << 32 >> sar; break;
            case SRL: a[d->r] = (uint64_t)a[d->t] >> sar; break;
            case SRA: a[d->r] = (int64_t)(int32_t)a[d->t] >> sar; break;
            case SRC: a[d->r] = ((uint64_t)a[d->s] << 32 | a[d->t]) >> sar; break;
            case SLLI: a[d->r] = a[d->s] << d->imm; break;
            case SRLI: a[d->r] = a[d->t] >> d->imm; break;
            case SRAI: a[d->r] = (int32_t)a[d->t] >> d->imm; break;
            case EXTUI: a[d->r] = a[d->t] >> d->s & (uint32_t)d->imm; break;
            case SEXT: a[d->r] = sign(a[d->s], d->t + 8); break;
            case CLAMPS: {
                int32_t top = (1 << (d->t + 7)) - 1, x = a[d->s];
                a[d->r] = x > top ? top : x < -top - 1 ? -top - 1 : x;
                break;
            }
            case NSAU: a[d->t] = a[d->s] ? __builtin_clz(a[d->s]) : 32; break;
            case NSA: {
                uint32_t x = a[d->s] ^ (uint32_t)((int32_t)a[d->s] >> 31);
                a[d->t] = x ? __builtin_clz(x) - 1 : 31;
                break;
            }
            case MIN: a[d->r] = (int32_t)a[d->s] < (int32_t)a[d->t] ? a[d->s] : a[d->t]; break;
            case MAX: a[d->r] = (int32_t)a[d->s] < (int32_t)a[d->t] ? a[d->t] : a[d->s]; break;
            case MINU: a[d->r] = a[d->s] < a[d->t] ? a[d->s] : a[d->t]; break;
            case MAXU: a[d->r] = a[d->s] < a[d->t] ? a[d->t] : a[d->s]; break;
            case MOVEQZ: if (a[d->t] == 0) a[d->r] = a[d->s]; break;
            case MOVNEZ: if (a[d->t] != 0) a[d->r] = a[d->s]; break;
            case MOVLTZ: if ((int32_t)a[d->t] < 0) a[d->r] = a[d->s]; break;
            case MOVGEZ: if ((int32_t)a[d->t] >= 0) a[d->r] = a[d->s]; break;

            case L8UI: LOAD(uint8_t, 1); break;
            case L16UI: LOAD(uint16_t, 2); break;
            case L16SI: LOAD(int16_t, 2); break;
            case L32I:
                if (constant_word(m, a[d->s] + d->imm, &word)) {
                    trace = traced(trace, a[d->s] + d->imm);
                    a[d->t] = word;
                    break;
                }
                LOAD(uint32_t, 4);
                break;
            case L32R: {
                const uint8_t *p = at(m, d->imm, 4, MAY_READ, a[1], &stop);
                if (!p) goto out;
                memcpy(&a[d->t], p, 4);
                break;
            }
            case S8I: STORE(uint8_t, 1); break;
            case S16I: STORE(uint16_t, 2); break;
            case S32I: STORE(uint32_t, 4); break;

            case J: GO((uint32_t)d->imm); break;
            case JX: GO(a[d->s]); break;
            case CALL0: a[0] = next; GO((uint32_t)d->imm); break;
            case CALLX0: { uint32_t target = a[d->s]; a[0] = next; GO(target); break; }
            case CALL8: case CALLX8: {
                uint32_t target = d->op == CALL8 ? (uint32_t)d->imm : a[d->s];
                a[8] = (next & 0x3fffffffu) | 2u << 30;
                increment = 2;
                GO(target);
                break;
            }
            case ENTRY: {
                uint32_t lower = a[d->s] - d->imm;
                base += 4 * increment;
                if (base + 16 > FILE_WORDS) FAULT(STOP_DEPTH);
                if (lower < m->stack_low) m->stack_low = lower;
                a = m->file + base;
                a[d->s] = lower;
                break;
            }
            case RET: GO(a[0]); break;
            case RETW: {
                uint32_t back = 4 * (a[0] >> 30);
                if (back != 8 || back > base) FAULT(STOP_DEPTH);
                GO((a[0] & 0x3fffffffu) | (pc & 0xc0000000u));
                base -= back;
                a = m->file + base;
                break;
            }
            case BEQZ: BRANCH(a[d->s] == 0); break;
            case BNEZ: BRANCH(a[d->s] != 0); break;
            case BLTZ: BRANCH((int32_t)a[d->s] < 0); break;
            case BGEZ: BRANCH((int32_t)a[d->s] >= 0); break;
            case BEQI: BRANCH((int32_t)a[d->s] == b4const[d->r]); break;
            case BNEI: BRANCH((int32_t)a[d->s] != b4const[d->r]); break;
            case BLTI: BRANCH((int32_t)a[d->s] < b4const[d->r]); break;
            case BGEI: BRANCH((int32_t)a[d->s] >= b4const[d->r]); break;
            case BLTUI: BRANCH(a[d->s] < (uint32_t)b4constu[d->r]); break;
            case BGEUI: BRANCH(a[d->s] >= (uint32_t)b4constu[d->r]); break;
            case BNONE: BRANCH((a[d->s] & a[d->t]) == 0); break;
            case BANY: BRANCH((a[d->s] & a[d->t]) != 0); break;
            case BALL: BRANCH((~a[d->s] & a[d->t]) == 0); break;
            case BNALL: BRANCH((~a[d->s] & a[d->t]) != 0); break;
            case BEQ: BRANCH(a[d->s] == a[d->t]); break;
            case BNE: BRANCH(a[d->s] != a[d->t]); break;
            case BLT: BRANCH((int32_t)a[d->s] < (int32_t)a[d->t]); break;
            case BGE: BRANCH((int32_t)a[d->s] >= (int32_t)a[d->t]); break;
            case BLTU: BRANCH(a[d->s] < a[d->t]); break;
            case BGEU: BRANCH(a[d->s] >= a[d->t]); break;
            case BBC: BRANCH(!(a[d->s] >> (a[d->t] & 31) & 1)); break;
            case BBS: BRANCH(a[d->s] >> (a[d->t] & 31) & 1); break;
            case BBCI: BRANCH(!(a[d->s] >> d->t & 1)); break;
            case BBSI: BRANCH(a[d->s] >> d->t & 1); break;
            default: FAULT(STOP_ILLEGAL);
        }
    }
out:
    m->pc = pc;
    m->instructions = n;
    m->cycles = cycles;
    m->trace = trace;
    m->result = m->file[10];
    return stop;
}

uint32_t simulator_size(void) { return sizeof(struct machine); }
uint32_t simulator_decoded_size(void) { return sizeof(struct decoded); }
