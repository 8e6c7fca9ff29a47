#!/bin/sh
# The JUnit XML of `s7rig run`: what CI systems look for is there, whatever scenarios say it is well-formed, and it is whole or not there.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

if command -v xmllint >/dev/null; then
    parses() { xmllint --noout "$1" 2>"$dir/xml.log"; }
elif command -v python3 >/dev/null; then
    parses() { python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$1" 2>"$dir/xml.log"; }
else
    skip "nothing that parses XML (apt-get install libxml2-utils)"
fi
xml=$dir/junit.xml

# reports STATUS FILE...: it ends with STATUS and writes $xml, which is put into $dir/out.
reports() {
    status=$1
    shift
    # shellcheck disable=SC2086 # options are words
    (cd "$dir" && expect "$status" "" "$s7rig" run $options --junit "$xml" "$@") || exit 1
    parses "$xml" || fail "no XML: $(cat "$xml")"
    temporary=$(find "$dir" -name 'junit.xml.*' -o -name 's7rig-run-*')
    [ -z "$temporary" ] || fail "the run left $temporary"
    cp "$xml" "$dir/out"
}
options=

say "what each came to"
mkdir "$dir/some"
cat >"$dir/some/good.lua" <<'END'
title = "all is well"
log("note", 5)
expect(1)
END
echo 'expect(1)' >"$dir/plain.lua"
printf 'title = "a wrong value"\n\nexpect(1, 2)\n' >"$dir/bad.lua"
echo 'expect(' >"$dir/none.lua"
printf 'virtual_only = "a day is long"\nexpect(1)\n' >"$dir/virtual.lua"
reports 3 some ./plain.lua bad.lua none.lua
contains '<testsuites tests="4" failures="1" errors="1" skipped="0" time="' sums
contains '<testsuite name="s7rig run --seed 1" tests="4" failures="1" errors="1" skipped="0" time="' sums
contains '<testcase name="all is well" classname="some.good" file="some/good.lua" time="' "a pass"
contains '<system-out>log:' "its log"
contains '<testcase name="plain.lua" classname="plain" file="./plain.lua" time="' "a pass without a title"
contains '<testcase name="a wrong value" classname="bad" file="bad.lua" time="' "a failure"
contains '<failure message="bad.lua:3: expected == 2, got 1" type="failed">bad.lua:3: expected == 2, got 1
' "its message"
contains '| expect(1, 2)' "its report"
contains 'again: s7rig run bad.lua --seed 1
</failure>' "how to run it again"
contains '<error message="none.lua:2: unexpected symbol near &lt;eof&gt;" type="no-lua">' "no Lua"
odd=$(grep -c 'time="' "$xml")
[ "$(grep -cE 'time="[0-9]+\.[0-9]{6}"' "$xml")" -eq "$odd" ] || fail "times are not seconds: $(cat "$xml")"
options="--real --scale 100 --adapter thread --seed 7"
reports 0 plain.lua virtual.lua
contains '<testsuite name="s7rig run --seed 7 --real --scale 100 --adapter thread" tests="2" failures="0" errors="0" skipped="1"' "how they were run"
contains '<skipped message="virtual only: a day is long"></skipped>' "a reason"
options=--tap
reports 77 --real virtual.lua
options=

say "whatever scenarios say"
printf 'text' >"$dir/broken.xml"
! parses "$dir/broken.xml" || fail "the parser takes anything"
odd=$dir/'odd <&>"'"'.lua"
cat >"$odd" <<'END'
title = "<![CDATA[ &amp; \" ' ]]> \x7f \xff \xc3( \u{D800} \u{FFFE} \u{FFFF} \u{1F600} ü"
log("]]>", "<a b='c'>", "\r\t\x01\x1b[31m", "\xfe\xed\xa0\x80", "-->", "&#0;", "\u{85}\u{2028}")
expect(1)
error("]]> </failure> & \x01\x1b \xff\xfe \u{FFFE}\r\n second \" ' <?xml ?>", 0)
END
reports 1 "$odd"
contains 'name="&lt;![CDATA[ &amp;amp; &quot; &apos; ]]&gt; \x7F \xFF \xC3( \xED\xA0\x80 \uFFFE \uFFFF 😀 ü"' "a title"
contains 'odd &lt;&amp;&gt;&quot;&apos;"' "a name"
contains ':4: ]]&gt; &lt;/failure&gt; &amp; \x01\x1B \xFF\xFE \uFFFE&#13;" type="failed">' "a message"
contains ' second &quot; &apos; &lt;?xml ?&gt;' "the report"
contains ']]&gt; &lt;a b=&apos;c&apos;&gt; &#13;	\x01\x1B[31m \xFE\xED\xA0\x80 --&gt; &amp;#0; ' "the log"
printf 'title = string.rep("\303\274", 100)\nvirtual_only = "]]>\\1\\n\\255<skipped/>"\nexpect(1)' >"$dir/virtual.lua"
reports 77 --real virtual.lua
contains '\xC3" classname="virtual"' "a title that is cut within a character"
printf 'title = "t" expect(\001\377]]> "' >"$dir/none.lua"
reports 3 none.lua
cat >"$dir/bytes.lua" <<'END'
local all = {}
for byte = 1, 255 do
  log("<" .. string.char(byte) .. ">")
  all[byte] = "<" .. string.char(byte) .. ">"
end
error(table.concat(all), 0)
END
reports 1 bytes.lua
contains '&lt;\x01&gt;' "the first"
contains '&lt;\xFF&gt;' "the last"

say "whole or not there"
expect 4 "cannot write $dir/nowhere/junit.xml: No such file or directory" "$s7rig" run --junit "$dir/nowhere/junit.xml" "$dir/plain.lua"
expect 4 "cannot write $dir: Is a directory" "$s7rig" run --junit "$dir" "$dir/plain.lua"
if [ -w /dev/full ]; then
    expect 4 "cannot write /dev/full" "$s7rig" run --junit /dev/full "$dir/plain.lua"
    expect 4 "cannot write /dev/full" "$s7rig" run --junit /dev/full "$dir/bad.lua"
    contains "1 failed" "what came of it"
fi
echo old >"$xml"
expect 4 "cannot write $dir/nowhere/trace" "$s7rig" run --junit "$xml" --trace "$dir/nowhere/trace" "$dir/plain.lua"
[ "$(cat "$xml")" = old ] || fail "the old report was touched: $(cat "$xml")"
temporary=$(find "$dir" -name 'junit.xml.*')
[ -z "$temporary" ] || fail "the run left $temporary"
ln -s junit.xml "$dir/link.xml"
expect 0 "1 passed" "$s7rig" run --junit "$dir/link.xml" "$dir/plain.lua"
[ -L "$dir/link.xml" ] || fail "a link was replaced"
parses "$xml" || fail "what it shows was not written"
ln -s made.xml "$dir/new.xml"
expect 0 "1 passed" "$s7rig" run --junit "$dir/new.xml" "$dir/plain.lua"
parses "$dir/made.xml" || fail "what a link points to was not made"
ln -s nowhere/made.xml "$dir/dangling.xml"
expect 4 "cannot write $dir/dangling.xml: No such file or directory" "$s7rig" run --junit "$dir/dangling.xml" "$dir/plain.lua"

say "where it cannot be a file"
mkfifo "$dir/pipe"
"$s7rig" run --junit "$dir/pipe" "$dir/plain.lua" >"$dir/out" 2>&1 &
pids="$pids $!"
bounded cat "$dir/pipe" >"$dir/piped.xml" || fail "nothing came through the pipe"
wait "$!" || fail "a pipe is refused: $(cat "$dir/out")"
parses "$dir/piped.xml" || fail "through the pipe came: $(cat "$dir/piped.xml")"
expect 2 "is standard output, where the results are told" "$s7rig" run --junit "$dir/out" "$dir/plain.lua"
