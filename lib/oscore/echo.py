"""Getting back a lost replay window (RFC 8613 Appendix B.1.2, RFC 9175)."""

from coap import Message, code, option

from .protect import protect_response


def echo_challenge(context, exchange, echo_value: bytes) -> Message:
    """The answer to a request that raised EchoNeeded: a protected 4.01 with an Echo option.

    ``echo_value`` has 1 to 40 bytes, 8 random ones made once a restart are enough. From now on the
    request that carries it counts as fresh; use the same value until one does, so that a replayed
    old request cannot take the rightful client's challenge away. The context's sender sequence
    number must lie beyond all used before the restart.
    """
    if not 1 <= len(echo_value) <= 40:
        raise ValueError("an Echo value has 1 to 40 bytes")
    context.expected_echo = echo_value
    challenge = Message(code.UNAUTHORIZED, [(option.ECHO, echo_value)])
    return protect_response(context, challenge, exchange, new_piv=True)


def repeat_with_echo(request: Message, response: Message) -> Message | None:
    """The plain request to protect and send next, if the plain ``response`` asks for an Echo."""
    echo = response.option(option.ECHO)
    if response.code != code.UNAUTHORIZED or echo is None:
        return None
    options = [(number, value) for number, value in request.options if number != option.ECHO]
    options.append((option.ECHO, echo))
    return Message(request.code, options, request.payload, request.token)
