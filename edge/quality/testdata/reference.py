#!/usr/bin/env python3
"""The QARTOD tests once more, apart from the gateway's code, to be compared with it.

Sources: QARTOD manual for water level v2.1; ioos_qc for what the manual leaves open; and
PROTOCOL.md beside this file for the requests, the answers and the tests that are the gateway's own.
Written from those alone. Whole series in, whole series out: nothing here streams, so a mistake
in the gateway's bookkeeping has no twin here.

Numbers: values are IEEE doubles and each formula is worked in the order in which it is printed,
since a limit is compared strictly and the last bit counts. Times are exact fractions, and so is
the standard deviation (compared as a variance, in integers), so no rounding of ours decides there.

    python3 reference.py            answers requests, one JSON object a line
    python3 reference.py --check    runs the vectors of reference_check.py
"""

import json
import math
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

PASS, UNKNOWN, SUSPECT, FAIL, MISSING = 1, 2, 3, 4, 9
EARTH_RADIUS = 6371000.0
EPOCH = datetime(1970, 1, 1)


class Refused(Exception):
    """A request that has no answer: a wrong configuration or a wrong shape."""


def value(v):
    return None if v is None else float(v)


def exact(v):
    return None if v is None else Fraction(v)


def need(config, key):
    if config.get(key) is None:
        raise Refused("config has no " + key)
    return config[key]


def values(request, key):
    return [value(v) for v in request[key]]


def times(request):
    return [exact(v) for v in request["t"]]


def span(pair):
    """A span as (low, high), whichever end was given first; None for no span."""
    if pair is None:
        return None
    a, b = pair
    return (value(min(a, b)), value(max(a, b)))


def limits(config):
    return value(config.get("suspect")), value(config.get("fail"))


def above(d, suspect, fail):
    if fail is not None and d > fail:
        return FAIL
    if suspect is not None and d > suspect:
        return SUSPECT
    return PASS


def within(v, fail, user):
    for limit, flag in ((fail, FAIL), (user, SUSPECT)):
        if limit is not None and (v < limit[0] or v > limit[1]):
            return flag
    return PASS


def each_value(xs, judge):
    """The flags of a series: 9 where there is no value, else what judge(index, value) says."""
    return [MISSING if x is None else judge(i, x) for i, x in enumerate(xs)]


def gross(request):
    fail, user = (span(request["config"].get(k)) for k in ("fail", "user"))
    if fail and user and (user[0] < fail[0] or user[1] > fail[1]):
        raise Refused("the user span is not inside the fail span")
    return each_value(values(request, "x"), lambda i, x: within(x, fail, user))


def calendar(unit, t):
    # The floor, as half a second before midnight still belongs to the old day.
    day = EPOCH + timedelta(seconds=math.floor(t))
    if unit == "month":
        return day.month
    if unit == "quarter":
        return (day.month + 2) // 3
    if unit == "week":
        return day.isocalendar()[1]
    if unit == "weekday":
        return day.isoweekday()
    if unit == "day":
        return day.timetuple().tm_yday
    raise Refused("no calendar unit " + repr(unit))


def covers(member, t):
    if member.get("unit"):
        return need(member, "from") <= calendar(member["unit"], t) <= need(member, "to")
    start, end = exact(member.get("start")), exact(member.get("end"))
    return (start is None or start <= t) and (end is None or t <= end)


def climatology(request):
    ts, members = times(request), need(request["config"], "members")

    def judge(i, x):
        flag = UNKNOWN
        for m in members:
            if covers(m, ts[i]):
                flag = within(x, span(m.get("fail")), span(m.get("ok")))
        return flag

    return each_value(values(request, "x"), judge)


def spike(request):
    xs, method = values(request, "x"), need(request["config"], "method")
    if method not in ("average", "differential"):
        raise Refused("no method " + repr(method))
    # The library asks whether the threshold is true, so 0 is as good as none.
    suspect, fail = (limit or None for limit in limits(request["config"]))

    def judge(i, x):
        if i == 0 or i == len(xs) - 1 or xs[i - 1] is None or xs[i + 1] is None:
            return UNKNOWN
        if method == "average":
            return above(abs(x - (xs[i - 1] + xs[i + 1]) / 2), suspect, fail)
        a, b = x - xs[i - 1], xs[i + 1] - x
        return above(0.0 if a * b >= 0 else min(abs(a), abs(b)), suspect, fail)

    return each_value(xs, judge)


