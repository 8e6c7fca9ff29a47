// relay.js - a TCP relay that writes what passes to a pcap file, as if a sniffer had sat between client and port 102.
//
// IP and TCP headers are made up (sequence numbers are right, checksums are left 0), so no privileges are needed.
'use strict';

const fs = require('fs');
const net = require('net');

const LINKTYPE_RAW = 101; // a packet begins with its IP header
const PORT = 102; // tshark knows it as TPKT
const SEGMENT_MAX = 32768;
const FLAG = { FIN: 0x01, SYN: 0x02, PSH: 0x08, ACK: 0x10 };

class Capture {
    constructor(path) {
        this.fd = fs.openSync(path, 'w');
        const head = Buffer.alloc(24);
        head.writeUInt32LE(0xa1b2c3d4, 0);
        head.writeUInt16LE(2, 4);
        head.writeUInt16LE(4, 6);
        head.writeUInt32LE(65535, 16);
        head.writeUInt32LE(LINKTYPE_RAW, 20);
        fs.writeSync(this.fd, head);
        this.connections = 0;
    }

    // One TCP connection: sides 0 (the client) and 1 (port 102).
    connection() {
        const ends = [{ port: 20000 + this.connections++, address: 0x7f000001, seq: 1000 },
                      { port: PORT, address: 0x7f000002, seq: 5000 }];
        const segment = (side, flags, data = Buffer.alloc(0)) => {
            this.packet(ends[side], ends[1 - side], flags, data);
            ends[side].seq += data.length + (flags & (FLAG.SYN | FLAG.FIN) ? 1 : 0);
        };
        segment(0, FLAG.SYN);
        segment(1, FLAG.SYN | FLAG.ACK);
        segment(0, FLAG.ACK);
        return {
            data: (side, data) => {
                for (let at = 0; at < data.length; at += SEGMENT_MAX)
                    segment(side, FLAG.PSH | FLAG.ACK, data.subarray(at, at + SEGMENT_MAX));
            },
            end: (side) => segment(side, FLAG.FIN | FLAG.ACK),
        };
    }

    packet(from, to, flags, data) {
        const micros = BigInt(Date.now()) * 1000n;
        const packet = Buffer.alloc(16 + 20 + 20);
        packet.writeUInt32LE(Number(micros / 1000000n), 0);
        packet.writeUInt32LE(Number(micros % 1000000n), 4);
        packet.writeUInt32LE(40 + data.length, 8);
        packet.writeUInt32LE(40 + data.length, 12);
        packet[16] = 0x45;
        packet.writeUInt16BE(40 + data.length, 18);
        packet[24] = 64;
        packet[25] = 6;
        packet.writeUInt32BE(from.address, 28);
        packet.writeUInt32BE(to.address, 32);
        packet.writeUInt16BE(from.port, 36);
        packet.writeUInt16BE(to.port, 38);
        packet.writeUInt32BE(from.seq, 40);
        packet.writeUInt32BE(flags & FLAG.ACK ? to.seq : 0, 44);
        packet[48] = 0x50;
        packet[49] = flags;
        packet.writeUInt16BE(65535, 50);
        fs.writeSync(this.fd, Buffer.concat([packet, data]));
    }
}

// Listens on a free port of 127.0.0.1 and relays to 127.0.0.1:target; what passes is kept in the capture. Gives {port, close()}.
function relay(target, capture) {
    const sockets = new Set();
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
        const plc = net.connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
        const record = capture.connection();
        [[client, plc, 0], [plc, client, 1]].forEach(([from, to, side]) => {
            sockets.add(from);
            from.on('data', (data) => {
                record.data(side, data);
                to.write(data);
            });
            from.on('end', () => {
                record.end(side);
                to.end();
            });
            from.on('error', () => to.destroy());
            from.on('close', () => {
                sockets.delete(from);
                if (from.readableEnded !== true)
                    to.destroy();
            });
        });
    });
    return new Promise((resolve, reject) => {
        server.on('error', reject);
        server.listen(0, '127.0.0.1', () => resolve({
            port: server.address().port,
            close: () => {
                server.close();
                for (const socket of sockets)
                    socket.destroy();
            },
        }));
    });
}

module.exports = { relay, Capture };
