"""From a list to the door: who is imported gets in once the policy is carried, who is removed does
not, and the reader is the firmware.
"""


def test_imported_let_in_removed_refused(
    holdfast, people, listed, site_folder, tmp_path, reader, bearer
):
    """By the card's number as the reader sends it, and by the PIN that was drawn."""
    carrier = bearer()

    def carried(after):
        news = tmp_path / "news"
        news.unlink(missing_ok=True)
        assert holdfast("policy", "export", site_folder, "--after", after, "-o", news).code == 0
        at = f"127.0.0.1:{reader.port}"
        ran = holdfast(
            "phone", "carry", carrier, "--reader", at, "--door", "front", "--policy", news
        )
        assert ran.code == 0, ran.err

    def decided(**put):
        since = len(reader.events)
        reader.put(**put)
        found = reader.wait(lambda event: event.get("event") == "access", since=since)
        return found["granted"], found["reason"]

    def number():
        return holdfast("policy", "show", site_folder, "--json").json["number"]

    assert holdfast("policy", "group", site_folder, 9, "--door", "front").code == 0
    carried(1)
    before = number()
    text = "name;card;pin;groups\r\nZoë Đ.;0010058400;yes;9\r\nBo;0010058401;;9\r\n"
    path = listed(text.encode("utf-16"))
    ran = people("import", path, "--numbers", "decimal", "--json").json
    assert decided(card="00997aa0") == (False, "unknown_card")
    carried(before)
    assert decided(card="00997aa0") == (True, "granted")
    assert decided(card="00997aa1") == (True, "granted")
    assert decided(pin=ran["pins"][0]["pin"]) == (True, "granted")
    before = number()
    assert people("remove", "Zoë Đ.").code == 0
    assert people("suspend", "Bo").code == 0
    carried(before)
    assert decided(card="00997aa0") == (False, "unknown_card")
    assert decided(pin=ran["pins"][0]["pin"])[0] is False
    assert decided(card="00997aa1")[0] is False
