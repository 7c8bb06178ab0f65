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
    # The events of before are still theirs.
    log = tmp_path / "log"
    where = ["--reader", f"127.0.0.1:{reader.port}", "--door", "front"]
    collector = bearer("carry-events")
    assert holdfast("phone", "carry", collector, *where, "--events", log).code == 0

    def shown(*options):
        return holdfast("events", "show", log, "--site", site_folder, *options)

    assert "Zoë Đ. (card)" in shown().out and "Zoë Đ. (PIN)" in shown().out
    zoe = shown("--who", "Zoë Đ.", "--json").json["events"]
    assert [one["reason"] for one in zoe] == ["unknown_card", "granted", "granted", "unknown_card"]
    assert all((one["person"], one["door"]) == ("Zoë Đ.", "front") for one in zoe)
    assert zoe[-1]["formerly"] and "formerly" in shown().out
    bo = shown("--who", "Bo", "--reason", "granted", "--door", "front", "--json").json["events"]
    assert len(bo) == 1
    unknown = shown("--reason", "unknown card", "--json").json["events"]
    assert [one["number"] for one in unknown] == [zoe[0]["number"], zoe[-1]["number"]]
    assert len(shown("--who", "Bo", "--jsonl").out.splitlines()) == 2
    assert shown("--who", "Bo", "--csv").out.splitlines()[0].startswith("number,time,door,kind")
    shown("--who", "Boo").fails("nearest is 'Bo'")
    shown("--door", "frnot").fails("nearest is 'front'")
    shown("--reason", "granded").fails("nearest is 'granted'")
    assert shown("--since", "2099-01-01", "--json").json["events"] == []
    # A card that nobody knew gets a name from its event, and opens; a lost one does not any more.
    assert decided(card="0badcafe") == (False, "unknown_card")
    log.unlink()
    assert holdfast("phone", "carry", collector, *where, "--events", log).code == 0
    key = shown("--reason", "unknown_card", "--json").json["events"][-1]["card"]
    before = number()
    assert people("resume", "Bo").code == 0
    assert people("card", "Bo", "--key", key).code == 0
    assert people("card", "Bo", "--take-back", "0010058401", "--numbers", "decimal").code == 0
    carried(before)
    assert decided(card="0badcafe") == (True, "granted")
    assert decided(card="00997aa1") == (False, "unknown_card")
