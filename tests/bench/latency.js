// latency.js - how long a read of 32 bytes takes: our blocking client beside Snap7's (npm node-snap7, its synchronous calls), against
// the same two servers, Snap7's and s7rig serve, in turns, in one run. What node-snap7's JavaScript adds is told by a call that does
// nothing, Connected(). Servers are on core 0, clients on core 1: where both share a core, the answer may be there before the client
// looks for it, which that of a PLC never is.
//
//   cmake --build BUILD --target bench_latency     (ROUNDS=10 REQUESTS=200 in the environment)
'use strict';

const { fork, execFileSync, spawnSync } = require('child_process');
const os = require('os');
const { main } = require('../interop/rig');
const { load, serve } = require('../interop/snap7');

const snap7 = load();
const READ_LEN = 32;
const ROUNDS = Number(process.env.ROUNDS || 10);
const REQUESTS = Number(process.env.REQUESTS || 200);

// All threads of a process on one core, where there are two and taskset.
function pin(pid, core) {
    if (os.cpus().length > 1)
        spawnSync('taskset', ['-a', '-p', '-c', String(core), String(pid)]);
}

// ---- Snap7's server, in a process of its own: synchronous calls must not starve it ----

async function beServer() {
    const server = new snap7.S7Server();
    server.RegisterArea(server.srvAreaDB, 1, Buffer.alloc(4096));
    process.send(await serve(server));
    process.on('disconnect', () => {
        server.Stop(); // and it is not garbage until then
        process.exit(0);
    });
}

function startServer() {
    const child = fork(__filename, ['server'], { stdio: 'inherit' });
    return new Promise((resolve, reject) => {
        child.once('message', (port) => resolve({ port, pid: child.pid, stop: () => child.disconnect() }));
        child.once('exit', (code) => reject(new Error(`Snap7's server ended with ${code}`)));
    });
}

// ---- both clients ----

function times(n, call) {
    const took = [];
    for (let i = 0; i < n; i++) {
        const begin = process.hrtime.bigint();
        call();
        took.push(Number(process.hrtime.bigint() - begin));
    }
    return took;
}

function openSnap7(port) {
    const client = new snap7.S7Client();
    client.SetParam(client.RemotePort, port);
    if (!client.ConnectTo('127.0.0.1', 0, 1))
        throw new Error(`Snap7's client: ${client.ErrorText(client.LastError())}`);
    return client;
}

function bySnap7(client, n) {
    return times(n, () => {
        const data = client.DBRead(1, 0, READ_LEN);
        if (!data || data.length !== READ_LEN)
            throw new Error(`DBRead: ${client.ErrorText(client.LastError())}`);
    });
}

function byUs(port, n) {
    const out = execFileSync(process.env.BENCH_LATENCY, [`127.0.0.1:${port}`, String(n)], { encoding: 'utf8' });
    return out.trim().split('\n').map(Number);
}

// ---- the report ----

const sorted = (ns) => ns.sort((a, b) => a - b);
const quantile = (ns, q) => ns[Math.min(ns.length - 1, Math.floor(ns.length * q))] / 1e3;
const line = (what, ns) => `${what.padEnd(34)} p50 ${quantile(ns, 0.5).toFixed(1).padStart(8)} us   p99 ${quantile(ns, 0.99).toFixed(1).padStart(8)} us`;

function against(name, port) {
    const client = openSnap7(port);
    const theirs = [], ours = [];
    bySnap7(client, 20); // warm
    for (let round = 0; round < ROUNDS; round++) {
        ours.push(...byUs(port, REQUESTS));
        theirs.push(...bySnap7(client, REQUESTS));
    }
    const nothing = sorted(times(ROUNDS * REQUESTS, () => client.Connected()));
    client.Disconnect();
    sorted(ours);
    sorted(theirs);
    console.log(line(`${name}: s7rig's client`, ours));
    console.log(line(`${name}: Snap7's client`, theirs));
    console.log(line(`${name}: Connected() of node-snap7`, nothing));
    console.log(`${name}: Snap7 takes ${(quantile(theirs, 0.5) / quantile(ours, 0.5)).toFixed(1)} times as long at p50, `
                + `${(quantile(theirs, 0.99) / quantile(ours, 0.99)).toFixed(1)} at p99`);
    return ours.length + theirs.length;
}

if (process.argv[2] === 'server')
    beServer();
else
    main('latency', async (rig) => {
        const server = await startServer();
        await rig.serve(['1:4096'], [], { relayed: false });
        pin(server.pid, 0);
        pin(rig.server.pid, 0);
        pin(process.pid, 1);
        console.log(`reads of ${READ_LEN} bytes, ${ROUNDS} rounds of ${REQUESTS} in turns`);
        rig.same('reads measured', against('s7rig serve', rig.port) + against("Snap7's server", server.port), 4 * ROUNDS * REQUESTS);
        server.stop();
    });