def rate(request):
    xs, ts = values(request, "x"), times(request)
    suspect, fail = limits(request["config"])

    def judge(i, x):
        if i == 0:
            return PASS
        dt = ts[i] - ts[i - 1]
        if dt <= 0:
            return UNKNOWN
        if xs[i - 1] is None:
            return PASS
        return above(abs(x - xs[i - 1]) / float(dt), suspect, fail)

    return each_value(xs, judge)


def flat(request):
    compat = request["config"].get("compat")
    if compat not in (None, "", "ioos"):
        raise Refused("no compat " + repr(compat))
    return flat_library(request) if compat else flat_run(request)


def flat_library(request):
    config, xs = request["config"], values(request, "x")
    interval, tolerance = exact(need(config, "interval")), value(need(config, "tolerance"))
    if len(xs) < 3:
        return each_value(xs, lambda i, x: PASS)

    def judge(i, x):
        flag = PASS
        for key, worse in (("suspect", SUSPECT), ("fail", FAIL)):
            if config.get(key) is None:
                continue
            n = math.floor(exact(config[key]) / interval)
            window = [v for v in xs[max(i - n, 0):i + 1] if v is not None]
            if i >= n and max(window) - min(window) < tolerance:
                flag = worse
        return flag

    return each_value(xs, judge)


def flat_run(request):
    config, ts = request["config"], times(request)
    interval, tolerance = exact(need(config, "interval")), value(need(config, "tolerance"))
    suspect, fail = exact(config.get("suspect")), exact(config.get("fail"))
    least = max(3, config.get("samples") or 0)
    pause = fail if suspect is None else suspect
    run = []  # (time, value) of each sample of the run: no running extremes to keep right

    def judge(i, x):
        nonlocal run
        held = [v for _, v in run] + [x]
        late = run and pause is not None and ts[i] - run[-1][0] > pause
        if late or not max(held) - min(held) < tolerance:
            run = []
        run.append((ts[i], x))
        age = ts[i] - run[0][0]
        flag = PASS
        if suspect is not None and age >= suspect:
            flag = SUSPECT
        if fail is not None and age >= fail:
            flag = FAIL
        needed = max(least, Fraction(3, 5) * (math.floor(age / interval) + 1))
        return UNKNOWN if flag != PASS and len(run) < needed else flag

    return each_value(values(request, "x"), judge)


