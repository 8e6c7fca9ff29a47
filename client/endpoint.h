/* endpoint.h - where a PLC is, as users write it: "192.168.0.1", "plc7:10102", "[::1]:102",
 * "s7://192.168.0.1?rack=0&slot=2&type=pg". */
#ifndef CLIENT_ENDPOINT_H
#define CLIENT_ENDPOINT_H

#include <s7rig/client.h>

#define S7_HOST_CAP 256

struct s7_client_endpoint {
    char host[S7_HOST_CAP];
    uint16_t port; /* 102 unless given */
};

/* Parse; settings of the query go into *options. S7_E_SYNTAX: err->came says what is wrong and where. */
S7_MUST_CHECK s7_status s7_client_endpoint_parse(const char *text, struct s7_client_endpoint *out,
                                                 s7_client_options *options, s7_errinfo *err);

#endif
