"""clock.json: the authority's word for what time it is."""

import crypto
import small_site as site
from doc_vectors.keys import signed
from holdfast.access.clock import word


async def make():
    """A word on the first changeset of policy.json."""
    nonce = crypto.sha256(b"vectors nonce")[: word.NONCE_LENGTH]
    head = crypto.sha256(site.changeset())
    raw = word.make(site.authority(), site.SITE, site.NODE, nonce, head, site.NOW)
    anchors = [site.authority_public()]
    said = word.verify(raw, anchors, site.SITE, site.NODE, nonce, head)
    entries = {
        "comment": "By a policy that stands at the first changeset of policy.json.",
        "head": head.hex(),
        "nonce": nonce.hex(),
        "time": said,
    }
    return {
        "comment": "The authority's word for what time it is, to one node that asked, once.",
        "vectors": [signed(raw, entries, b"holdfast time")],
    }
