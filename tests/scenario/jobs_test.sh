#!/bin/sh
# Several scenarios at a time, parts of them, and signals. A scenario that is a pipe runs for as long as the test wants, and opening the
# pipe waits until it runs: nothing here is a matter of time.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

# pipes NAME...: scenarios that wait to be written.
pipes() {
    for pipe in "$@"; do
        rm -f "$dir/$pipe.lua"
        mkfifo "$dir/$pipe.lua"
    done
}

# feed NAME TEXT: waits until it runs.
feed() {
    # shellcheck disable=SC2016 # the inner shell's own
    bounded sh -c 'echo "$1" >"$2"' sh "$2" "$dir/$1.lua" || fail "$1 never ran"
}

# in_background [OPTION...] FILE...: sets running, its pid; prints to $dir/out.
in_background() {
    (cd "$dir" && exec env --default-signal=INT "$s7rig" run "$@") >"$dir/out" 2>&1 &
    running=$!
    pids="$pids $running"
}

# ended STATUS
ended() {
    wait "$running"
    got=$?
    [ "$got" -eq "$1" ] || fail "expected exit status $1, got $got: $(cat "$dir/out")"
    left=$(find "$dir" -name 's7rig-run-*' -o -name '*.xml.*')
    [ -z "$left" ] || fail "the run left $left"
}

