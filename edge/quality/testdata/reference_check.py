"""The worked examples that reference.py must reproduce: `python3 reference.py --check`.

Sources: QARTOD manual for water level v2.1, and results of ioos_qc run on small series. What the
gateway has of its own (our_own) was worked by hand from PROTOCOL.md.
"""

import json
from datetime import datetime, timezone

N = None
HOUR = 3600


def unix(month, day):
    return int(datetime(2026, month, day, tzinfo=timezone.utc).timestamp())


def every(step, xs):
    return [step * i for i in range(len(xs))]


def series(test, config, t, x, want, **more):
    return dict(test=test, config=config, t=t, x=x, **more), want


def clock(*hms):
    return [None if s is None else h * HOUR + m * 60 + s for h, m, s in hms]


def seasons():
    members = [
        {"unit": "month", "from": 5, "to": 9, "ok": [0.5, 4.0], "fail": [-0.5, 8.0]},
        {"unit": "month", "from": 10, "to": 12, "ok": [0.2, 2.5]},
        {"unit": "month", "from": 1, "to": 4, "ok": [0.2, 2.0]},
    ]
    cases = [((6, 15), 3.0, 1), ((6, 15), 4.5, 3), ((6, 15), 9.0, 4), ((1, 10), 2.5, 3), ((10, 1), 2.6, 3),
             ((12, 31), 0.1, 3), ((6, 15), N, 9), ((6, 15), 4.0, 1), ((9, 30), -0.5, 3)]
    yield series("climatology", {"members": members}, [unix(*d) for d, _, _ in cases],
                 [x for _, x, _ in cases], [w for _, _, w in cases])
    overlap = [{"unit": "month", "from": 1, "to": 6, "ok": [0, 1]}, {"unit": "month", "from": 6, "to": 12, "ok": [5, 9]}]
    yield series("climatology", {"members": overlap}, [unix(6, 15)] * 2, [0.5, 6], [3, 1])
    # By hand: half a second before each of these the unit is another one.
    for unit, t, number in (("week", unix(12, 28), 53), ("weekday", unix(1, 1), 4),
                            ("day", unix(12, 31), 365), ("quarter", unix(4, 1), 2)):
        member = {"unit": unit, "from": number, "to": number, "ok": [0, 1]}
        yield series("climatology", {"members": [member]}, [t - 0.5, t], [0, 0], [2, 1])
    # The first three days of 2027 are of the last week of 2026.
    last = {"unit": "week", "from": 53, "to": 53, "ok": [0, 1]}
    yield series("climatology", {"members": [last]}, [unix(12, 31) + d * 86400 for d in (3, 4)], [0, 0], [1, 2])
    day = {"start": 100, "end": 200, "ok": [0, 1]}
    yield series("climatology", {"members": [day]}, [99.5, 100, 200, 200.5], [0, 0, 0, 0], [2, 1, 1, 2])


def spikes():
    x = [1.20, 1.21, 1.22, 1.45, 1.23, 1.24, 1.31, 1.25, 1.26, N, 1.27, 1.60, 1.28]
    step, pair = [0, 0, 0, 10, 10, 10], [0, 0, 10, 10, 0, 0]
    for method, wants in (
            ("average", ([2, 1, 3, 4, 3, 1, 3, 1, 2, 9, 2, 4, 2], [2, 1, 4, 4, 1, 2], [2, 4, 4, 4, 4, 2])),
            ("differential", ([2, 1, 1, 4, 1, 1, 3, 1, 2, 9, 2, 4, 2], [2, 1, 1, 1, 1, 2], [2, 1, 1, 1, 1, 2]))):
        for xs, suspect, fail, want in zip((x, step, pair), (0.05, 2, 2), (0.2, 4, 4), wants):
            yield series("spike", {"method": method, "suspect": suspect, "fail": fail}, every(60, xs), xs, want)
    yield series("spike", {"method": "average", "suspect": 0, "fail": N}, [0, 1, 2], [0, 10, 0], [2, 1, 2])
    yield series("spike", {"method": "average", "suspect": 0, "fail": 4}, [0, 1, 2], [0, 10, 0], [2, 4, 2])


def flats():
    gauge = [2.010, 2.014, 2.011, 2.012, 2.013, 2.011, 2.300, 2.301, 2.300, N, 2.301, 2.300, 2.299]
    outage, still = [5, N, N, N, N, 5], [7, 7, 7, 7]
    for xs, interval, suspect, fail, tolerance, want in (
            (gauge, 300, 900, 1500, 0.005, [1, 1, 1, 3, 3, 4, 1, 1, 1, 9, 3, 4, 4]),
            (outage, 60, 120, 180, 0.001, [1, 9, 9, 9, 9, 4]),
            (still, 60, 60, 120, 0, [1, 1, 1, 1]),           # tolerance 0 never flags
            ([1, 2, 3, 4], 60, 59, N, 0.001, [3, 3, 3, 3]),  # a window of one is always flat
            (still, 60, 170, N, 0.001, [1, 1, 3, 3])):       # 170 s are three samples
        config = {"compat": "ioos", "interval": interval, "suspect": suspect, "fail": fail, "tolerance": tolerance}
        yield series("flat", config, every(interval, xs), xs, want)


