/* Address texts: what parses has one canonical text, which parses to the same address. An error points into
 * the text. */
#include "fuzz.h"

#include <s7rig/address.h>

#include <string.h>

const char *const fuzz_seeds[] = {"\"DB1.DBX0.3",
                                  "\"DB1.DBD4:REAL",
                                  "\"DB1.DBB10:STRING(20)",
                                  "\"DB1,S20.10.3",
                                  "\"DB1,X14.0.8",
                                  "\"MW10:INT[3]",
                                  "\"T5",
                                  "\"PEW256",
                                  "\"DB1.STRING10.20",
                                  "\"IX0.0",
                                  "\"DB65535.DBX65535.7",
                                  "\"%DB1.DBX0.0:BOOL",
                                  "\"db1 . db x 0 . 0",
                                  "\"VW12",
                                  "\"DB1,INT12.2",
                                  "\"DB1.DBB0:WSTRING(16382)[2]",
                                  "\"DB1,S5TIME4.2",
                                  "\"DB1.DBB0:DATE_AND_TIME",
                                  "\"%DB1:10.3:BOOL[8]",
                                  "\"DB6200,D206.1",
                                  "\"DB5200,DD2320:REAL",
                                  "\"DB1.0,WS,20,2",
                                  "\"m.10,x2",
                                  "\"V10",
                                  "\"AIW0",
                                  "\"SM0.5",
                                  "\"DB1.DBLW8:LDT",
                                  NULL};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char text[256], canonical[S7_ADDRESS_TEXT_CAP];
    s7_address address, again;
    s7_address_error error;

    if (len >= sizeof text || memchr(bytes, 0, len) != NULL)
        return 0;
    memcpy(text, bytes, len);
    text[len] = '\0';
    if (s7_address_parse(text, &address, &error) != S7_OK) {
        if (error.at > len || memchr(error.text, 0, sizeof error.text) == NULL || error.text[0] == '\0')
            fuzz_fail("the error of \"%s\" points at %zu of %zu", text, error.at, len);
        return 0;
    }
    if (s7_address_format(&address, canonical, sizeof canonical) >= sizeof canonical)
        fuzz_fail("\"%s\" has a canonical text that does not fit", text);
    memset(&again, 0, sizeof again);
    if (s7_address_parse(canonical, &again, &error) != S7_OK || again.area != address.area ||
        again.db != address.db || again.byte != address.byte || again.bit != address.bit ||
        again.type != address.type || again.string_cap != address.string_cap || again.count != address.count)
        fuzz_fail("\"%s\" is \"%s\", which is something else", text, canonical);
    return 0;
}
