"""Signatures printed in RFCs that several tests need. Runs on both interpreters."""

from harness import unhex


def es256_example():
    """RFC 6979 appendix A.2.5: public key, and the signature of b"sample" with SHA-256."""
    return (
        unhex(
            "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
            "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
        ),
        unhex(
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
            "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
        ),
    )