children() {
    for stat in /proc/[0-9]*/stat; do
        read -r line 2>/dev/null <"$stat" || continue
        pid=${line%% *}
        line=${line##*) }
        line=${line#* }
        [ "${line%% *}" != "$1" ] || echo "$pid"
    done
}

echo 'expect(1)' >"$dir/good.lua"
echo 'expect(1, 2)' >"$dir/bad.lua"
echo 'expect(' >"$dir/none.lua"
printf 'virtual_only = "why"\nexpect(1)\n' >"$dir/virtual.lua"
cat >"$dir/traffic.lua" <<'END'
local plc = PLC { db = {[1] = 10} }
local pool = Pool { plc }
plc:fault("slow", "fn=read time=uniform(1ms,20ms)")
pool:start()
local crew = Workers { pool, count = 5, times = 20, address = "DB1.DBB0" }
crew:join()
expect(crew.ok, 100)
log(math.random(1, 1000000))
END

say "options"
for wrong in x -1 257 1.5 "" 2x; do
    expect 2 "--jobs takes a number 1..256, or auto (or 0) for one per processor, got \"$wrong\"" "$s7rig" run "--jobs=$wrong" "$dir/good.lua"
done
for jobs in auto 0 1 256; do
    expect 0 "1 passed" "$s7rig" run --jobs "$jobs" "$dir/good.lua"
done
for wrong in 3 0/3 4/3 1/0 /3 1/ / x/y 1/2/3 -1/3 1/-3 "1/ 3" 99999999999/99999999999 ""; do
    expect 2 "--shard takes I/N, the I-th of N parts, as 1/3; got \"$wrong\"" "$s7rig" run "--shard=$wrong" "$dir/good.lua"
done

say "several are as one"
for seed in 1 2; do
    for jobs in 1 4; do
        (cd "$dir" && expect 3 "" "$s7rig" run --tap --seed $seed --jobs $jobs --trace "trace.$jobs" \
            traffic.lua bad.lua good.lua none.lua virtual.lua traffic.lua good.lua traffic.lua) || exit 1
        mv "$dir/out" "$dir/tap.$jobs"
    done
    cmp "$dir/tap.1" "$dir/tap.4" || fail "four at a time tell other things: $(cat "$dir/tap.4")"
    cmp "$dir/trace.1" "$dir/trace.4" || fail "four at a time write another trace"
    [ "$(wc -l <"$dir/trace.4")" -gt 600 ] || fail "there is little in the trace"
    [ "$(grep -c "^# .* seed $seed" "$dir/trace.4")" -eq 8 ] || fail "not every scenario is in the trace"
done
expect 1 "1 passed, 1 failed" "$s7rig" run -j4 "$dir/good.lua" "$dir/bad.lua"
expect 77 "1 skipped" "$s7rig" run -j4 --real "$dir/virtual.lua"
expect 0 "2 passed" "$s7rig" run -j4 --twice "$dir/traffic.lua" "$dir/good.lua"
TMPDIR=$dir/none expect 4 "NO WORLD $dir/good.lua" "$s7rig" run -j2 "$dir/good.lua" "$dir/good.lua"

say "in the order of the list, whichever ends first"
pipes a c
in_background --tap -j2 a.lua good.lua c.lua
feed c 'expect(1)' # which runs, so good.lua has ended, and a.lua has not
[ "$(cat "$dir/out")" = "TAP version 13
1..3" ] || fail "the second was told before the first: $(cat "$dir/out")"
feed a 'expect(1)'
ended 0
[ "$(grep -o '^ok [0-9] - .*' "$dir/out" | tr '\n' ' ')" = "ok 1 - a.lua ok 2 - good.lua ok 3 - c.lua " ] || fail "the order: $(cat "$dir/out")"

say "no more than were asked for"
pipes a b
in_background -j2 a.lua b.lua good.lua
exec 3>"$dir/a.lua" 4>"$dir/b.lua"
[ "$(children "$running" | wc -l)" -eq 2 ] || fail "there run $(children "$running" | wc -l)"
exec 3>&- 4>&-
ended 1

say "a crash is one scenario's"
pipes a
in_background --junit "$dir/junit.xml" --trace "$dir/trace" good.lua a.lua traffic.lua
exec 3>"$dir/a.lua"
kill -9 "$(children "$running")"
ended 1
exec 3>&-
contains "ok       good.lua" "the one before"
contains "CRASHED  a.lua
    its process was ended by signal 9 (Killed)" "the crash"
contains "again: s7rig run a.lua --seed 1" "how to run it again"
contains "ok       traffic.lua" "the one after"
contains "2 passed, 1 failed, 0 skipped" "the sum"
grep -q '<error message="its process was ended by signal 9 (Killed)" type="crashed">' "$dir/junit.xml" || fail "$(cat "$dir/junit.xml")"
[ "$(grep -c '^# ' "$dir/trace")" -eq 3 ] || fail "the trace is not whole: $(grep '^# ' "$dir/trace")"

say "a signal ends all of them"
for signal in 2 15 1; do
    pipes a b
    echo old >"$dir/junit.xml"
    in_background -j2 --junit "$dir/junit.xml" --trace "$dir/trace" good.lua a.lua b.lua good.lua
    exec 3>"$dir/a.lua" 4>"$dir/b.lua"
    theirs=$(children "$running")
    kill -"$signal" "$running"
    ended $((128 + signal))
    exec 3>&- 4>&-
    contains "s7rig run: ended by signal $signal " "what happened"
    contains "ok       good.lua" "what had ended before"
    [ "$(cat "$dir/junit.xml")" = old ] || fail "half of the results look like all: $(cat "$dir/junit.xml")"
    [ "$(echo "$theirs" | wc -w)" -eq 2 ] || fail "two were to run: $theirs"
    for pid in $theirs; do
        ! kill -0 "$pid" 2>/dev/null || fail "$pid still runs"
    done
done
pipes a
(cd "$dir" && exec env --ignore-signal=HUP "$s7rig" run a.lua) >"$dir/out" 2>&1 & # nohup
running=$!
pids="$pids $running"
exec 3>"$dir/a.lua"
kill -1 "$running"
echo 'expect(1)' >&3
exec 3>&-
ended 0

say "nobody reads any more"
pipes a
mkfifo "$dir/reader"
(cd "$dir" && exec env --default-signal=PIPE "$s7rig" run -j2 good.lua a.lua) >"$dir/reader" 2>"$dir/err.log" &
running=$!
pids="$pids $running"
exec 5<"$dir/reader"
exec 3>"$dir/a.lua"
exec 5<&-
exec 3>&-
ended 141

say "parts"
mkdir "$dir/parts" "$dir/empty"
for name in e b d a c; do
    echo 'expect(1)' >"$dir/parts/$name.lua"
done
names() {
    "$s7rig" run --tap "$@" >"$dir/out" || fail "expected exit status 0: $* $(cat "$dir/out")"
    sed -n 's|^ok [0-9]* - .*/\(.\)\.lua$|\1|p' "$dir/out" | tr -d '\n'
}
[ "$(names --shard 1/2 "$dir/parts") $(names --shard 2/2 "$dir/parts")" = "ace bd" ] || fail "they are dealt out in turn"
for n in 1 2 3 4 5 6 7; do
    all="" shortest=5 longest=0
    for i in $(seq "$n"); do
        part=$(names --shard "$i/$n" "$dir/parts")
        all=$all$part
        [ "${#part}" -ge "$shortest" ] || shortest=${#part}
        [ "${#part}" -le "$longest" ] || longest=${#part}
    done
    [ "$(echo "$all" | fold -w1 | sort | tr -d '\n')" = abcde ] || fail "$n parts together are $all"
    [ $((longest - shortest)) -le 1 ] || fail "of $n parts one has $shortest, one $longest"
done
expect 0 "1..0 # SKIP no scenario in this part" "$s7rig" run --tap --shard 6/7 "$dir/parts"
expect 0 "0 passed, 0 failed, 0 skipped" "$s7rig" run --shard 6/7 --jobs 4 --junit "$dir/junit.xml" "$dir/parts"
grep -q '<testsuites tests="0"' "$dir/junit.xml" || fail "$(cat "$dir/junit.xml")"
expect 5 "no scenario (*.lua) there" "$s7rig" run --shard 1/2 "$dir/empty"
expect 1 "0 passed, 1 failed" "$s7rig" run --shard 2/2 "$dir/good.lua" "$dir/bad.lua"
