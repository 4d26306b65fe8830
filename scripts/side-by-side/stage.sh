# shellcheck shell=bash
# Servers that are started, measured and ended one after the other. Sourced by scripts/peers and
# scripts/yardstick, whose flags it reads too.

rounds=7
seconds=2
records=
server_pid=
server_port=

# The flags that both scripts have; calls `usage`, which the script defines.
read_flags() {
    while (($#)); do
        case $1 in
            --rounds) rounds=${2:?$(usage)}; shift 2 ;;
            --seconds) seconds=${2:?$(usage)}; shift 2 ;;
            --help | -h) usage; exit 0 ;;
            *) usage >&2; exit 2 ;;
        esac
    done
    local number
    for number in "$rounds" "$seconds"; do
        [[ $number =~ ^[1-9][0-9]{0,3}$ ]] || { usage >&2; exit 2; }
    done
}

# Builds both programs and makes room for what is measured.
set_up() {
    cargo build --release --locked --quiet --workspace --bins
    local programs=${CARGO_TARGET_DIR:-$PWD/target}/release
    reactor=$programs/echo-reactor
    loadgen=$programs/loadgen
    # The server has the last processor of those allowed to itself, the client the first.
    local allowed
    allowed=$(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)))')
    client_cpu=${allowed%% *}
    server_cpu=${allowed##* }
    if [[ $client_cpu == "$server_cpu" ]]; then
        echo "${0##*/}: one processor for server and client: the ratios mean little" >&2
    fi
    work=$(mktemp -d)
    records=$work/records
    : >"$records"
    : >"$work/complaints"
    trap tear_down EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

tear_down() {
    end_server
    rm -rf "$work"
}

free_port() {
    python3 -c 'import socket
with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
    tcp.bind(("127.0.0.1", 0))
    udp.bind(tcp.getsockname())
    print(tcp.getsockname()[1])'
}

# start_server COMMAND...: pinned, its output in $work/server. The shell replaces itself by the
# server, so that the pid is the server's own.
start_server() {
    # Here, not by the server's own redirection: nobody may read the last server's output as its.
    : >"$work/server"
    taskset -c "$server_cpu" "$@" >"$work/server" 2>&1 &
    server_pid=$!
}

# start_reactor FLAGS...: on a port of its own choice, which server_port names then.
start_reactor() {
    start_server "$reactor" --listen 127.0.0.1:0 --json "$@"
    await grep -q '127\.0\.0\.1:' "$work/server"
    server_port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/server" | head -n 1)
}

# await COMMAND...: until it succeeds, 5 seconds at most and while the server lives.
await() {
    local try
    for ((try = 0; try < 250; try++)); do
        "$@" && return
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.02
    done
    echo "${0##*/}: the server did not start:" >&2
    cat "$work/server" >&2
    exit 1
}

# end_server: asks it to end, and makes it if it does not within 2 seconds.
end_server() {
    [[ -n $server_pid ]] || return 0
    local pid=$server_pid try
    server_pid=
    kill -TERM "$pid" 2>/dev/null || true
    for ((try = 0; try < 100; try++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.02
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

# Nanoseconds of processor time that the server has used (proc(5): utime and stime, in ticks).
server_cpu_time() {
    local stat
    stat=$(<"/proc/$server_pid/stat")
    # The name of the program may hold blanks; what follows its parenthesis does not.
    read -ra stat <<<"${stat##*) }"
    echo $(((stat[11] + stat[12]) * 1000000000 / $(getconf CLK_TCK)))
}

# run_client COMMAND...: pinned, bounded in time, its output in $work/client. How a client ended
# says less than whether its output holds a figure, which `record` checks.
run_client() {
    timeout "$((seconds + 20))" taskset -c "$client_cpu" "$@" >"$work/client" 2>&1 || true
}

# run_loadgen FLAGS...: against echo-reactor.
run_loadgen() {
    run_client "$loadgen" --target "127.0.0.1:$server_port" --duration "${seconds}s" \
        --warmup 300ms --quiet --json - "$@"
    from_json "$work/client" "$complaints" >>"$work/complaints" 2>/dev/null || true
}

# What makes a figure of loadgen doubtful, a line each.
complaints='"\n".join(
    ["{:,} of {:,} probes {}".format(run["counts"][fate], run["counts"]["sent"], fate)
     for fate in ("lost", "late") if run["counts"][fate]]
    + ["{:,} answers dropped by a full buffer".format(run["own_drops"])] * (run["own_drops"] > 0)
    + [doubt["message"] for doubt in run["verdict"]["doubts"]])'

# from_json FILE EXPRESSION: a figure of the last line or the whole of a JSON file, as `run`.
from_json() {
    python3 - "$@" <<'PYTHON'
import json
import sys

path, expression = sys.argv[1:]
text = open(path).read().strip()
try:
    run = json.loads(text)
except ValueError:
    run = json.loads(text.splitlines()[-1])
print(eval(expression, {"run": run}))
PYTHON
}

# record TABLE NAME VALUE: one figure of this round.
record() {
    if ! [[ $3 =~ ^[0-9]+(\.[0-9]+)?$ ]]; then
        echo "${0##*/}: $2 gave no figure for \"$1\":" >&2
        tail -n 20 "$work/client" >&2
        exit 1
    fi
    printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$records"
}

# show YARDSTICK: the tables, with ratios to the records of that name.
show() {
    python3 scripts/side-by-side/ratios.py "$records" "$1"
    if grep -q . "$work/complaints"; then
        printf '\nloadgen says of these runs:\n'
        grep . "$work/complaints" | sort | uniq -c
    fi
}
