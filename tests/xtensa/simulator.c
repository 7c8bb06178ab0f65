/* An Xtensa core (the part of LX6 and LX7 that compiled Python uses) that runs one function.

   Registers are the windowed file without its end: a window never overflows, because the frames of
   the callers lie further down in an array. What overflow does to memory is kept from being relied
   upon instead: the save areas of a frame (32 bytes at its top) and all below the stack pointer
   may not be touched. simulator.py is the only caller, and says what the numbers mean. */

#include <stdint.h>
#include <string.h>

#include "decode.h"

#define REGION_BITS 20           /* one buffer in each megabyte of the address space */
#define REGIONS (1 << (32 - REGION_BITS))
#define FILE_WORDS 1024
#define RETURN_ADDRESS 0x7ffffffcu /* where the outermost retw goes: no code lies there */
#define SAVE_AREA 32

enum { STOP_DONE, STOP_ILLEGAL, STOP_FETCH, STOP_BOUNDS, STOP_ALIGNMENT, STOP_READ_ONLY,
       STOP_LIMIT, STOP_DEPTH, STOP_STACK };

enum { MAY_READ = 1, MAY_WRITE = 2, IS_CODE = 4, IS_STACK = 8 };

struct region { uint8_t *data; uint32_t start, length, rights; };

struct machine {
    struct region regions[REGIONS];
    uint32_t code_start, code_length;
    struct decoded *decoded;     /* one for each byte of the code, decoded when first executed */
    uint32_t file[FILE_WORDS];
    uint64_t instructions, cycles, limit, trace;
    uint32_t pc, fault_address, stack_top, stack_low, result;
};

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
