"""What the tests of the LAN stand on: a network whose faults are the same each time."""

from simulated_network import Network

INTERPRETERS = ("micropython", "cpython")


def _history(seed, **faults):
    """What arrives at three nodes, of which one sends 200 numbered datagrams and multicasts."""
    network = Network(seed)
    for name, value in faults.items():
        setattr(network, name, value)
    arrived = []
    for address in "abc":

        def receive(source, data, address=address):
            arrived.append((network.now, source, address, data))

        network.attach(address, receive)
    for number in range(200):
        network.call_at(
            10 * number, lambda number=number: network.send("a", "b", bytes((number,)))
        )
        network.call_at(
            10 * number, lambda number=number: network.multicast("a", bytes((0, number)))
        )
    network.run(10000)
    assert network.now == 10000
    return arrived, network


def _unicast(arrived):
    return [data[0] for _, _, _, data in arrived if len(data) == 1]


def test_without_faults_all_arrives_in_order():
    arrived, network = _history(1)
    assert _unicast(arrived) == list(range(200))
    assert len(arrived) == 600 and all([source == "a" for _, source, _, _ in arrived])
    assert (network.counters["a"].sent, network.counters["a"].sent_bytes) == (400, 600)
    assert (network.counters["b"].received, network.counters["b"].received_bytes) == (400, 600)


def test_a_seed_is_a_history():
    """A failure that cannot be had again teaches nothing."""
    faults = {"loss": 0.3, "duplication": 0.2, "delay": (1, 90), "multicast_loss": 0.5}
    first = _history(7, **faults)[0]
    assert first == _history(7, **faults)[0] != _history(8, **faults)[0]
    numbers = _unicast(first)
    assert numbers != sorted(numbers)  # overtaken
    assert len(set(numbers)) < len(numbers)  # doubled
    assert 100 < len(set(numbers)) < 190  # lost


def test_cuts_have_a_direction_and_multicast_heeds_them():
    arrived, _ = _history(1, cuts={("a", "b")})
    assert set([address for _, _, address, _ in arrived]) == {"c"}
    assert len(_history(1, cuts={("b", "a")})[0]) == 600


def test_multicast_is_lost_in_runs_and_late_while_unicast_passes():
    """As Wi-Fi beside Bluetooth: for seconds all of it, then none."""
    faults = {"multicast_loss": 0.5, "multicast_run_ms": 200, "multicast_delay": (100, 300)}
    arrived, _ = _history(3, **faults)
    assert len(_unicast(arrived)) == 200
    heard = [data[1] for _, _, address, data in arrived if address == "b" and len(data) == 2]
    assert all([at - 10 * data[1] >= 100 for at, _, _, data in arrived if len(data) == 2])
    runs = [len([number for number in heard if number // 20 == run]) for run in range(10)]
    assert set(runs) == {0, 20}


def test_timers_and_nodes_can_go():
    network = Network(1)
    happened = []
    network.attach("a", lambda source, data: happened.append(data))
    network.cancel(network.call_after(5, lambda: happened.append("cancelled")))
    network.call_at(7, lambda: happened.append(network.now))
    network.send("b", "a", b"1")
    network.run(10)
    network.send("b", "a", b"2")
    network.detach("a")
    network.run(20)
    assert happened == [b"1", 7]
