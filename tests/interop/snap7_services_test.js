// snap7_services_test.js - every call of s7rig/services.h against Snap7's server, beside what Snap7's own client says of the same
// server. What that server does otherwise than a CPU is in docs/interop.md.
'use strict';

const { main, run, skip, must } = require('./rig');
const { load, serve } = require('./snap7');

const snap7 = load();
const SERVICES = process.env.S7RIG_SERVICES || skip('S7RIG_SERVICES does not name the program that calls the services');
const DBS = 120; // more than a unit of 52 at a PDU length of 240

class Peer {
    constructor() {
        this.server = new snap7.S7Server();
        for (let n = 1; n <= DBS; n++)
            this.server.RegisterArea(this.server.srvAreaDB, n, Buffer.alloc(10 + n, n));
    }

    async start() {
        this.port = await serve(this.server);
        this.client = new snap7.S7Client();
        this.client.SetParam(this.client.RemotePort, this.port);
        if (!this.client.ConnectTo('127.0.0.1', 0, 1))
            throw new Error(`Snap7's client does not connect: ${this.client.ErrorText(this.client.LastError())}`);
    }

    stop() {
        this.client.Disconnect();
        this.server.Stop();
    }
}

// One call of ours at a PDU length: what it printed.
async function ours(rig, pdu, ...call) {
    const { status, out, err } = await run(SERVICES, [`127.0.0.1:${rig.port}`, String(pdu), ...call]);
    if (status !== 0)
        throw new Error(`services ${call.join(' ')}: status ${status} ${err}`);
    const { connected, ...told } = JSON.parse(out);
    return told;
}

const LISTS = ['0000/0000', '0011/0000', '0012/0000', '0013/0000', '0014/0000', '0015/0000', '0019/0000', '001c/0000', '0074/0000',
               '00a0/0000', '0131/0001', '0131/0003', '0132/0004', '0232/0004', '0424/0000'];

async function statusLists(rig, peer) {
    for (const list of LISTS) {
        const [id, index] = list.split('/');
        const told = await ours(rig, 480, 'szl', id, index); // as Snap7's client asks: 0131/0003 tells the PDU length
        const theirs = peer.client.ReadSZL(parseInt(id, 16), parseInt(index, 16)); // record length and count first, little-endian
        rig.same(`SZL ${list}: status`, told.status, 'S7_OK');
        rig.same(`SZL ${list}: id`, told.id, parseInt(id, 16));
        rig.same(`SZL ${list}: head`, [told.record_len, told.n_records], [theirs.readUInt16LE(0), theirs.readUInt16LE(2)]);
        const [mine, his] = [told.records, theirs.subarray(4).toString('hex')];
        const clock = id === '0424' ? 16 : 0; // digits of a time that goes on
        rig.same(`SZL ${list}: records`, mine.slice(0, mine.length - clock), his.slice(0, his.length - clock));
    }
    rig.same('an unknown SZL', (await ours(rig, 960, 'szl', '7777', '0000')).plc_error, 0xd402);
}

async function identification(rig, peer) {
    for (const pdu of [960, 240]) {
        const cpu = peer.client.GetCpuInfo();
        rig.same(`CPU at ${pdu}`, await ours(rig, pdu, 'cpu'),
                 { module_type: cpu.ModuleTypeName, serial: cpu.SerialNumber, as_name: cpu.ASName, module_name: cpu.ModuleName,
                   copyright: cpu.Copyright, status: 'S7_OK' });
    }
    const { order_code: code, firmware, status } = await ours(rig, 960, 'code');
    rig.same('order code', [code, firmware, status], [peer.client.GetOrderCode().Code.trim(), 'V3.2.6', 'S7_OK']);
    const cp = peer.client.GetCpInfo();
    rig.same('limits', await ours(rig, 960, 'comm'), { pdu_len: cp.MaxPduLength, connections: cp.MaxConnections,
                                                       mpi_bps: cp.MaxMpiRate, bus_bps: cp.MaxBusRate, status: 'S7_OK' });
    const p = peer.client.GetProtection();
    rig.same('protection', await ours(rig, 960, 'protection'),
             { key: p.sch_schal, set: p.sch_par, valid: p.sch_rel, mode_switch: p.bart_sch, startup_switch: p.anl_sch,
               status: 'S7_OK' });
    const diag = await ours(rig, 960, 'diag');
    rig.same('diagnostic buffer', [diag.n, diag.event0, diag.text0], [10, 0x4302, 'from startup to RUN']);
    rig.same('LEDs in RUN', await ours(rig, 960, 'leds'),
             { SF: 0, RUN: 1, STOP: 0, FRCE: 0, BUS1F: 0, BUS2F: 0, MAINT: 0, status: 'S7_OK' });
}

