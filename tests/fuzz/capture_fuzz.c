/* Captures: whatever the bytes are, nothing is read behind them, and what is told of them fits together. */
#include "fuzz.h"

#include "cli/recorded.h"

const char *const fuzz_seeds[] = {
    /* pcap, raw IP: a request, a part of it, and the answer */
    "d4c3b2a1 02000400 00000000 00000000 00000400 65000000"
    "00000000 00000000 47000000 47000000 45000047000040004006 0000 0a000001 0a000002 c350 0066 00000001 "
    "00000000 5018 2000 0000 0000"
    "0300001f 02f080 32010000 0002 000e 0000 0401 120a1002 0004 0001 84 000000"
    "00000000 00000000 2e000000 47000000 45000047000040004006 0000 0a000001 0a000002 c350 0066 00000020 "
    "00000000 5018 2000 0000 0000"
    "0300001f 02f0"
    "00000000 00000000 45000000 45000000 45000045000040004006 0000 0a000002 0a000001 0066 c350 00000001 "
    "00000000 5018 2000 0000 0000"
    "0300001d 02f080 32030000 0002 0002 0008 0000 0401 ff040020 deadbeef",
    /* pcapng, Ethernet with a VLAN tag, IPv6; a simple packet block */
    "0a0d0d0a 0000001c 1a2b3c4d 00010000 ffffffff ffffffff 0000001c"
    "00000001 00000014 0001 0000 00040000 00000014"
    "00000006 00000078 00000000 00000000 00000000 00000056 00000056"
    "000000000000000000000000 8100 0007 86dd 60000000 001c 06 40 fe800000000000000000000000000001 "
    "fe800000000000000000000000000002 c350 0066 00000001 00000000 5018 2000 0000 0000 03000016 11e00000"
    "0000 00000078"
    "00000003 00000018 00000004 45000000 00000000 00000018",
    NULL};

static void look(const struct recorded_connection *talk)
{
    for (size_t i = 0; i < talk->n_pdus; i++) {
        const struct recorded_pdu *pdu = &talk->pdus[i], *answer;

        if (pdu->kept > pdu->len || pdu->len < S7_PDU_HEADER_LEN || pdu->bytes[0] != S7_PROTOCOL_ID)
            fuzz_fail("a PDU of %zu bytes, %zu of them kept", pdu->len, pdu->kept);
        answer = recorded_is_request(pdu) ? recorded_answer(talk, pdu) : NULL;
        if (answer != NULL && (answer <= pdu || answer->asked))
            fuzz_fail("PDU %zu is answered by one that is no answer", i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct recorded recorded;

    if (recorded_parse(bytes, len, &recorded)) {
        if ((recorded.end == CAPTURE_WHOLE) != (recorded.why[0] == '\0'))
            fuzz_fail("end %d, why \"%s\"", recorded.end, recorded.why);
        if (recorded.sum.segments > recorded.sum.packets)
            fuzz_fail("%u segments in %u packets", recorded.sum.segments, recorded.sum.packets);
        for (size_t i = 0; i < recorded.n; i++)
            look(&recorded.connections[i]);
    }
    recorded_free(&recorded);
    return 0;
}
