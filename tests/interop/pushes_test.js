// pushes_test.js - what our simulated CPU tells by itself, taken by a socket that knows frames only: values of cyclic jobs, modes and
// diagnosis, results of test functions. That it is well-formed is for tshark_test.js to say, which runs this once more.
'use strict';

const net = require('net');
const { main } = require('./rig');

const hex = (text) => Buffer.from(text.replace(/ /g, ''), 'hex');
const DEADLINE_MS = 10000;

class Line {
    constructor(port) {
        this.socket = net.connect(port, '127.0.0.1');
        this.bytes = Buffer.alloc(0);
        this.frames = [];
        this.socket.on('data', (data) => this.take(data));
        this.socket.on('error', (error) => this.fail(error));
    }

    take(data) {
        this.bytes = Buffer.concat([this.bytes, data]);
        while (this.bytes.length >= 4 && this.bytes.length >= this.bytes.readUInt16BE(2)) {
            this.frames.push(this.bytes.subarray(0, this.bytes.readUInt16BE(2)));
            this.bytes = this.bytes.subarray(this.bytes.readUInt16BE(2));
        }
        if (this.wake)
            this.wake();
    }

    fail(error) {
        this.error = error;
        if (this.wake)
            this.wake();
    }

    send(pdu) {
        const bytes = hex(pdu);
        const head = Buffer.from([3, 0, 0, 0, 2, 0xf0, 0x80]);
        head.writeUInt16BE(7 + bytes.length, 2);
        this.socket.write(Buffer.concat([head, bytes]));
    }

    // The next n frames, as hex from the S7 header on.
    async next(n) {
        const deadline = setTimeout(() => this.fail(new Error(`${this.frames.length} of ${n} frames came`)), DEADLINE_MS);
        while (this.frames.length < n && !this.error)
            await new Promise((resolve) => { this.wake = resolve; });
        clearTimeout(deadline);
        if (this.error)
            throw this.error;
        return this.frames.splice(0, n).map((frame) => frame.subarray(7).toString('hex'));
    }
}

// A first request of userdata with this payload; group and subfunction "4201", sequence.
function request(kind, sequence, payload, long = false) {
    const bytes = hex(payload);
    const length = (n) => n.toString(16).padStart(4, '0');
    const param = long ? `000112 08 12 ${kind} ${sequence} 0000 0000` : `000112 04 11 ${kind} ${sequence}`;
    return `3207 0000 0100 ${long ? '000c' : '0008'} ${length(4 + bytes.length)} ${param} ff09 ${length(bytes.length)} ${payload}`;
}

const kind = (pdu) => pdu.slice(20 + 10, 20 + 16); // type, group, subfunction, sequence

async function connected(rig) {
    const line = new Line(rig.port);
    line.socket.write(hex('03000016 11e00000000100 c0010a c1020100 c2020102'));
    await line.next(1);
    line.send('3201 0000 0000 0008 0000 f000 0001 0001 01e0');
    await line.next(1);
    return line;
}

async function cyclicJobs(rig, line) {
    line.send(request('4201', '00', '0003 00 01 120a1002 0003 0001 84 000000 120a1001 0001 0001 84 00000b 120a1002 0001 0063 84 000000'));
    const timed = await line.next(6);
    rig.same('a time-driven job: its answer and its pushes', timed.map(kind), ['820101', ...Array(5).fill('020101')]);
    line.send(request('4204', '00', '01 01'));
    await line.next(1);
    line.send(request('4205', '00', '0001 00 01 120c b002 01 0001 0004 02 0001 0006'));
    rig.same('a change-driven job', (await line.next(1)).map(kind), ['820501']);
    await rig.sql("UPDATE block SET data = x'0000000007' WHERE kind = 'DB' AND number = 1");
    rig.same('is told a change, and the end of its block', (await line.next(1))[0].slice(-18), '0001ff090003ff0705');
}

async function messages(rig, line) {
    line.send(request('4402', '00', '03 00 486d6952746d2020'));
    line.send(request('4413', '00', '0001 12081a00 01 34 00000004'));
    rig.same('logged on, no alarms', (await line.next(2)).map(kind), ['840201', '841303']);
    line.send('3201 0000 0200 0010 0000 290000000000 09 505f50524f4752414d');
    const [answer, diagnosis, mode] = await line.next(3);
    rig.same('a stop: its answer', answer, '320300000200000100000000' + '29');
    rig.same('then diagnosis', [kind(diagnosis), diagnosis.slice(44, 48)], ['040300', '4304']);
    rig.same('then the mode', mode, '32070000000000080000' + '0100101000000000');
}

async function tests(rig, line) {
    const plain = '0000 0000 0001 0000 0000 0001 0001 0001 0001 0000';
    line.send(request('4102', '00', '0014 0014 0000 0001 0000 0012 0001 0001 0001 0001 0001 0200 0003 7103 0001 0000 0101 0000 0000 2001 0000 0000', true));
    line.send(request('410e', '00', `0014 0002 ${plain} 02 02`, true));
    rig.same('a table that is watched', (await line.next(3)).map(kind), ['810202', '810e03', '010202']);
    line.send(request('4108', '00', '0014 001a 0000 0000 0001 0006 0001 0001 0001 0001 0001 0000 0002 7101 0001 0000 7101 0063 0000 0009 0001 aa00 0009 0001 bb00', true));
    const [, modified] = await line.next(2);
    rig.same('a modification', modified.slice(-16), '010000010002ff0a');
    line.send(request('4110', '00', `0014 0004 ${plain} 00000000`, true));
    line.send(request('410f', '00', `0014 0004 ${plain} 0001 02 02`, true));
    line.send(request('4116', '00', `0014 0000 ${plain}`, true));
    rig.same('the list of jobs, an end, a lamp', (await line.next(3)).map(kind), ['811001', '810f03', '811603']);
}

main('pushes', async (rig) => {
    await rig.serve(['1:64']);
    const line = await connected(rig);
    await messages(rig, line);
    await tests(rig, line);
    await cyclicJobs(rig, line);
    line.socket.end();
});
