// What the macros of the headers are in C++.
#include <s7rig/pool.h>
#include <s7rig/struct.h>

#include <cstdio>

struct filler {
    float speed;
    int32_t bottles;
    int16_t levels[2];
    char name[5];
};

static const s7_field filler_fields[] = {
    S7_FIELD(filler, speed, 0, S7_TYPE_REAL),
    S7_FIELD(filler, bottles, 4, S7_TYPE_DINT),
    S7_FIELD_ARRAY(filler, levels, 8, S7_TYPE_INT),
    S7_FIELD_TEXT(filler, name, 12, S7_TYPE_STRING, 4),
};

int main(int argc, char **argv)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_client *plc = nullptr;
    int32_t bottles = 0;

    if (s7_struct_len(filler_fields, 4) != 18)
        return 1;
    if (argc != 2 || s7_client_new(argv[1], nullptr, &plc, &err) != S7_OK ||
        s7_client_connect(plc, S7_WITHIN(5000)) != S7_OK ||
        s7_read_i32(plc, S7_WITHIN(5000), S7_AREA_DB, 1, 4, &bottles) != S7_OK)
        return 1;
    std::printf("C++ reads %d\n", bottles);
    s7_client_free(plc);
    return 0;
}
