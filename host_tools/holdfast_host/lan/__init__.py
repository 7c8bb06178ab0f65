"""The site's nodes on the LAN: CoAP over UDP, protected as a phone's requests are."""
