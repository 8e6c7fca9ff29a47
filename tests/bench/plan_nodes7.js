// plan_nodes7.js - how many jobs npm's nodes7 needs for the tags of plan_bench, counted on the wire between nodes7 and s7rig serve,
// beside those of our plans. nodes7 puts as many items into a job as the PDU holds: plans that may do so as well must not need more.
//
//   PLAN_BENCH=BUILD/tests/bench/plan_bench tests/interop/run BUILD/tests/interop BUILD/cli/s7rig ../bench/plan_nodes7.js
'use strict';

const { execFileSync } = require('child_process');
const net = require('net');
const NodeS7 = require('nodes7');
const { main } = require('../interop/rig');

const READ_VAR = 0x04;

// A relay that counts the Read Var jobs on their way to the PLC. Gives {port, jobs(), close()}.
function counter(target) {
    let jobs = 0;
    const server = net.createServer((client) => {
        const plc = net.connect(target, '127.0.0.1');
        let held = Buffer.alloc(0);
        client.on('data', (data) => {
            held = Buffer.concat([held, data]);
            for (let len; held.length >= 4 && held.length >= (len = held.readUInt16BE(2)); held = held.subarray(len))
                if (len > 17 && held[8] === 1 && held[17] === READ_VAR)
                    jobs++;
            plc.write(data);
        });
        plc.on('data', (data) => client.write(data));
        client.on('error', () => plc.destroy()).on('close', () => plc.destroy());
        plc.on('error', () => client.destroy()).on('close', () => client.destroy());
    });
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({
        port: server.address().port, jobs: () => jobs, close: () => server.close(),
    })));
}

// Jobs of one cycle of reading; the granted PDU length is what was asked for.
async function cycle(port, addresses, pdu) {
    const relay = await counter(port);
    const conn = new NodeS7({ silent: true });
    conn.requestMaxPDU = pdu;
    await new Promise((resolve, reject) => conn.initiateConnection({ host: '127.0.0.1', port: relay.port, rack: 0, slot: 1 },
        (error) => (error ? reject(new Error(`nodes7: ${error}`)) : resolve())));
    conn.setTranslationCB((tag) => tag);
    conn.addItems(addresses);
    const bad = await new Promise((resolve) => conn.readAllItems((anything) => resolve(anything)));
    const jobs = relay.jobs();
    await new Promise((resolve) => conn.dropConnection(resolve));
    relay.close();
    if (bad)
        throw new Error('nodes7 could not read all tags');
    return { jobs, pdu: conn.maxPDU };
}

const bench = (...args) => execFileSync(process.env.PLAN_BENCH, args, { encoding: 'utf8' }).trim().split('\n');

main('plan_nodes7', async (rig) => {
    const lists = [0, 1, 2, 3];
    const dbs = Array.from({ length: 20 }, (_, i) => `${i + 1}:32768`);
    await rig.serve(dbs);
    for (const list of lists) {
        const addresses = bench('--nodes7', String(list));
        const ours = bench('--jobs', String(list)).map((line) => line.split(' ').map(Number));
        for (const pdu of [240, 480, 960]) {
            const theirs = await cycle(rig.port, addresses, pdu);
            rig.same(`list ${list}: PDU length granted`, theirs.pdu, pdu);
            const jobs = ours.filter(([len]) => len === pdu).map(([, , n]) => n); // with 20 items, and as many as fit
            console.log(`list ${list}, PDU ${pdu}: nodes7 ${theirs.jobs} jobs, s7rig ${jobs.join(', and with as many items as fit ')}`);
            rig.same(`list ${list}, PDU ${pdu}: not more than nodes7`, Math.min(...jobs) <= theirs.jobs, true);
        }
    }
});
