"""Virtual controllers within reach of each other, and what Bumble's own leave out of the air.

A scan response goes to who scans. Of two centrals that answer one advertisement the second has no
connection, and learns it. Who begins to scan or to connect hears every advertiser at once, and not
after its interval: no test waits for that.
"""

import asyncio

from bumble import hci, ll
from bumble.controller import Controller
from bumble.device import Device
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

# Bluetooth Core Specification, volume 1, part F: error codes
CONNECTION_TIMEOUT = 0x08
REMOTE_USER_TERMINATED = 0x13
FAILED_TO_BE_ESTABLISHED = 0x3E


class Air(LocalLink):
    """What all controllers of one test share."""

    def __init__(self):
        super().__init__()
        self._numbers = 0

    def device(self, name: str) -> Device:
        """A new device with a static random address of its own. It has still to be powered on."""
        self._numbers += 1
        address = f"F0:00:00:00:{self._numbers >> 8:02X}:{self._numbers & 0xFF:02X}"
        controller = _Controller(name, link=self, public_address=address)
        host = Host(controller, AsyncPipeSink(controller))
        return Device(name=name, address=hci.Address(address), host=host)

    def drop(self, address: hci.Address, other: hci.Address):
        """Two controllers lose each other: both see a supervision timeout."""
        for mine, theirs in ((address, other), (other, address)):
            controller = self._controller_at(mine)
            connection = controller.le_connections.get(theirs) if controller else None
            if connection:
                controller.on_le_disconnected(connection, CONNECTION_TIMEOUT)

    def remove(self, address: hci.Address):
        """Take the controller at ``address`` away; who is connected to it loses it."""
        controller = self._controller_at(address)
        if controller:
            for other in list(controller.le_connections):
                self.drop(address, other)
            controller.le_legacy_advertiser.stop()
            self.remove_controller(controller)

    def send_advertising_pdu(self, sender_controller, packet):
        if not isinstance(packet, ll.ConnectInd):
            super().send_advertising_pdu(sender_controller, packet)
            return
        asyncio.get_running_loop().call_soon(self._connect, sender_controller, packet)

    def _connect(self, central, packet):
        peripheral = self._controller_at(packet.advertiser_address)
        if peripheral and packet.initiator_address not in peripheral.le_connections:
            peripheral.on_ll_advertising_pdu(packet)
            if packet.initiator_address in peripheral.le_connections:
                return
        connection = central.le_connections.get(packet.advertiser_address)
        if connection:  # another was first
            central.on_le_disconnected(connection, FAILED_TO_BE_ESTABLISHED)

    def send_ll_control_pdu(self, sender_address, receiver_address, packet):
        if self.find_le_controller(receiver_address):
            super().send_ll_control_pdu(sender_address, receiver_address, packet)

    def scan_response(self, address: hci.Address) -> bytes:
        """What the controller at ``address`` answers who asks for more."""
        controller = self._controller_at(address)
        return controller.le_legacy_advertiser.scan_response_data if controller else b""

    def solicit(self):
        """Every advertiser says now what it would say within its interval."""
        for controller in list(self.controllers):
            controller.le_legacy_advertiser.send_advertising_data()

    def _controller_at(self, address):
        return next((one for one in self.controllers if one.random_address == address), None)


class _Controller(Controller):
    """A controller without extended advertising, as the classic ESP32's is."""

    le_features = Controller.le_features & ~hci.LeFeatureMask.LE_EXTENDED_ADVERTISING

    def on_ll_control_pdu(self, sender_address, packet):
        if sender_address in self.le_connections:  # else it went while this was on its way
            super().on_ll_control_pdu(sender_address, packet)

    def on_link_acl_data(self, sender_address, transport, data):
        if sender_address in self.le_connections:
            super().on_link_acl_data(sender_address, transport, data)

    def on_advertising_pdu(self, pdu):
        if self.le_scan_enable:
            kinds = hci.HCI_LE_Advertising_Report_Event.EventType
            self._report(kinds.ADV_IND, pdu.advertiser_address, pdu.data)
            response = self.link.scan_response(pdu.advertiser_address)
            self._report(kinds.SCAN_RSP, pdu.advertiser_address, response)
        pending = self.pending_le_connection
        if pending and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def _report(self, kind, address, data):
        event = hci.HCI_LE_Advertising_Report_Event
        report = event.Report(kind, address.address_type, address, data, rssi=-50)
        self.send_hci_packet(event([report]))

    def on_hci_le_set_scan_enable_command(self, command):
        answer = super().on_hci_le_set_scan_enable_command(command)
        asyncio.get_running_loop().call_soon(self.link.solicit)
        return answer

    def on_hci_le_create_connection_command(self, command):
        answer = super().on_hci_le_create_connection_command(command)
        asyncio.get_running_loop().call_soon(self.link.solicit)
        return answer

    def on_hci_le_extended_create_connection_command(self, command):
        answer = super().on_hci_le_extended_create_connection_command(command)
        asyncio.get_running_loop().call_soon(self.link.solicit)
        return answer