async function blocks(rig, peer) {
    const c = peer.client.ListBlocks();
    rig.same('counts', await ours(rig, 960, 'count'), { OB: c.OBCount, FB: c.FBCount, FC: c.FCCount, SFB: c.SFBCount, SFC: c.SFCCount,
                                                        DB: c.DBCount, SDB: c.SDBCount, status: 'S7_OK' });
    for (const pdu of [960, 480, 240])
        rig.same(`DBs at ${pdu}`, await ours(rig, pdu, 'list', 'A'),
                 { numbers: peer.client.ListBlocksOfType(0x41), status: 'S7_OK' });
    for (const type of ['8', 'B', 'C', 'D', 'E', 'F'])
        rig.same(`no blocks of type ${type}`, await ours(rig, 960, 'list', type), { numbers: [], status: 'S7_OK' });
    const info = peer.client.GetAgBlockInfo(0x41, 7), mine = await ours(rig, 960, 'block', 'A', '7');
    rig.same('DB7', [mine.number, mine.language, mine.load_len, mine.data_len, mine.local_len, mine.checksum],
             [info.BlkNumber, info.BlkLang, info.LoadSize, info.MC7Size, info.LocalData, info.CheckSum]);
    rig.same('DB7: date', mine.code_time.slice(0, 10), info.CodeDate.replace(/\//g, '-'));
    // its refusal is no S7 frame
    rig.same('DB700', (await ours(rig, 960, 'block', 'A', '700')).status, 'S7_E_FRAME');
    rig.same('upload', (await ours(rig, 960, 'upload', 'A', '7')).plc_error, 0xd241);
    for (const pdu of [960, 240]) {
        const refused = await ours(rig, pdu, 'download', 'A', '7');
        rig.same(`download at ${pdu}`, [refused.status, refused.plc_error, /D241/.test(refused.came)], ['S7_E_PLC', 0xd241, true]);
    }
    rig.same('delete', await ours(rig, 960, 'delete', 'A', '7'), { status: 'S7_OK' });
}

// Snap7's server shows the time of this machine, and takes a set without keeping it.
async function clock(rig) {
    const before = Date.now();
    const told = await ours(rig, 960, 'clock');
    const shown = new Date(told.clock).getTime(); // local, whole seconds
    rig.same('clock', [told.status, shown > before - 2000, shown < Date.now() + 1000], ['S7_OK', true, true]);
    rig.same('clock is set', await ours(rig, 960, 'set', '2030-02-28T23:59:58'), { status: 'S7_OK' });
    rig.same('no such day', (await ours(rig, 960, 'set', '2030-02-30T00:00:00')).status, 'S7_E_ARG');
}

async function control(rig, peer) {
    const mode = async () => [(await ours(rig, 960, 'mode')).mode, peer.client.PlcStatus(), peer.server.GetCpuStatus()];
    for (const [call, expected] of [['stop', 4], ['warm', 8], ['stop', 4], ['cold', 8]]) {
        rig.same(call, await ours(rig, 960, call), { status: 'S7_OK' });
        rig.same(`mode after ${call}`, await mode(), [expected, expected, expected]);
    }
    for (const call of [['compress'], ['rom'], ['password', 'secret'], ['clear']])
        rig.same(call[0], await ours(rig, 960, ...call), { status: 'S7_OK' });
}

// The same by the command.
async function command(rig) {
    const at = `127.0.0.1:${rig.port}`;
    const info = JSON.parse(await must(process.env.S7RIG, ['info', '--json', at]));
    rig.same('s7rig info', [info.module_type, info.order_code, info.firmware, info.mode, info.protection.level, info.limits.pdu_len],
             ['CPU 315-2 PN/DP', '6ES7 315-2EH14-0AB0', 'V3.2.6', 'RUN', 1, 2048]);
    rig.same('s7rig info for people', /^module +CPU 315-2 PN\/DP$/m.test(await must(process.env.S7RIG, ['info', at])), true);
    rig.same('s7rig stop of another machine', (await run(process.env.S7RIG, ['stop', '192.0.2.1'])).status, 2);
    rig.same('s7rig stop', (await run(process.env.S7RIG, ['stop', at, '--yes'])).status, 0);
    rig.same('s7rig info in STOP', JSON.parse(await must(process.env.S7RIG, ['info', '--json', at])).mode, 'STOP');
    rig.same('s7rig start', (await run(process.env.S7RIG, ['start', at, '--yes'])).status, 0);
    const { DB, OB } = JSON.parse(await must(process.env.S7RIG, ['blocks', '--json', at]));
    rig.same('s7rig blocks', [DB.count, DB.numbers.length, DB.numbers[0], OB.numbers], [DBS, DBS, 1, []]);
    rig.same('s7rig blocks DB7', JSON.parse(await must(process.env.S7RIG, ['blocks', '--json', at, 'DB7'])).data_len, 17);
    const upload = await run(process.env.S7RIG, ['upload', at, 'DB7']);
    rig.same('s7rig upload', [upload.status, upload.out, /^s7rig upload: upload DB7 of .*D241/.test(upload.err)], [1, '', true]);
    rig.same('s7rig clock', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} /.test(await must(process.env.S7RIG, ['clock', at])), true);
    rig.same('s7rig diag', /^\S+ \S+  4302  from startup to RUN$/m.test(await must(process.env.S7RIG, ['diag', at, '-n', '1'])), true);
    const sizes = (by) => `block,bytes,by,error\n${Array.from({ length: DBS }, (_, i) => `DB${i + 1},${11 + i},${by},\n`).join('')}`;
    rig.same('s7rig scan', await must(process.env.S7RIG, ['scan', at, '--csv']), sizes('list'));
    rig.same('s7rig scan --probe', await must(process.env.S7RIG, ['scan', at, '--csv', '--probe', '--to', '200']), sizes('reads'));
    rig.same('s7rig dump', JSON.parse(await must(process.env.S7RIG, ['dump', at, '--json', 'DB7']))[0].hex, '07'.repeat(17));
    rig.same('s7rig dump of what is missing', (await run(process.env.S7RIG, ['dump', at, 'DB700'])).status, 1);
    const doctor = JSON.parse(await must(process.env.S7RIG, ['doctor', at, '--json', '--db', '7'])); // this server has no bit memory
    rig.same('s7rig doctor', doctor.steps.map((step) => `${step.step} ${step.result}`).join(', '),
             'TCP ok, COTP ok, S7 setup ok, MB0 absent, DB7 ok, identity ok');
    rig.same('s7rig clock --set', (await run(process.env.S7RIG, ['clock', at, '--set', 'now', '--yes'])).status, 0);
}

main('snap7_services', async (rig) => {
    const peer = new Peer();
    await peer.start();
    await rig.relayTo(peer.port);
    try {
        await statusLists(rig, peer);
        await identification(rig, peer);
        await blocks(rig, peer);
        await clock(rig);
        await control(rig, peer);
        await command(rig);
    } finally {
        peer.stop();
    }
});
