/* JUnit XML, as CI systems read it. Titles, paths and reports may hold any bytes; the file is well-formed
 * whatever they are: what XML 1.0 cannot hold is written as people see it elsewhere, \x1B. */
#include "scenarios/run_impl.h"

#include "protocol/utf8.h"

#include <stdlib.h>
#include <string.h>

/* ---- characters ---- */

/* XML's production Char, less the controls that show nothing. */
static bool is_shown(uint32_t c)
{
    return c >= ' ' && c != 0x7F && c != 0xFFFE && c != 0xFFFF;
}

/* In an attribute a reader makes blanks of line ends and tabs, everywhere a line end of a carriage return. */
static bool is_kept(uint32_t c, bool attribute)
{
    return !attribute && (c == '\n' || c == '\t');
}

static const char *entity(uint32_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;"; /* "]]>" must not stand in text */
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    case '\n':
        return "&#10;";
    case '\t':
        return "&#9;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

/* The character at text[0..len): its bytes. */
static size_t put(FILE *out, const char *text, size_t len, bool attribute)
{
    uint32_t c;
    size_t taken = s7_utf8_take(text, len, &c);

    if (taken == 0)
        fprintf(out, "\\x%02X", (unsigned char)*text);
    else if (!is_kept(c, attribute) && entity(c) != NULL)
        fputs(entity(c), out);
    else if (is_kept(c, attribute) || is_shown(c))
        fwrite(text, 1, taken, out);
    else
        fprintf(out, c > 0xFF ? "\\u%04X" : "\\x%02X", (unsigned)c);
    return taken > 0 ? taken : 1;
}

static void put_all(FILE *out, const char *text, size_t len, bool attribute)
{
    while (len > 0) {
        size_t taken = put(out, text, len, attribute);

        text += taken;
        len -= taken;
    }
}

static void attribute(FILE *out, const char *name, const char *text, size_t len)
{
    fprintf(out, " %s=\"", name);
    put_all(out, text, len, true);
    fputc('"', out);
}

/* ---- one scenario ---- */

enum kind { KIND_PASSED, KIND_FAILURE, KIND_ERROR, KIND_SKIPPED, N_KINDS };

static enum kind kind_of(const struct sc_attempt *try)
{
    static const enum kind kinds[] = {KIND_PASSED, KIND_FAILURE, KIND_SKIPPED, KIND_ERROR, KIND_ERROR};

    if (try->crashed)
        return KIND_ERROR;
    return try->differed ? KIND_FAILURE : kinds[try->report.outcome];
}

/* What CI systems group and filter by. */
static const char *type_of(const struct sc_attempt *try)
{
    static const char *const types[] = {"", "failed", "", "no-lua", "no-world"};

    if (try->crashed)
        return "crashed";
    return try->differed ? "differs" : types[try->report.outcome];
}

/* Its path without the ending, its folders as a package's parts: "scenarios.late_answer". */
static void put_class(FILE *out, const char *path)
{
    size_t len;

    path += strspn(path, "./");
    len = strlen(path);
    if (len > 4 && strcmp(path + len - 4, ".lua") == 0)
        len -= 4;
    fputs(" classname=\"", out);
    for (const char *slash; (slash = memchr(path, '/', len)) != NULL; path = slash + 1) {
        put_all(out, path, (size_t)(slash - path), true);
        fputc('.', out);
        len -= (size_t)(slash - path) + 1;
    }
    put_all(out, path, len, true);
    fputc('"', out);
}

static void put_begin(FILE *out, const char *path, const struct sc_attempt *try)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;

    if (try->report.title[0] != '\0')
        name = try->report.title;
    fputs("    <testcase", out);
    attribute(out, "name", name, strlen(name));
    put_class(out, path);
    attribute(out, "file", path, strlen(path));
    fprintf(out, " time=\"%.6f\">\n", (double)try->report.wall_ns / 1e9);
}

/* The report's first line. */
static void put_message(FILE *out, const struct sc_attempt *try)
{
    const char *text = try->report.text != NULL ? try->report.text : "";

    if (try->differed && try->report.outcome == SC_PASSED)
        text = "the same seed gave another trace the second time";
    attribute(out, "message", text, strcspn(text, "\n"));
}

/* The whole report. False: out of memory. */
static bool put_details(FILE *out, const char *path, const struct sc_attempt *try,
                        const struct sc_run_options *options)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);

    if (memory == NULL)
        return false;
    sc_tell_details(memory, "", path, try, options);
    bool whole = ferror(memory) == 0;
    whole = fclose(memory) == 0 && whole;
    put_all(out, text, len, false);
    free(text);
    return whole;
}

/* What came of it, with its reason. A pass has one only if something was noted or logged. */
static bool put_result(FILE *out, const char *path, const struct sc_attempt *try,
                       const struct sc_run_options *options)
{
    static const char *const elements[N_KINDS] = {"system-out", "failure", "error", "skipped"};
    enum kind kind = kind_of(try);
    bool whole = true;

    if (kind == KIND_PASSED && try->report.text == NULL && try->repeats == 0)
        return true;
    fprintf(out, "      <%s", elements[kind]);
    if (kind != KIND_PASSED)
        put_message(out, try);
    if (kind == KIND_FAILURE || kind == KIND_ERROR)
        fprintf(out, " type=\"%s\"", type_of(try));
    fputc('>', out);
    if (kind != KIND_SKIPPED)
        whole = put_details(out, path, try, options);
    fprintf(out, "</%s>\n", elements[kind]);
    return whole;
}

/* ---- all ---- */

static void put_sums(FILE *out, unsigned n, const struct sc_jobs *jobs)
{
    unsigned sums[N_KINDS] = {0};
    int64_t wall_ns = 0;

    for (unsigned i = 0; i < n; i++) {
        const struct sc_attempt *try = sc_jobs_attempt(jobs, i);

        sums[kind_of(try)]++;
        wall_ns += try->report.wall_ns;
    }
    fprintf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.6f\"", n,
            sums[KIND_FAILURE], sums[KIND_ERROR], sums[KIND_SKIPPED], (double)wall_ns / 1e9);
}

/* How they were run is the suite's name: results of virtual and real time are told apart by it. */
static void put_name(FILE *out, const struct sc_run_options *options)
{
    fputs(" name=\"s7rig run", out);
    sc_tell_world(out, &options->one, options->one.scale);
    fputs(options->twice ? " --twice\"" : "\"", out);
}

bool sc_junit(FILE *out, char *const *files, unsigned n, const struct sc_jobs *jobs,
              const struct sc_run_options *options)
{
    bool whole = true;

    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", out);
    put_sums(out, n, jobs);
    fputs(">\n  <testsuite", out);
    put_name(out, options);
    put_sums(out, n, jobs);
    fputs(">\n", out);
    for (unsigned i = 0; i < n; i++) {
        const struct sc_attempt *try = sc_jobs_attempt(jobs, i);

        put_begin(out, files[i], try);
        whole = put_result(out, files[i], try, options) && whole;
        fputs("    </testcase>\n", out);
    }
    fputs("  </testsuite>\n</testsuites>\n", out);
    return whole;
}
