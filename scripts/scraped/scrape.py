"""What scripts/prometheus asks of the server and of Prometheus."""

import json
import os
import re
import signal
import sys
import time
import urllib.parse
import urllib.request

PATIENCE = 40


def main():
    command, work, process = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if command == "prepare":
        prepare(work, process)
    elif command == "await":
        await_scrapes(process, sys.argv[4])
    elif command == "native":
        native(work, process, sys.argv[4])
    else:
        compare(work, process, sys.argv[4])


def prepare(work, process):
    """Writes down where the server is, a scrape of it, and how Prometheus shall scrape it."""
    listening, metrics = until(lambda: announced(work), process)
    with open(f"{work}/target", "w") as target:
        target.write(listening)
    with open(f"{work}/metrics", "wb") as page:
        page.write(read(f"http://{metrics}/metrics"))
    with open(f"{work}/prometheus.yml", "w") as out:
        # JSON is YAML too.
        json.dump(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [os.path.abspath("docs/alerts.yml")],
                "scrape_configs": [
                    {
                        "job_name": "echo-reactor",
                        "static_configs": [{"targets": [metrics]}],
                    }
                ],
            },
            out,
        )


def await_scrapes(process, port):
    """Waits until Prometheus has scraped the server twice, so that it sees the load come."""
    expression = 'count_over_time(up{job="echo-reactor"}[1m])'
    until(lambda: is_there(port) and numbers(query(port, expression)) > [1], process, "two scrapes")


def is_there(port):
    try:
        api(port, "rules")
    except OSError:
        # It does not listen yet, or is not ready.
        return False
    return True


def compare(work, process, port):
    """Asks Prometheus for everything that is in the alerts and on the dashboard."""
    ask = lambda expression: query(port, expression)
    statistics = counted(work, process)
    total = statistics["total"]
    assert total["received"] > 5_000, f"no load came: {total}"
    for field, name in [
        ("received", "received_datagrams_total"),
        ("received_bytes", "received_bytes_total"),
        ("echoed", "echoed_datagrams_total"),
        ("send_calls", "send_calls_total"),
        ("kernel_drops", "kernel_dropped_datagrams_total"),
        ("echoed", "message_datagrams_sum"),
    ]:
        expression = f"sum(echo_reactor_{name})"
        # The last scrape may have been before the last datagram.
        until(lambda: numbers(ask(expression)) == [total[field]], process, expression)
    until(lambda: numbers(ask('up{job="echo-reactor"}')) == [1], process, "a scrape that works")
    rate = numbers(ask("max_over_time(sum(rate(echo_reactor_received_datagrams_total[10s]))[60s:1s])"))
    assert rate and rate[0] > 100, f"the load is not seen as a rate: {rate}"
    expressions = list(of_alerts(port)) + list(of_dashboard())
    without = [expression for expression in expressions if not understood(ask, expression)]
    # An alert that is not pending and a counter of errors that never came have no value.
    assert len(without) < len(expressions) / 2, f"these have no value: {without}"
    print(
        f"prometheus: {total['received']:,} datagrams counted alike, "
        f"{len(expressions)} expressions understood, {len(without)} of them without a value now"
    )


def native(work, process, port):
    """Asks a Prometheus with native histograms for what is in them."""
    until(lambda: is_there(port), process, "a second Prometheus")
    total = counted(work, process)["total"]
    for name, spread, amount in [
        ("receive_call_datagrams", "received_a_call", total["received"]),
        ("message_datagrams", "segments_a_message", total["echoed"]),
        ("queue_delay_seconds", "queue_delay_ns", total["queue_delay_sum_ns"] / 1e9),
        ("service_seconds", "service_ns", total["service_sum_ns"] / 1e9),
    ]:
        family = f"echo_reactor_{name}"
        count = f"sum(histogram_count({family}))"
        until(lambda: numbers(query(port, count)) == [sum(total[spread].values())], process, count)
        [found] = numbers(query(port, f"sum(histogram_sum({family}))"))
        assert abs(found - amount) <= 1e-9 * amount, f"the sum of {family} is {found}, not {amount}"
        [median] = numbers(query(port, f"histogram_quantile(0.5, sum({family}))"))
        bounds = [float(bound) for bound in middle(total[spread])]
        low, high = (bound / (1e9 if spread.endswith("_ns") else 1) for bound in bounds)
        assert low * 0.99 <= median <= high * 1.01, f"the median of {family} is {median}, not {low} to {high}"
    print("prometheus: four native histograms have the counts, the sums and the medians of the server")


def middle(spread):
    """The place that has the median, as the bounds below and above."""
    places = sorted((int(bound), number) for bound, number in spread.items())
    rank, so_far = sum(number for _, number in places) / 2, 0
    for bound, number in places:
        so_far += number
        if so_far >= rank:
            return bound / 2, bound
    raise AssertionError("it is empty")


def understood(ask, expression):
    return bool(ask(expression))


def of_alerts(port):
    groups = api(port, "rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert rules, "Prometheus has no rules"
    for rule in rules:
        assert rule["health"] != "err", f"{rule['name']}: {rule.get('lastError')}"
        yield rule["query"]


def of_dashboard():
    with open("docs/grafana-dashboard.json") as file:
        board = json.load(file)
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield filled_in(target["expr"])
    for note in board["annotations"]["list"]:
        yield filled_in(note["expr"])


def filled_in(expression):
    for variable, value in [("__rate_interval", "5s"), ("job", "echo-reactor"), ("instance", ".*")]:
        expression = expression.replace(f"${variable}", value)
    assert not re.search(r"\$\w", expression), expression
    return expression


def announced(work):
    """Where it listens, and where it answers scrapes."""
    lines = events(work)
    by_event = {line["event"]: line["address"] for line in lines if "address" in line}
    found = by_event.get("listening"), by_event.get("metrics")
    return found if all(found) else None


def counted(work, process):
    """What the server has counted, when nothing comes any more."""
    before = len(events(work))
    os.kill(process, signal.SIGUSR1)
    until(lambda: len(events(work)) > before, process, "statistics")
    return events(work)[-1]


def events(work):
    with open(f"{work}/server") as lines:
        return [json.loads(line) for line in lines if line.endswith("\n")]


def query(port, expression):
    return api(port, "query?" + urllib.parse.urlencode({"query": expression}))["result"]


def numbers(result):
    return [float(series["value"][1]) for series in result]


def api(port, path):
    answer = json.loads(read(f"http://127.0.0.1:{port}/api/v1/{path}"))
    assert answer["status"] == "success", answer
    return answer["data"]


def read(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as reply:
        return reply.read()


def until(so, process, what="the server to say where it listens"):
    """Asks until it is so, for as long as the server lives."""
    end = time.monotonic() + PATIENCE
    while True:
        found = so()
        if found:
            return found
        os.kill(process, 0)
        if time.monotonic() > end:
            sys.exit(f"prometheus: waited in vain for {what}")
        time.sleep(0.1)


main()
