// snap7_cpu_test.js - everything that Snap7's client can ask a CPU, of each kind of CPU that s7rig plays, beside what the plant's
// file says of it: identification, status lists, blocks, uploads, memory, clock, modes, password.
'use strict';

const { main } = require('./rig');
const { load, call, isNear } = require('./snap7');

const snap7 = load();

const DBS = ['1:300', '2:4096', '7:20'];
const KINDS = ['generic', 's7-300', 's7-400'];
const SLOTS = { generic: 1, 's7-300': 2, 's7-400': 3 };
const PDU = { generic: 480, 's7-300': 240, 's7-400': 480 }; // Snap7 asks for 480

// Snap7's numbers
const RUN = 8, STOP = 4;
const REFUSED = { ADDRESS: 0x00900000, SIZE: 0x00A00000, MISSING: 0x00C00000, VALUE: 0x00D00000, RUNS: 0x00F00000,
                  STOPS: 0x01300000, PASSWORD: 0x01D00000, WRONG: 0x01E00000, NO_PASSWORD: 0x01F00000 };

class Cpu {
    constructor(rig, name) {
        Object.assign(this, { rig, name });
    }

    async connect(type) {
        this.client = new snap7.S7Client();
        this.client.SetParam(this.client.RemotePort, this.rig.port);
        this.client.SetConnectionType(type);
        await call(this.client, 'ConnectTo', '127.0.0.1', 0, SLOTS[this.name]);
    }

    same(what, got, expected) {
        this.rig.same(`${this.name}: ${what}`, got, expected);
    }

    ask(method, ...args) {
        return call(this.client, method, ...args);
    }

    // The number of the refusal; 0: it was done.
    refusal(method, ...args) {
        return this.ask(method, ...args).then(() => 0, (error) => error.number);
    }

    // A status list as Snap7 gives it: {len, n, records}.
    async list(id, index) {
        const bytes = await this.ask('ReadSZL', id, index);
        return { len: bytes.readUInt16LE(0), n: bytes.readUInt16LE(2), records: bytes.subarray(4) };
    }

    // A list as the file has it, records as buffers.
    rows(id, index = 0) {
        return this.rig.szl(id, index);
    }
}

const text = (record) => record.subarray(2).toString('latin1').replace(/[\0 ]*$/, '').replace(/^\0*/, '');

async function connections(cpu) {
    for (const type of [1, 2, 3]) {
        await cpu.connect(type);
        cpu.same(`connected, type ${type}`, cpu.client.Connected(), true);
        cpu.same(`PDU length, type ${type}`, cpu.client.PDULength(), PDU[cpu.name]);
        if (type < 3)
            cpu.client.Disconnect();
    }
}

async function identification(cpu) {
    const [module, , firmware] = await cpu.rows(0x11);
    const order = await cpu.ask('GetOrderCode'), last = (await cpu.rows(0x11)).pop();
    cpu.same('order code', order.Code.trim(), module.subarray(2, 22).toString('latin1').trim());
    cpu.same('version: of the last record', [order.V1, order.V2, order.V3], [...last.subarray(25, 28)]);
    cpu.same('firmware in the third record', [firmware[1], firmware[24]], [7, 0x56]);
    const info = await cpu.ask('GetCpuInfo'), records = Object.fromEntries((await cpu.rows(0x1c)).map((r) => [r[1], text(r)]));
    const said = (value) => value.replace(/[\0 ]*$/, '');
    cpu.same('CPU info', [info.ASName, info.ModuleName, info.Copyright, info.SerialNumber, info.ModuleTypeName].map(said),
             [1, 2, 4, 5, 7].map((index) => records[index]));
    const [limits] = await cpu.rows(0x131, 1), cp = await cpu.ask('GetCpInfo');
    cpu.same('CP info', [cp.MaxMpiRate, cp.MaxBusRate], [limits.readUInt32BE(6), limits.readUInt32BE(10)]);
    cpu.same('CP info: connections', cp.MaxConnections, limits.readUInt16BE(4));
    const p = await cpu.ask('GetProtection');
    cpu.same('protection', [p.sch_schal, p.sch_par, p.sch_rel, p.bart_sch, p.anl_sch], [1, 0, 1, 2, 0]);
    cpu.same('mode', await cpu.ask('PlcStatus'), RUN);
}

// Every list that is told is read; those of the file that nothing changes are the file's.
async function statusLists(cpu) {
    const ids = await cpu.ask('ReadSZLList'), told = await cpu.list(0, 0);
    cpu.same('list of lists', ids, Array.from({ length: told.n }, (_, i) => told.records.readUInt16BE(2 * i)));
    for (const id of ids) {
        let found = 0;
        for (const index of [0, 1, 2, 3, 4, 5, 6, 8, 9, 0x800, 0x7fe]) {
            const list = await cpu.list(id, index).catch((error) => error.number);
            if (typeof list === 'number')
                continue;
            found++;
            const whole = (id & 0x0f00) === 0x0f00 ? 0 : list.n * list.len;
            cpu.same(`SZL ${id.toString(16)}/${index}: length`, list.records.length, whole);
        }
        cpu.same(`SZL ${id.toString(16)} is answered`, found > 0, true);
    }
    for (const id of [0x11, 0x12, 0x14, 0x15, 0x1c, 0x25]) {
        const rows = await cpu.rows(id);
        if (rows.length > 0)
            cpu.same(`SZL ${id.toString(16)} is that of the file`, (await cpu.list(id, 0)).records, Buffer.concat(rows));
    }
    cpu.same('an unknown list', await cpu.refusal('ReadSZL', 0x7777, 0), REFUSED.MISSING);
}

