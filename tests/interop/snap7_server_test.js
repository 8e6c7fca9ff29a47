// snap7_server_test.js - our client, as `s7rig read` and `s7rig write`, against Snap7's server (through node-snap7): every type and
// area both ways, long reads and writes, refusals. What Snap7's server does otherwise than a CPU is in docs/interop.md.
'use strict';

const { main } = require('./rig');
const { load, serve } = require('./snap7');

const snap7 = load();

class Peer {
    constructor() {
        this.server = new snap7.S7Server();
        const s = this.server;
        this.areas = { DB1: [s.srvAreaDB, 1], DB2: [s.srvAreaDB, 2], I: [s.srvAreaPE], Q: [s.srvAreaPA], M: [s.srvAreaMK],
                       T: [s.srvAreaTM], C: [s.srvAreaCT] };
        for (const place of Object.values(this.areas))
            s.RegisterArea(...place, Buffer.alloc(4096));
    }

    bytes(area, start, len) {
        return Buffer.from(this.server.GetArea(...this.areas[area]).subarray(start, start + len));
    }

    set(area, start, data) {
        const all = Buffer.from(this.server.GetArea(...this.areas[area]));
        data.copy(all, start);
        this.server.SetArea(...this.areas[area], all);
    }
}

// [address, value on the command line, area, start, bytes, value in JSON]
const VALUES = [
    ['DB1.DBX0.3', '1', 'DB1', 0, '08', 1],
    ['DB1.DBB2', '200', 'DB1', 2, 'c8', 200],
    ['DB1.DBB4:CHAR', 'Z', 'DB1', 4, '5a', 'Z'],
    ['DB1.DBW6', '48879', 'DB1', 6, 'beef', 48879],
    ['DB1.DBW8:INT', '-12345', 'DB1', 8, 'cfc7', -12345],
    ['DB1.DBD12', '3735928559', 'DB1', 12, 'deadbeef', 3735928559],
    ['DB1.DBD16:DINT', '-2', 'DB1', 16, 'fffffffe', -2],
    ['DB1.DBD20:REAL', '3.25', 'DB1', 20, '40500000', 3.25],
    ['DB1.DBB24:LREAL', '-1.5', 'DB1', 24, 'bff8000000000000', -1.5],
    ['DB1.DBW40:INT[3]', '[1,-1,2]', 'DB1', 40, '0001ffff0002', [1, -1, 2]],
    ['DB1.DBD50:REAL[2]', '[0.5,-0.5]', 'DB1', 50, '3f000000bf000000', [0.5, -0.5]],
    ['IB3', '7', 'I', 3, '07', 7],
    ['QW10', '258', 'Q', 10, '0102', 258],
    ['Q12.7', '1', 'Q', 12, '80', 1],
    ['MD20:REAL', '-0.25', 'M', 20, 'be800000', -0.25],
    ['M32.2', '1', 'M', 32, '04', 1],
];

async function eachValueAlone(rig, peer) {
    for (const [address, text, area, start, hex, value] of VALUES) {
        await rig.write([`${address}=${text}`]);
        rig.same(`${address}: in the server after s7rig write`, peer.bytes(area, start, hex.length / 2).toString('hex'), hex);
        rig.same(`${address}: s7rig read`, (await rig.read([address]))[0].value, value);
    }
}

// The same in one list: all at once.
async function allValuesInOneList(rig, peer) {
    for (const area of ['DB1', 'I', 'Q', 'M'])
        peer.set(area, 0, Buffer.alloc(100));
    await rig.write(VALUES.map(([address, text]) => `${address}=${text}`));
    for (const [address, , area, start, hex] of VALUES)
        rig.same(`${address}: in the server after a list`, peer.bytes(area, start, hex.length / 2).toString('hex'), hex);
    const items = await rig.read(VALUES.map(([address]) => address));
    VALUES.forEach(([address, , , , , value], i) => rig.same(`${address}: s7rig read in a list`, items[i].value, value));
}

async function strings(rig, peer) {
    peer.set('DB1', 100, Buffer.from([10, 0]));
    await rig.write(['DB1.DBB100:STRING(10)=Gr\u00fc\u00dfe']);
    rig.same('STRING in the server', peer.bytes('DB1', 100, 7), Buffer.from('\x0a\x05Gr\xfc\xdfe', 'latin1'));
    rig.same('STRING by s7rig', (await rig.read(['DB1.DBB100:STRING(10)']))[0].value, 'Gr\u00fc\u00dfe');
}

async function longerThanAPdu(rig, peer) {
    const data = Array.from({ length: 3000 }, (_, i) => i * 11 % 256);
    peer.set('DB2', 7, Buffer.from(data));
    rig.same('3000 bytes by s7rig', (await rig.read(['DB2.DBB7:BYTE[3000]']))[0].value, data);
    const other = data.map((byte) => 255 - byte);
    await rig.write([`DB2.DBB9:BYTE[3000]=[${other}]`]);
    rig.same('3000 bytes in the server', peer.bytes('DB2', 9, 3000), Buffer.from(other));
}

async function refusals(rig) {
    const items = await rig.read(['DB1.DBW6', 'DB99.DBW0', 'MW4095', 'DB1.DBW8:INT', 'QW10'], 1);
    rig.same('a list with a missing DB and a place past the end: codes', items.map((item) => item.code),
             [undefined, 0x0a, 5, undefined, undefined]);
    rig.same('and the good values beside them', items.map((item) => item.value), [48879, undefined, undefined, -12345, 258]);
    await rig.write(['DB99.DBW0=1'], 1);
    await rig.write(['DB1.DBW4095=1'], 1);
}

main('snap7_server', async (rig) => {
    const peer = new Peer();
    await rig.relayTo(await serve(peer.server));
    try {
        await eachValueAlone(rig, peer);
        await allValuesInOneList(rig, peer);
        await strings(rig, peer);
        await longerThanAPdu(rig, peer);
        await refusals(rig);
    } finally {
        peer.server.Stop();
    }
});
