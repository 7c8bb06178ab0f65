"""A stranger's client watches a node: aiocoap, with the context that `holdfast phone
coap-credentials` makes, at the firmware on MicroPython, on UDP of loopback.
"""

import asyncio
import json

import aiocoap
import cbor2

from holdfast.access import status

BOUND = 240  # seconds; a hang must end the run


async def _watched(credentials, uri, changes):
    """The numbers of the policy that were told, of an observation through all ``changes``."""
    client = await aiocoap.Context.create_client_context(transports=["oscore", "simple6"])
    client.client_credentials.load_from_dict(credentials)

    def get(**options):
        return client.request(aiocoap.Message(code=aiocoap.GET, uri=uri, **options))

    try:
        told = []
        for _ in range(2):  # what one has ended another begins
            request = get(observe=0)
            response = await request.response
            assert response.opt.observe is not None and response.opt.max_age == 300
            told.append(_policy(response))
            notifications = aiter(request.observation)
            for change in changes:
                await change()
                told.append(_policy(await anext(notifications)))
            request.observation.cancel()
            response = await get(observe=1).response
            assert response.opt.observe is None
            told.append(_policy(response))
        return told
    finally:
        await client.shutdown()


def _policy(response):
    assert response.code == aiocoap.CONTENT, response.code
    return cbor2.loads(response.payload)[status.POLICY][0]


def test_aiocoap_observes_the_status_under_oscore(
    holdfast, site_folder, tmp_path, node, bearer, at, policy
):
    """Each change of the policy is told, until it ends that; then it begins again."""
    phone, out = bearer("administer"), tmp_path / "lobby.json"
    made = holdfast("phone", "coap-credentials", phone, "--node", at(node), "--out", out)
    assert made.code == 0, made.err
    where = ("--as", phone, "--node", at(node))
    assert policy("publish", *where).code == 0
    number = policy("show", "--json").json["number"]

    groups = iter("1234")

    async def change():
        def publish():
            assert policy("group", next(groups), "--door", "front").code == 0
            assert policy("publish", *where).code == 0

        await asyncio.to_thread(publish)

    credentials = json.loads(out.read_text())
    watching = _watched(credentials, f"coap://{at(node)}/status", (change, change))
    told = asyncio.run(asyncio.wait_for(watching, BOUND))
    assert told == [number + add for add in (0, 1, 2, 2, 2, 3, 4, 4)]
    assert not [said for said in node.events if said.get("event") == "fault"]
