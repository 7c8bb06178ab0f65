// The part of mbedTLS's interface that extmod/modcryptolib.c calls.
#ifndef HOLDFAST_MBEDTLS_AES_H
#define HOLDFAST_MBEDTLS_AES_H

#include <stddef.h>
#include <stdint.h>

#define MBEDTLS_AES_DECRYPT (0)
#define MBEDTLS_AES_ENCRYPT (1)

// The key alone, as an ESP32's: it is expanded where one is at a time, as in that one's hardware.
typedef struct {
    unsigned rounds;
    uint32_t key[8];
} mbedtls_aes_context;

void mbedtls_aes_init(mbedtls_aes_context *aes);
int mbedtls_aes_setkey_enc(mbedtls_aes_context *aes, const unsigned char *key, unsigned bits);
int mbedtls_aes_setkey_dec(mbedtls_aes_context *aes, const unsigned char *key, unsigned bits);
int mbedtls_aes_crypt_ecb(mbedtls_aes_context *aes, int mode, const unsigned char in[16], unsigned char out[16]);
int mbedtls_aes_crypt_cbc(
    mbedtls_aes_context *aes, int mode, size_t length, unsigned char iv[16],
    const unsigned char *in, unsigned char *out);

#endif
