// AES (FIPS 197) without tables and without branches on secrets: its time and its memory accesses do not
// depend on key or data.
//
// Bitsliced: word i of a state holds bit i of every byte of two blocks, and the S-box is a circuit that
// works on all 32 bytes at once: "A small depth-16 circuit for the AES S-box", Boyar and Peralta, 2011. The
// order of the bits, in which ShiftRows and MixColumns are shifts and rotations, is that of Thomas
// Pornin's BearSSL (MIT).
#pragma GCC optimize ("O3")
#include <string.h>
#include "mbedtls/aes.h"

typedef uint32_t state_t[8];

#define SWAP(mask, shift, x, y) do { \
        uint32_t a = (x), b = (y); \
        (x) = (a & (mask)) | (b & (mask)) << (shift); \
        (y) = (a & ~(mask)) >> (shift) | (b & ~(mask)); \
} while (0)

// Words in order <-> bitsliced; its own inverse.
static void transpose(state_t q) {
    for (int i = 0; i < 8; i += 2) {
        SWAP(0x55555555u, 1, q[i], q[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        SWAP(0x33333333u, 2, q[i], q[i + 2]);
        SWAP(0x33333333u, 2, q[i + 1], q[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        SWAP(0x0f0f0f0fu, 4, q[i], q[i + 4]);
    }
}

static inline __attribute__((always_inline)) void sub_bytes(state_t q) {
    uint32_t x0 = q[7], x1 = q[6], x2 = q[5], x3 = q[4], x4 = q[3], x5 = q[2], x6 = q[1], x7 = q[0];

    // Top linear transformation.
    uint32_t y14 = x3 ^ x5, y13 = x0 ^ x6, y9 = x0 ^ x3, y8 = x0 ^ x5, t0 = x1 ^ x2;
    uint32_t y1 = t0 ^ x7, y4 = y1 ^ x3, y12 = y13 ^ y14, y2 = y1 ^ x0, y5 = y1 ^ x6, y3 = y5 ^ y8;
    uint32_t t1 = x4 ^ y12, y15 = t1 ^ x5, y20 = t1 ^ x1, y6 = y15 ^ x7, y10 = y15 ^ t0;
    uint32_t y11 = y20 ^ y9, y7 = x7 ^ y11, y17 = y10 ^ y11, y19 = y10 ^ y8, y16 = t0 ^ y11;
    uint32_t y21 = y13 ^ y16, y18 = x0 ^ y16;

    // The inversion.
    uint32_t t2 = y12 & y15, t4 = (y3 & y6) ^ t2, t6 = (y4 & x7) ^ t2, t7 = y13 & y16;
    uint32_t t9 = (y5 & y1) ^ t7, t11 = (y2 & y7) ^ t7, t12 = y9 & y11, t14 = (y14 & y17) ^ t12;
    uint32_t t16 = (y8 & y10) ^ t12;
    uint32_t t21 = t4 ^ t14 ^ y20, t22 = t6 ^ t16 ^ y19, t23 = t9 ^ t14 ^ y21, t24 = t11 ^ t16 ^ y18;
    uint32_t t25 = t21 ^ t22, t26 = t21 & t23, t27 = t24 ^ t26, t29 = (t25 & t27) ^ t22;
    uint32_t t33 = ((t22 ^ t26) & (t23 ^ t24)) ^ t24, t36 = t24 & (t27 ^ t33);
    uint32_t t37 = t36 ^ t23 ^ t33, t40 = t25 ^ (t29 & (t27 ^ t36));
    uint32_t t41 = t40 ^ t37, t42 = t29 ^ t33, t43 = t29 ^ t40, t44 = t33 ^ t37, t45 = t42 ^ t41;
    uint32_t z0 = t44 & y15, z1 = t37 & y6, z2 = t33 & x7, z3 = t43 & y16, z4 = t40 & y1, z5 = t29 & y7;
    uint32_t z6 = t42 & y11, z7 = t45 & y17, z8 = t41 & y10, z9 = t44 & y12, z10 = t37 & y3;
    uint32_t z11 = t33 & y4, z12 = t43 & y13, z13 = t40 & y5, z14 = t29 & y2, z15 = t42 & y9;
    uint32_t z16 = t45 & y14, z17 = t41 & y8;

    // Bottom linear transformation.
    uint32_t t46 = z15 ^ z16, t48 = z5 ^ z13, t53 = z0 ^ z3, t54 = z6 ^ z7, t57 = z2 ^ z12 ^ t53;
    uint32_t t58 = z4 ^ t46, t59 = z3 ^ t54, t62 = z7 ^ z8 ^ t58, t63 = z9 ^ z10 ^ t58, t64 = z4 ^ t59;
    uint32_t t65 = z14 ^ t57 ^ t62, t66 = z1 ^ t63, s3 = t53 ^ t66;
    q[7] = t59 ^ t63;
    q[6] = t64 ^ ~s3;
    q[5] = z16 ^ z17 ^ ~(t64 ^ t65);
    q[4] = s3;
    q[3] = z2 ^ z5 ^ t66;
    q[2] = z10 ^ z11 ^ t65;
    q[1] = z12 ^ t48 ^ ~t62;
    q[0] = t48 ^ ~(t46 ^ t57);
}

// The S-box's affine part, undone. With it on both sides, the S-box is its own inverse.
static void undo_affine(state_t q) {
    uint32_t q0 = ~q[0], q1 = ~q[1], q2 = q[2], q3 = q[3], q4 = q[4], q5 = ~q[5], q6 = ~q[6], q7 = q[7];
    q[7] = q1 ^ q4 ^ q6;
    q[6] = q0 ^ q3 ^ q5;
    q[5] = q7 ^ q2 ^ q4;
    q[4] = q6 ^ q1 ^ q3;
    q[3] = q5 ^ q0 ^ q2;
    q[2] = q4 ^ q7 ^ q1;
    q[1] = q3 ^ q6 ^ q0;
    q[0] = q2 ^ q5 ^ q7;
}

static inline __attribute__((always_inline)) void shift_rows(state_t q) {
    // A row is a byte of each word. Rows 2 and 3 turn by half, then rows 1 and 3 by a quarter.
    for (int i = 0; i < 8; i++) {
        uint32_t x = q[i], half = (x >> 4 ^ x) & 0x0f0f0000u;
        x ^= half | half << 4;
        q[i] = (x & 0x00ff00ffu) | (x >> 2 & 0x3f003f00u) | (x << 6 & 0xc000c000u);
    }
}

static uint32_t rotated(uint32_t x, unsigned bits) {
    return x >> bits | x << (32 - bits);
}

static inline __attribute__((always_inline)) void mix_columns(state_t q) {
    state_t below, sum;
    for (int i = 0; i < 8; i++) {
        below[i] = rotated(q[i], 8);
        sum[i] = q[i] ^ below[i];
    }
    for (int i = 0; i < 8; i++) {
        q[i] = below[i] ^ rotated(sum[i], 16) ^ (i ? sum[i - 1] : 0);
        if (i == 0 || i == 1 || i == 3 || i == 4) {
            q[i] ^= sum[7]; // x^8 = x^4 + x^3 + x + 1
        }
    }
}

// To the first block alone, whose bits are at the even places; the second is nothing.
static inline __attribute__((always_inline)) void add_round_key(state_t q, const uint32_t key[4]) {
    for (int i = 0; i < 4; i++) {
        q[2 * i] ^= key[i];
        q[2 * i + 1] ^= key[i] >> 1;
    }
}

// The key that was used last, expanded: no cipher's object has to have room for that in one piece, and two
// ciphers with one key, as CCM has, expand it once.
static struct {
    mbedtls_aes_context aes;
    // Bitsliced, for one block: of two words each, which have their bits at the even places.
    uint32_t round_keys[15][4];
} expanded;

static void encrypt(unsigned rounds, state_t state) {
    state_t q;
    transpose(state);
    memcpy(q, state, sizeof(q));
    add_round_key(q, expanded.round_keys[0]);
    for (unsigned round = 1; round <= rounds; round++) {
        sub_bytes(q);
        shift_rows(q);
        if (round < rounds) {
            mix_columns(q);
        }
        add_round_key(q, expanded.round_keys[round]);
    }
    transpose(q);
    memcpy(state, q, sizeof(q));
}

// No part of the firmware decrypts a block (CCM encrypts both ways), so this is short and not fast: ShiftRows
// and MixColumns are undone by three times more of the same, their fourth power being nothing.
static void decrypt(unsigned rounds, state_t q) {
    transpose(q);
    for (unsigned round = rounds; round > 0; round--) {
        add_round_key(q, expanded.round_keys[round]);
        for (int i = 0; i < 3 && round < rounds; i++) {
            mix_columns(q);
        }
        for (int i = 0; i < 3; i++) {
            shift_rows(q);
        }
        undo_affine(q);
        sub_bytes(q);
        undo_affine(q);
    }
    add_round_key(q, expanded.round_keys[0]);
    transpose(q);
}

static uint32_t substituted(uint32_t word) {
    state_t q = { word };
    transpose(q);
    sub_bytes(q);
    transpose(q);
    return q[0];
}

void mbedtls_aes_init(mbedtls_aes_context *aes) {
    memset(aes, 0, sizeof(*aes));
}

static void expand(const mbedtls_aes_context *aes) {
    unsigned key_words = aes->rounds - 6, constant = 1;
    uint32_t words[60];
    memset(&expanded, 0, sizeof(expanded)); // a shorter key has fewer rounds: nothing of a longer one stays
    memcpy(words, aes->key, key_words * 4);
    for (unsigned i = key_words; i < 4 * (aes->rounds + 1); i++) {
        uint32_t word = words[i - 1];
        if (i % key_words == 0) {
            word = substituted(rotated(word, 8)) ^ constant;
            constant = (constant << 1) ^ (constant & 0x80 ? 0x11b : 0);
        } else if (key_words > 6 && i % key_words == 4) {
            word = substituted(word);
        }
        words[i] = words[i - key_words] ^ word;
    }
    for (unsigned round = 0; round <= aes->rounds; round++) {
        state_t q = { 0 };
        for (int i = 0; i < 4; i++) {
            q[2 * i] = words[4 * round + i];
        }
        transpose(q);
        for (int i = 0; i < 4; i++) {
            expanded.round_keys[round][i] = q[2 * i] | q[2 * i + 1] << 1;
        }
    }
    expanded.aes = *aes;
    memset(words, 0, sizeof(words));
    __asm__ volatile ("" : : "r" (words) : "memory"); // else nobody reads the zeros, and they are not written
}

// Whether it is the same key shows in the time that this takes; how far it is, does not.
static void need(const mbedtls_aes_context *aes) {
    uint32_t differs = expanded.aes.rounds ^ aes->rounds;
    for (int i = 0; i < 8; i++) {
        differs |= expanded.aes.key[i] ^ aes->key[i];
    }
    if (differs) {
        expand(aes);
    }
}

int mbedtls_aes_setkey_enc(mbedtls_aes_context *aes, const unsigned char *key, unsigned bits) {
    memset(aes, 0, sizeof(*aes));
    aes->rounds = bits / 32 + 6;
    memcpy(aes->key, key, bits / 8);
    return 0;
}

int mbedtls_aes_setkey_dec(mbedtls_aes_context *aes, const unsigned char *key, unsigned bits) {
    return mbedtls_aes_setkey_enc(aes, key, bits);
}

// The state's second block stays unused: one block at a time is what cryptolib asks for.
int mbedtls_aes_crypt_ecb(mbedtls_aes_context *aes, int mode, const unsigned char in[16], unsigned char out[16]) {
    uint32_t words[4];
    state_t q = { 0 };
    need(aes);
    memcpy(words, in, 16);
    for (int i = 0; i < 4; i++) {
        q[2 * i] = words[i];
    }
    if (mode == MBEDTLS_AES_ENCRYPT) {
        encrypt(aes->rounds, q);
    } else {
        decrypt(aes->rounds, q);
    }
    for (int i = 0; i < 4; i++) {
        words[i] = q[2 * i];
    }
    memcpy(out, words, 16);
    return 0;
}

int mbedtls_aes_crypt_cbc(
    mbedtls_aes_context *aes, int mode, size_t length, unsigned char iv[16],
    const unsigned char *in, unsigned char *out) {
    for (; length; length -= 16, in += 16, out += 16) {
        unsigned char before[16];
        memcpy(before, in, 16);
        if (mode == MBEDTLS_AES_ENCRYPT) {
            for (int i = 0; i < 16; i++) {
                iv[i] ^= before[i];
            }
            mbedtls_aes_crypt_ecb(aes, mode, iv, out);
            memcpy(iv, out, 16);
        } else {
            mbedtls_aes_crypt_ecb(aes, mode, in, out);
            for (int i = 0; i < 16; i++) {
                out[i] ^= iv[i];
            }
            memcpy(iv, before, 16);
        }
    }
    return 0;
}
