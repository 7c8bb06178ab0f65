// MicroPython's own cryptolib, over the AES in aes.c. MicroPython takes AES from mbedTLS or axTLS, and
// Debian's source package has neither. Only this file sees the macros and our mbedtls/aes.h: elsewhere
// they would change hashlib too.
#define MICROPY_PY_CRYPTOLIB (1)
#define MICROPY_PY_CRYPTOLIB_CTR (0)
#define MICROPY_SSL_MBEDTLS (1)
#include "extmod/modcryptolib.c"
