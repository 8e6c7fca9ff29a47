/* record ADDRESS FILE - talks to a PLC as a program would and writes what its flight recorder kept, for the
 * test of replay: reads that are good, refused and longer than what is kept of a frame, a write, and an
 * identification. */
#include <s7rig/flight.h>
#include <s7rig/services.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static s7_status talk(s7_client *client)
{
    static const uint8_t forty_two[] = {0, 42};
    uint8_t bytes[400];
    s7_cpu_info info;
    s7_item items[2] = {{.data = bytes, .len = 2}, {.data = bytes + 2, .len = 2}};

    s7_status status = s7_client_connect(client, NULL);
    if (status == S7_OK)
        status = s7_read_db(client, NULL, 1, 0, bytes, 16);
    if (status == S7_OK)
        status = s7_write_db(client, NULL, 1, 20, forty_two, 2);
    if (status == S7_OK)
        status = s7_read_db(client, NULL, 2, 0, bytes, sizeof bytes);
    if (status == S7_OK)
        status = s7_address_parse("DB1.DBW0", &items[0].address, NULL);
    if (status == S7_OK)
        status = s7_address_parse("DB9.DBW0", &items[1].address, NULL);
    if (status == S7_OK && s7_read_multi(client, NULL, items, 2) != S7_E_PARTIAL)
        status = S7_E_PROTOCOL;
    info = (s7_cpu_info){.struct_size = sizeof info};
    (void)!s7_cpu_info_get(client, NULL, &info); /* refused or not: it was asked */
    return status;
}

int main(int argc, char **argv)
{
    s7_client_options options;
    s7_client *client;
    int fd = argc == 3 ? open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

    s7_client_options_init(&options);
    options.flight_bytes = 224U * options.flight_frames; /* requests are to be sent again, as a whole */
    if (fd < 0 || s7_client_new(argv[1], &options, &client, NULL) != S7_OK) {
        fprintf(stderr, "usage: record ADDRESS FILE\n");
        return 2;
    }
    s7_status status = talk(client);
    if (status == S7_OK)
        status = s7_client_flight_pcapng(client, fd);
    s7_client_free(client);
    close(fd);
    if (status != S7_OK)
        fprintf(stderr, "record: %s\n", s7_strerror(status));
    return status != S7_OK;
}
