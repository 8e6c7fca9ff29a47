#!/bin/sh
# What docs/plant-file.md shows is what happens: its files are made, its SQL is run, its commands print what it says.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
page=$3
PATH=$(dirname "$s7rig"):$PATH
cd "$dir" || exit 1

# Blocks of the page in their order: N.csv and N.json (first line: the file's name), N.sql, N.console.
awk '
    /^```(csv|json|sql|console)/ { n++; kind = substr($1, 4); out = sprintf("%03d.%s", n, kind); if (kind ~ /csv|json/) print $2 >out; next }
    /^```/ { if (out != "") { printf "" >>out; close(out) } ; out = ""; next }
    out != "" { print >out }' "$page"
[ "$(ls ./*.console | wc -l)" -ge 12 ] || fail "only these blocks are found: $(ls)"

# serve_it PLANT TEXT: the page says that it listens on 127.0.0.1:10102.
serve_it() {
    serve page "$1" --listen 127.0.0.1:0
    [ "$2" = "listening $plc 127.0.0.1:10102" ] || fail "expected \"listening $plc 127.0.0.1:10102\", the page has \"$2\""
}

# run COMMAND TEXT: it prints TEXT.
run() {
    case $1 in
    's7rig serve '*' &')
        rest=${1#s7rig serve }
        serve_it "${rest% &}" "$2"
        return
        ;;
    esac
    command=$(echo "$1" | sed "s/127.0.0.1:10102/${address:-}/g")
    got=$(bounded sh -c "$command" 2>&1)
    [ "$got" = "$2" ] || fail "the page shows
\$ $1
$2
and this happens:
$got"
}

console() {
    command='' text=''
    while IFS= read -r line; do
        case $line in
        '$ '*)
            [ -z "$command" ] || run "$command" "$text"
            command=${line#'$ '} text=''
            ;;
        *)
            text=$text${text:+
}$line
            ;;
        esac
    done <"$1"
    run "$command" "$text"
}

address=''
for block in [0-9][0-9][0-9].*; do
    case $block in
    *.csv | *.json)
        sed 1d "$block" >"$(sed 1q "$block")"
        ;;
    *.sql)
        say "SQL: $(grep -v '^--' "$block" | sed 1q)"
        bounded sqlite3 -bail -cmd '.timeout 10000' line.plant <"$block" >out 2>&1 || fail "$(cat "$block" out)"
        ;;
    *.console)
        say "$(sed 1q "$block" | cut -c 1-100)"
        console "$block"
        ;;
    esac
done

say "the pages tell of every table and view, and of every column of those that people edit"
for table in $(sqlite3 line.plant "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'"); do
    cat "$(dirname "$page")"/*.md | grep -q "^##* .*\b$table\b\|\`$table\`" || fail "nothing about the table $table"
done
for table in plc block tag szl code diagnostic event fault; do
    grep -q "^##* .*\b$table" "$page" || fail "no section about the table $table"
    for column in $(sqlite3 line.plant "SELECT name FROM pragma_table_xinfo('$table')"); do
        cat "$(dirname "$page")"/*.md | grep -q "\`$column\`" || fail "nothing about $table.$column"
    done
done
ends_well "$server"
