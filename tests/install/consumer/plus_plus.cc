// What the macros of the headers are in C++.
#include <s7rig/pool.h>

#include <cstdio>

int main(int argc, char **argv)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_client *plc = nullptr;
    int32_t bottles = 0;

    if (argc != 2 || s7_client_new(argv[1], nullptr, &plc, &err) != S7_OK ||
        s7_client_connect(plc, S7_WITHIN(5000)) != S7_OK ||
        s7_read_i32(plc, S7_WITHIN(5000), S7_AREA_DB, 1, 4, &bottles) != S7_OK)
        return 1;
    std::printf("C++ reads %d\n", bottles);
    s7_client_free(plc);
    return 0;
}
