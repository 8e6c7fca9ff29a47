// tshark_test.js - what s7rig sends, as tshark sees it: the other tests run once more with their traffic captured by relay.js, and
// no frame of ours may be malformed, carry an expert warning or error, be anything else than COTP and S7, or have a field that
// tshark has no name for, unless real CPUs send the same.
'use strict';

const fs = require('fs');
const os = require('os');
const path = require('path');
const { main, skip, run, must } = require('./rig');
const { Capture } = require('./relay');

const SEVERITY_WARN = 0x00600000; // Wireshark's PI_WARN; PI_ERROR and malformed are above it
const TEST_MS = 120000; // longest life of one test
const CLIENT = '127.0.0.1'; // relay.js: the dialing side
const PLC = '127.0.0.2';

// [test, the side that is s7rig; both: s7rig read and write talk to our own server through the relay too]
const RUNS = [['nodes7', PLC], ['snap7_client', PLC], ['snap7_cpu', PLC], ['snap7_server', CLIENT], ['snap7_services', CLIENT],
              ['pushes', PLC], ['nmap', PLC]];

// One object per packet with payload.
async function dissect(file) {
    const fields = ['frame.number', 'ip.src', 'frame.protocols', '_ws.expert.severity', '_ws.expert.message', 'tcp.payload',
                    'tcp.reassembled_in'];
    const out = await must('tshark', ['-r', file, '-Y', 'tcp.len > 0', '-T', 'fields', '-E', 'separator=|', '-E', 'occurrence=a',
                                      ...fields.flatMap((field) => ['-e', field])]);
    return out.split('\n').filter((line) => line !== '').map((line) => {
        const [number, source, protocols, severities, message, payload, reassembledIn] = line.split('|');
        return { number, source, protocols: protocols.split(':'), message, payload, reassembledIn,
                 worst: Math.max(0, ...severities.split(',').filter((s) => s !== '').map(Number)) };
    });
}

// What tshark calls unknown in the frames of real CPUs too (all of it is in captures of a 315 and an IM151-8).
const UNKNOWN_IN_CPUS = [
    /^Unknown byte\(s\) in blockcontrol: /, // 00fb of an upload, 0100 of its start: fields without a better name
    /^Unknown byte\(s\) blockinfo: /, /^Unknown blockinfo 2: /, /^Block flags \(unknown\): /,
    /Unknown Block type: 0x0100/, // the head of block details
    /Previous mode: Unknown/, /^anlinfo2: Unknown \(0x00\)/, // of a CPU that says no more than its mode
    /^Reserved\/Unknown: 0x00$/, /^Job Reserved \/ Unknown: 0000$/, // message service, list of jobs
    /^SZL ID that exists: Unknown /, /partial list extract: Unknown/, // 0025, 0F25, 0F74, 0232
    /^Error class: Unknown \(0xd[2-8]\)/, // blocks, status lists, security: D2, D4, D6
    /^Unknown (byte|bytes|char before load mem): /, // zeros and marks of jobs 1A to 1F, 28, 29
    /^Block Security: Unknown /, // of blocks that a test filled with bytes of its own
    /= Diagnostic type: Unknown \(0x7\)$/, // list 7777, which is asked for to be refused
    /= Number of the partial list: Unknown \(0x(77|02|1a|1b|36|38|39|3a|97|9a|9b|9c|b5|b6)\)$/, // and those that a real 300 tells of as well
    /^(Subfunction: Unknown \(2\)|Parameter: \(Re(quest|sponse)\) ->\(Security\) ->\(Unknown subfunc: 0x02\))$/, // clear password
];

async function unknownFields(file, side) {
    const out = await must('tshark', ['-r', file, '-V', '-Y', `s7comm && ip.src == ${side}`]);
    const lines = out.split('\n').map((line) => line.trim()).filter((line) => /unknown/i.test(line));
    return [...new Set(lines)].filter((line) => !UNKNOWN_IN_CPUS.some((known) => known.test(line)));
}

const isBad = (packet) => packet.worst >= SEVERITY_WARN || packet.protocols.includes('_ws.malformed');
const isS7 = (packet) => packet.protocols.includes('cotp')
    && packet.protocols.every((name) => ['raw', 'ip', 'tcp', 'tpkt', 'cotp', 's7comm'].includes(name));
const text = (packet) => `packet ${packet.number}: ${packet.protocols.join(':')} ${packet.message} ${packet.payload}`;

// A read answer that says 32 bytes and brings 4: tshark must find this, or its silence proves nothing.
async function tsharkFindsAMalformedFrame(rig, dir) {
    const file = path.join(dir, 'malformed.pcap');
    const connection = new Capture(file).connection();
    connection.data(0, Buffer.from('0300001f02f080320100000005000e00000401120a10020020000184000000', 'hex'));
    connection.data(1, Buffer.from('0300001d02f0803203000000050002000800000401ff04010011223344', 'hex'));
    const packets = await dissect(file);
    rig.same('tshark takes the good request for good', isBad(packets[0]), false);
    rig.same('tshark finds the malformed answer', isBad(packets[1]), true);
}

async function captured(rig, dir, name, side) {
    process.env.S7RIG_PCAP_DIR = dir;
    const { status, out, err } = await run(process.execPath, [path.join(__dirname, `${name}_test.js`)], TEST_MS);
    if (status === 77)
        return 0;
    rig.same(`${name} while it is captured`, [status, err], [0, '']);
    const packets = await dissect(path.join(dir, `${name}.pcap`));
    const ours = packets.filter((packet) => packet.source === side);
    rig.same(`${name}: packets of ours with an error`, ours.filter(isBad).map(text), []);
    rig.same(`${name}: packets of ours that are no S7`,
             ours.filter((packet) => packet.reassembledIn === '' && !isS7(packet)).map(text), []);
    rig.same(`${name}: fields of ours without a name`, await unknownFields(path.join(dir, `${name}.pcap`), side), []);
    console.log(`${out.trim()}; ${packets.length} packets captured, ${ours.length} of them ours`);
    return ours.length;
}

const withTshark = () => main('tshark', async (rig) => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 's7rig-tshark-'));
    try {
        await tsharkFindsAMalformedFrame(rig, dir);
        let packets = 0;
        for (const [name, side] of RUNS)
            packets += await captured(rig, dir, name, side);
        rig.same('something was captured', packets > 0, true);
    } finally {
        fs.rmSync(dir, { recursive: true });
    }
});

run('tshark', ['--version']).then(withTshark, () => skip('tshark is not installed (on Debian: apt-get install tshark)'));
