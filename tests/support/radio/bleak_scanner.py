"""bleak's scanner over a Bumble device."""

from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.uuids import normalize_uuid_str
from bumble.core import UUID, AdvertisingData

_SERVICE_LISTS = (
    AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
)
_SERVICE_DATA = {
    AdvertisingData.SERVICE_DATA_16_BIT_UUID: 2,
    AdvertisingData.SERVICE_DATA_32_BIT_UUID: 4,
    AdvertisingData.SERVICE_DATA_128_BIT_UUID: 16,
}
_LONGEST_UUID = 16


class BumbleScanner(BaseBleakScanner):
    """The backend of one phone, named by the class of it that the phone makes."""

    phone = None

    def __init__(self, detection_callback, service_uuids, scanning_mode="active", **_):
        super().__init__(detection_callback, service_uuids)
        self._heard = {}

    async def start(self):
        self.seen_devices = {}
        self._heard = {}
        self.phone.device.on("advertisement", self._seen)
        await self.phone.device.start_scanning()

    async def stop(self):
        self.phone.device.remove_listener("advertisement", self._seen)
        await self.phone.device.stop_scanning()

    def _seen(self, advertisement):
        key = advertisement.address.to_string(with_type_qualifier=False)
        # As BlueZ does: what came with the scan response adds to what came before it.
        heard = self._heard.setdefault(key, {})
        for kind, value in advertisement.data.ad_structures:
            heard[kind] = value
        uuids = _service_uuids(heard)
        if not self.is_allowed_uuid(uuids):
            return
        raw_name = heard.get(AdvertisingData.COMPLETE_LOCAL_NAME)
        name = None if raw_name is None else raw_name.decode("utf-8", "replace")
        data = AdvertisementData(
            local_name=name,
            manufacturer_data=_manufacturer(heard),
            service_data=_service_data(heard),
            service_uuids=uuids,
            tx_power=None,
            rssi=advertisement.rssi,
            platform_data=(),
        )
        device = self.create_or_update_device(key, key, name, advertisement.address, data)
        self.call_detection_callbacks(device, data)


def uuid_text(uuid) -> str:
    """A Bumble UUID as bleak writes it: 128 bits, in small letters."""
    return normalize_uuid_str(uuid.to_hex_str("-"))


def _service_uuids(heard) -> list:
    found = []
    for kind in _SERVICE_LISTS:
        value = heard.get(kind, b"")
        size = _LONGEST_UUID if kind >= _SERVICE_LISTS[2] else 2
        for at in range(0, len(value) - size + 1, size):
            found.append(uuid_text(UUID.from_bytes(value[at : at + size])))
    return found


def _service_data(heard) -> dict:
    found = {}
    for kind, size in _SERVICE_DATA.items():
        value = heard.get(kind, b"")
        if len(value) >= size:
            found[uuid_text(UUID.from_bytes(value[:size]))] = value[size:]
    return found


def _manufacturer(heard) -> dict:
    value = heard.get(AdvertisingData.MANUFACTURER_SPECIFIC_DATA, b"")
    return {int.from_bytes(value[:2], "little"): value[2:]} if len(value) >= 2 else {}
