# Plant bugs into a copy of a source.
#
#   awk -v source=client/pool_core.c -v copy=COPY -f plant.awk SOURCE BUG.plant...
#
# A .plant file has, for each place, "in FILE" and lines as in a diff: " " what is there, "-" what goes, "+" what comes. Places are
# found by their text alone, indentation apart; it must be there exactly once. What does not fit is left out, and said in the copy's
# first lines as "unfit: BUG: why".
function trimmed(text) {
    gsub(/^[ \t]+|[ \t]+$/, "", text)
    return text
}
function bug_name(path) {
    sub(/.*\//, "", path)
    sub(/\.plant$/, "", path)
    return path
}
function fits(at,    i, k) {
    for (i = 1; i <= n_old; i++)
        if (trimmed(line[at + i - 1]) != old[i])
            return 0
    return 1
}
# The hunk is in op[], text[]: replace where it fits.
function plant(    at, found, i, k, tail, m) {
    if (!here || n_op == 0)
        return
    n_old = 0
    for (i = 1; i <= n_op; i++)
        if (op[i] != "+")
            old[++n_old] = trimmed(text[i])
    for (at = 1; at + n_old - 1 <= n; at++)
        if (fits(at)) {
            found++
            place = at
        }
    if (n_old == 0 || found != 1) {
        unfit = unfit "// unfit: " bug ": its text is there " (found + 0) " times in " source "\n"
        return
    }
    m = 0
    for (i = 1; i < place; i++)
        fresh[++m] = line[i]
    k = place
    for (i = 1; i <= n_op; i++) {
        if (op[i] == " ")
            fresh[++m] = line[k]
        else if (op[i] == "+")
            fresh[++m] = text[i]
        k += op[i] != "+"
    }
    for (i = place + n_old; i <= n; i++)
        fresh[++m] = line[i]
    for (i = 1; i <= m; i++)
        line[i] = fresh[i]
    n = m
}
FNR == 1 {
    file++
    if (file > 2)
        plant()
    n_op = 0
    here = 0
    bug = bug_name(FILENAME)
}
file == 1 { line[++n] = $0; next }
/^in / { plant(); n_op = 0; here = $2 == source; next }
/^[ +-]/ { op[++n_op] = substr($0, 1, 1); text[n_op] = substr($0, 2) }
END {
    plant()
    printf "%s", unfit >copy
    print "#include \"tests/planted/planted.h\"" >copy
    for (i = 1; i <= n; i++)
        print line[i] >copy
}