async function blocks(cpu) {
    const rows = await cpu.rig.sql("SELECT number, length(data) AS len FROM block WHERE kind = 'DB' ORDER BY number");
    const counts = await cpu.ask('ListBlocks'), { client } = cpu;
    cpu.same('DBs', counts.DBCount, rows.length);
    cpu.same('other blocks', [counts.OBCount, counts.FBCount, counts.FCCount, counts.SFBCount, counts.SFCCount, counts.SDBCount],
             Array(6).fill(0));
    cpu.same('list of DBs', await cpu.ask('ListBlocksOfType', client.Block_DB), rows.map((row) => row.number));
    for (const type of ['OB', 'FB', 'FC', 'SFB', 'SFC', 'SDB'])
        cpu.same(`list of ${type}s`, await cpu.ask('ListBlocksOfType', client[`Block_${type}`]).catch(() => []), []);
    for (const { number, len } of rows) {
        const info = await cpu.ask('GetAgBlockInfo', client.Block_DB, number), data = await cpu.rig.bytes('DB', number, 0, len);
        cpu.same(`DB${number}: details`, [info.BlkType, info.BlkNumber, info.BlkLang, info.MC7Size], [0x0a, number, 5, len]);
        cpu.same(`DB${number}: load size`, info.LoadSize, 72 + info.MC7Size + info.SBBLength);
        const file = await cpu.ask('FullUpload', client.Block_DB, number, 65536);
        cpu.same(`DB${number}: uploaded`, [file.length, file.readUInt32BE(8)], [info.LoadSize, info.LoadSize]);
        cpu.same(`DB${number}: uploaded data`, file.subarray(36, 36 + len), data);
        const body = await cpu.ask('Upload', client.Block_DB, number, 65536);
        cpu.same(`DB${number}: its body alone`, body.subarray(0, len), data);
        cpu.same(`DB${number}: got`, (await cpu.ask('DBGet', number)).subarray(0, len), data);
    }
    cpu.same('details of a missing DB', await cpu.refusal('GetAgBlockInfo', client.Block_DB, 99), REFUSED.MISSING);
    cpu.same('upload of a missing DB', await cpu.refusal('FullUpload', client.Block_DB, 99, 1000) !== 0, true);
    await cpu.ask('DBFill', 7, 0x5a);
    cpu.same('DB7 filled', await cpu.rig.bytes('DB', 7, 0, 20), Buffer.alloc(20, 0x5a));
}

const pattern = (len, salt) => Buffer.from(Array.from({ length: len }, (_, i) => (i * 11 + salt) % 256));

// Each area by its own calls, then 20 items of one job, T and C among them, each way.
async function memory(cpu) {
    const { client } = cpu;
    for (const [area, kind] of [['EB', 'I'], ['AB', 'Q'], ['MB', 'M']]) {
        await cpu.ask(`${area}Write`, 3, 60, pattern(60, 5));
        cpu.same(`${area} written`, await cpu.rig.bytes(kind, 0, 3, 60), pattern(60, 5));
        cpu.same(`${area} read`, await cpu.ask(`${area}Read`, 3, 60), pattern(60, 5));
    }
    await cpu.ask('DBWrite', 2, 1, 3000, pattern(3000, 9));
    cpu.same('DB2 read', await cpu.ask('DBRead', 2, 1, 3000), pattern(3000, 9));
    const places = (n, of) => Array.from({ length: n }, (_, i) => of(i));
    const byte = (i) => ({ Area: client.S7AreaDB, DBNumber: 1, WordLen: client.S7WLByte, Start: 3 * i, Amount: 1 + i % 3 });
    const timer = { Area: client.S7AreaTM, DBNumber: 0, WordLen: client.S7WLTimer, Start: 9, Amount: 2 };
    const counter = { Area: client.S7AreaCT, DBNumber: 0, WordLen: client.S7WLCounter, Start: 4, Amount: 1 };
    const missing = { Area: client.S7AreaDB, DBNumber: 99, WordLen: client.S7WLByte, Start: 0, Amount: 1 };
    const past = { Area: client.S7AreaDB, DBNumber: 7, WordLen: client.S7WLByte, Start: 20, Amount: 1 };
    const items = [...places(6, byte), timer, missing, counter, past];
    const data = [...places(6, (i) => pattern(1 + i % 3, i)), Buffer.from([0x21, 0x30, 0x09, 0x99]), Buffer.alloc(1),
                  Buffer.from([0x01, 0x23]), Buffer.alloc(1)];
    const results = items.map((item) => (item === missing ? REFUSED.MISSING : item === past ? REFUSED.ADDRESS : 0));
    const written = await cpu.ask('WriteMultiVars', items.map((item, i) => ({ ...item, Data: data[i] })));
    cpu.same('ten items written', written.map((item) => item.Result), results);
    const read = await cpu.ask('ReadMultiVars', items);
    cpu.same('ten items read', read.map((item) => item.Result), results);
    items.forEach((item, i) => results[i] === 0 && cpu.same(`item ${i}`, read[i].Data, data[i]));
    cpu.same('timers in the file', await cpu.rig.bytes('T', 0, 18, 4), data[6]);
    cpu.same('counter in the file', await cpu.rig.bytes('C', 0, 8, 2), data[8]);
    const many = places(19, byte);
    cpu.same('19 items', (await cpu.ask('ReadMultiVars', many)).map((item) => item.Result), Array(19).fill(0));
}