def attenuations():
    tide, hole = [10, 10.5, 11, 11, 11, 11.02, 11.01, 12], [10, N, 10.2, 10.9]
    for xs, method, suspect, fail, samples, want in (
            (tide, "std", 0.3, 0.05, N, [4, 3, 1, 3, 4, 4, 4, 1]),
            (tide, "std", 0.3, 0.05, 3, [2, 2, 1, 3, 4, 4, 4, 1]),
            (tide, "range", 0.3, 0.05, N, [4, 1, 1, 1, 4, 4, 4, 1]),
            (tide, "std", 0.25, N, N, [3, 1, 1, 3, 3, 3, 3, 1]),  # 10, 10.5: exactly at the limit
            (hole, "std", 0.5, 0.15, N, [4, 9, 4, 3]),
            (hole, "range", 0.5, 0.15, N, [4, 9, 2, 2])):
        config = {"method": method, "window": 1800, "suspect": suspect, "fail": fail, "samples": samples}
        yield series("attenuated", config, every(600, xs), xs, want)


def published():
    yield {"test": "rollup", "tests": [[1, 1, 1, 2, 9, 9, 1, 2], [2, 3, 1, 2, 9, 2, 1, 9], [1, 1, 4, 2, 9, 9, 3, 1]]}, \
        [1, 3, 4, 2, 9, 2, 3, 1]
    for t, want in (
            (clock((0, 0, 0), (1, 0, 0), (3, 0, 0), (5, 0, 1), (5, 30, 0)), [1, 1, 1, 4, 1]),
            (clock((0, 0, 0), (3, 0, 0), (3, 10, 0)), [4, 4, 1]),
            (clock((0, 0, 0), (0, 10, 0), (0, 0, N), (0, 30, 0)), [1, 1, 9, 2]),
            (clock((0, 0, 0), (0, 0, N), (0, 30, 0)), [2, 9, 2]),
            (clock((3, 0, 0), (0, 0, 0), (0, 10, 0)), [1, 1, 1])):
        yield {"test": "gap", "config": {"compat": "ioos", "limit": 2 * HOUR}, "t": t}, want
    yield {"test": "location", "config": {}, "t": [0, 1, 2, 3, 4],
           "lon": [121.5, 181, N, N, 121.5], "lat": [31.2, 31.2, 31.2, N, 91]}, [1, 4, 4, 9, 4]
    gauge = [-0.6, -0.5, -0.2, 0.0, 1.2, 4.99, 5.0, 5.01, 9.99, 10.0, 10.01, N]
    for fail, user in (([-0.5, 10], [-0.2, 5]), ([10, -0.5], [5, -0.2])):
        yield series("gross", {"fail": fail, "user": user}, every(1, gauge), gauge, [4, 3, 1, 1, 1, 1, 1, 3, 3, 3, 4, 9])
    yield series("gross", {"fail": [0, 1], "user": [0, 2]}, [0], [0], "the user span is not inside the fail span")
    yield series("rate", {"suspect": 0.001, "fail": 0.0015}, [0, 60, 120, 180, 480, 540, 600, 660],
                 [1.00, 1.02, 1.10, 1.10, 1.60, N, 1.62, 1.50], [1, 1, 3, 1, 4, 9, 1, 4])
    for resolution in (N, 0.01):
        yield series("neighbour", {"suspect": 0.03, "fail": 0.05, "resolution": resolution}, every(1, range(5)),
                     [2.00, 2.02, 2.10, 2.20, N], [1, 1, 3, 4, 9], y=[2.01, 2.05, 2.06, 2.12, 2.13])


def our_own():
    # 0.05 − 0.02 is a shade above 0.03 in doubles; in steps of 0.01 it is three, which passes.
    for resolution, flag in ((N, 3), (0.01, 1)):
        yield series("neighbour", {"suspect": 0.03, "resolution": resolution}, [0, 1], [0.05, 1], [flag, 2], y=[0.02, N])
    yield series("rate", {"suspect": 3}, [0, 0.5, 0.5, 0.4, 1], [1, 2, 3, 4, 4.5], [1, 1, 2, 2, 1])
    # A degree of the meridian is 111 195 m; a position that fails is no place to measure from.
    yield {"test": "location", "config": {"step": 111190}, "t": [0, 1, 2, 3],
           "lat": [0, 1, 95, 1], "lon": [0, 0, 0, 0]}, [1, 3, 4, 1]
    yield {"test": "location", "config": {"step": 111200}, "t": [0, 1], "lat": [0, 1], "lon": [0, 0]}, [1, 1]
    flat = {"interval": 60, "suspect": 180, "fail": 300, "tolerance": 0.01, "samples": 3}
    yield series("flat", flat, every(60, range(8)), [5, 5, 5, 5, 5, 5, 6, 6], [1, 1, 1, 3, 3, 4, 1, 1])
    yield series("flat", flat, [0, 150, 300, 360, 420, 601], [5] * 6, [1, 1, 2, 2, 4, 1])
    yield series("flat", flat, [0, 60, 120, 180, 360], [5, N, N, 5, 5], [1, 9, 9, 2, 2])
    yield series("multivariate", {"suspect": 1, "moves": 1, "within": 60}, every(60, range(6)), [0, 5, 5, 0, N, 0],
                 [2, 3, 1, 1, 9, 2], y=[0, N, 0, 2, N, 0])
    yield series("multivariate", {"suspect": 1, "moves": 1, "within": 59}, [0, 60], [0, 5], [2, 2], y=[0, N])
    yield {"test": "order", "t": [0, 1, 1, 2, 1.5, 3]}, [1, 3, 3, 1, 3, 1]


def run(answer):
    """Runs every example, tells the wrong ones, and returns the program's exit code."""
    wrong = total = 0
    for examples in (published, seasons, spikes, flats, attenuations, our_own):
        for request, want in examples():
            total += 1
            got = answer(json.dumps(request))
            if want not in (got.get("flags"), got.get("error")):
                wrong += 1
                print("%s\n  got  %s\n  want %s" % (json.dumps(request), got, want))
    print("%d examples, %d wrong" % (total, wrong))
    return 1 if wrong else 0