def on_a_grid(xs):
    """The doubles as whole multiples of one power of two: (integers, that power as a Fraction)."""
    parts = [v.as_integer_ratio() for v in xs]
    finest = max((d for _, d in parts), default=1)
    return [n * (finest // d) for n, d in parts], Fraction(1, finest)


def std_below(window, limit):
    """Whether the population standard deviation is below the limit, without any rounding."""
    if limit is None or limit <= 0:
        return False
    grid, step = on_a_grid(window)
    n = len(grid)
    # n² times the variance, in squared steps
    scaled = n * sum(g * g for g in grid) - sum(grid) ** 2
    return scaled < (Fraction(limit) * n / step) ** 2


def attenuated(request):
    config, xs, ts = request["config"], values(request, "x"), times(request)
    method, period = need(config, "method"), exact(config.get("window"))
    if method not in ("std", "range"):
        raise Refused("no method " + repr(method))
    suspect, fail = limits(config)
    least = max(config.get("samples") or 0, 1)

    def judge(i, x):
        if period is None:
            seen = xs
        else:
            seen = [v for v, t in zip(xs[:i + 1], ts) if t > ts[i] - period]
        window = [v for v in seen if v is not None]
        # The library's extremes of a window with a hole are unknown; its deviation skips the hole.
        if len(window) < least or (method == "range" and len(window) < len(seen)):
            return UNKNOWN
        if method == "std":
            below = lambda limit: std_below(window, limit)
        else:
            below = lambda limit: limit is not None and max(window) - min(window) < limit
        return FAIL if below(fail) else SUSPECT if below(suspect) else PASS

    return each_value(xs, judge)


def multivariate(request):
    config, xs, ys, ts = request["config"], values(request, "x"), values(request, "y"), times(request)
    suspect, moves, back = value(config.get("suspect")), value(config.get("moves")), exact(need(config, "within"))

    def moved(j):
        before = [y for y in ys[:j] if y is not None]
        return bool(before) and moves is not None and abs(ys[j] - before[-1]) > moves

    def judge(i, x):
        if i == 0 or xs[i - 1] is None:
            return UNKNOWN
        if above(abs(x - xs[i - 1]), suspect, None) == PASS:
            return PASS
        seen = [j for j in range(i + 1) if ys[j] is not None and ts[i] - back <= ts[j] <= ts[i]]
        if not seen:
            return UNKNOWN
        return PASS if any(moved(j) for j in seen) else SUSPECT

    return each_value(xs, judge)


def neighbour(request):
    config, ys = request["config"], values(request, "y")
    offset = value(config.get("offset")) or 0.0
    resolution = value(config.get("resolution")) or 0.0
    suspect, fail = limits(config)

    def judge(i, x):
        if ys[i] is None:
            return UNKNOWN
        d = abs(x - ys[i] - offset)
        if resolution <= 0:
            return above(d, suspect, fail)
        steps = math.floor(d / resolution + 0.5)
        in_steps = (None if limit is None else limit / resolution + 1e-6 for limit in (suspect, fail))
        return above(steps, *in_steps)

    return each_value(values(request, "x"), judge)


def distance(a, b):
    """Metres between two (latitude, longitude) on the sphere, by haversine."""
    (lat1, lon1), (lat2, lon2) = ([math.radians(v) for v in p] for p in (a, b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(h)))


def location(request):
    step = value(request["config"].get("step"))
    last, flags = None, []
    for here in zip(values(request, "lat"), values(request, "lon")):
        if here == (None, None):
            flags.append(MISSING)
        elif None in here or abs(here[0]) > 90 or abs(here[1]) > 180:
            flags.append(FAIL)
        else:
            flags.append(PASS if last is None else above(distance(last, here), step, None))
            last = here
    return flags


def without_values(request, flags):
    """9 where a series of values is given and has none: so in every test."""
    missing = [x is None for x in request.get("x") or []]
    return [MISSING if i < len(missing) and missing[i] else f for i, f in enumerate(flags)]


def gap(request):
    if request["config"].get("compat") != "ioos":
        raise Refused("gap is answered as ioos only")
    limit, ts = exact(need(request["config"], "limit")), times(request)
    if len(ts) == 1:
        raise Refused("the library has no answer for a series of one")

    def judge(i, t):
        # The first sample has no predecessor and takes what its successor gets.
        i = max(i, 1)
        if ts[i] is None or ts[i - 1] is None:
            return UNKNOWN
        return FAIL if ts[i] - ts[i - 1] > limit else PASS

    return without_values(request, each_value(ts, judge))


def order(request):
    ts = times(request)

    def judge(i, t):
        before = ts[i - 1] if i > 0 else None
        after = ts[i + 1] if i + 1 < len(ts) else None
        return SUSPECT if t == after or (before is not None and t <= before) else PASS

    return without_values(request, each_value(ts, judge))


def rollup(request):
    tests = request["tests"]
    if len({len(flags) for flags in tests}) > 1:
        raise Refused("tests of unequal length")
    rank = (MISSING, UNKNOWN, PASS, SUSPECT, FAIL)
    return without_values(request, [max(column, key=rank.index) for column in zip(*tests)])


TESTS = {f.__name__: f for f in (
    gross, climatology, spike, rate, flat, attenuated, multivariate, neighbour, location, gap, order, rollup)}


def no_number(name):
    raise Refused(name + " is not a value")


def answer(line):
    try:
        request = json.loads(line, parse_float=Decimal, parse_constant=no_number)
        request["config"] = request.get("config") or {}
        test = TESTS.get(request.get("test"))
        if test is None:
            raise Refused("no test " + repr(request.get("test")))
        return {"flags": test(request)}
    except Refused as why:
        return {"error": str(why)}
    except Exception as why:  # one bad request must not end the others
        return {"error": "%s: %s" % (type(why).__name__, why)}


def main():
    if sys.argv[1:] == ["--check"]:
        sys.dont_write_bytecode = True
        import reference_check
        sys.exit(reference_check.run(answer))
    for line in sys.stdin:
        print(json.dumps(answer(line)), flush=True)


if __name__ == "__main__":
    main()