async function clock(cpu) {
    for (const when of [new Date(1999, 11, 31, 23, 0, 0), new Date(2024, 1, 29, 1, 2, 3)]) {
        await cpu.ask('SetPlcDateTime', when);
        cpu.same(`clock set to ${when.getFullYear()}`, isNear(await cpu.ask('GetPlcDateTime'), when), true);
    }
    await cpu.ask('SetPlcSystemDateTime');
    cpu.same('clock of this machine', isNear(await cpu.ask('GetPlcDateTime'), new Date()), true);
    cpu.same('its clock in the file', Math.abs((await cpu.rig.sql('SELECT clock_ms FROM plc'))[0].clock_ms) < 60000, true);
}

async function modes(cpu) {
    const mode = async () => [await cpu.ask('PlcStatus'), (await cpu.rig.sql('SELECT mode FROM plc'))[0].mode];
    await cpu.ask('PlcStop');
    cpu.same('stopped', await mode(), [STOP, 'STOP']);
    cpu.same('stop in STOP', await cpu.refusal('PlcStop'), REFUSED.STOPS);
    cpu.same('reading in STOP', (await cpu.ask('DBRead', 1, 0, 4)).length, 4);
    await cpu.ask('PlcHotStart');
    cpu.same('started', await mode(), [RUN, 'RUN']);
    cpu.same('start in RUN', await cpu.refusal('PlcHotStart'), REFUSED.RUNS);
    cpu.same('cold start in RUN', await cpu.refusal('PlcColdStart'), REFUSED.RUNS);
    await cpu.ask('PlcStop');
    await cpu.ask('PlcColdStart');
    cpu.same('started cold', await mode(), [RUN, 'RUN']);
    await cpu.ask('Compress', 5000);
    await cpu.ask('CopyRamToRom', 5000);
    cpu.same('and nothing stopped it', await mode(), [RUN, 'RUN']);
    const events = (await cpu.list(0xa0, 0)).records;
    cpu.same('diagnostic buffer', events.readUInt16BE(0), 0x4302);
}

async function password(cpu) {
    cpu.same('no password to give', await cpu.refusal('SetSessionPassword', 'secret'), REFUSED.NO_PASSWORD);
    cpu.same('no password to clear', await cpu.refusal('ClearSessionPassword'), REFUSED.NO_PASSWORD);
    await cpu.rig.sql("UPDATE plc SET protection = 3, password = 'secret'");
    const p = await cpu.ask('GetProtection');
    cpu.same('protection', [p.sch_schal, p.sch_par, p.sch_rel], [1, 3, 3]);
    const upload = () => cpu.refusal('FullUpload', cpu.client.Block_DB, 7, 1000);
    cpu.same('upload is barred', await upload() !== 0, true);
    cpu.same('stop is barred', await cpu.refusal('PlcStop') !== 0, true);
    cpu.same('the clock is barred', await cpu.refusal('SetPlcSystemDateTime') !== 0, true);
    cpu.same('reading is not', await cpu.refusal('DBRead', 1, 0, 4), 0);
    cpu.same('a wrong password', await cpu.refusal('SetSessionPassword', 'guess'), REFUSED.WRONG);
    await cpu.ask('SetSessionPassword', 'secret');
    cpu.same('upload with it', await upload(), 0);
    await cpu.ask('PlcStop');
    await cpu.ask('PlcHotStart');
    await cpu.ask('ClearSessionPassword');
    cpu.same('upload without it again', await upload() !== 0, true);
    await cpu.ask('SetSessionPassword', 'secret');
    cpu.client.Disconnect();
    await cpu.connect(3);
    cpu.same('upload on another connection', await upload() !== 0, true);
}

main('snap7_cpu', async (rig) => {
    for (const name of KINDS) {
        const cpu = new Cpu(rig, name);
        await rig.serve(DBS, [], { cpu: name });
        await rig.sql("UPDATE block SET data = CAST(x'0102030405' || zeroblob(295) AS BLOB) WHERE kind = 'DB' AND number = 1");
        for (const part of [connections, identification, statusLists, blocks, memory, clock, modes, password])
            await part(cpu);
        cpu.client.Disconnect();
        await rig.stop();
    }
});
