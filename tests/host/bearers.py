"""Phones whose credentials say what they may do at the door."""


def bearers(holdfast, site_folder, tmp_path):
    """``bearer("carry-events")``: a phone of its own with these permissions."""

    def bearer(*permissions):
        name = "-".join(permissions) or "plain"
        phone, credential = tmp_path / name, tmp_path / f"{name}.cwt"
        holdfast("phone", "enroll", phone)
        may = [word for one in permissions for word in ("--may", one)]
        issue = ["credential", "issue", site_folder, "--holder", name, "--door", "front", *may]
        to = ["--out", credential, "--force"]  # the same phone may come again
        issued = holdfast(*issue, "--key", phone / "phone.pub", *to)
        assert issued.code == 0, issued.err
        pub = site_folder / "authority.pub"
        holdfast("phone", "enroll", phone, "--credential", credential, "--authority", pub)
        return phone

    return bearer
