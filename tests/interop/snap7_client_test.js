// snap7_client_test.js - Snap7's client (through node-snap7) against s7rig serve: every area both ways, lists with a bad item, past
// the end, missing DB; what it sees is what `s7rig read` and sqlite3 see.
'use strict';

const { main } = require('./rig');
const { load, call } = require('./snap7');

const snap7 = load();

// Snap7's numbers for refused items
const NOT_AVAILABLE = 0x00C00000; // item code 0A
const OUT_OF_RANGE = 0x00900000; // item code 05

const pattern = (len, salt) => Buffer.from(Array.from({ length: len }, (_, i) => (i * 13 + salt) % 256));
const bcd = (...words) => Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff]));

async function connect(port) {
    const client = new snap7.S7Client();
    client.SetParam(client.RemotePort, port);
    await call(client, 'ConnectTo', '127.0.0.1', 0, 1);
    return client;
}

// Longer than a PDU too: Snap7 cuts it into jobs.
async function everyAreaBothWays(rig, client) {
    const areas = [['DB', 1, client.S7AreaDB, 3000], ['DB', 2, client.S7AreaDB, 1], ['I', 0, client.S7AreaPE, 100],
                   ['Q', 0, client.S7AreaPA, 128], ['M', 0, client.S7AreaMK, 1500]];
    for (const [kind, number, area, len] of areas) {
        const what = `${kind}${number || ''}, ${len} bytes`;
        const data = pattern(len, number + len);
        await call(client, 'WriteArea', area, number, 5, len, client.S7WLByte, data);
        rig.same(`${what}: written by Snap7, in the file`, await rig.bytes(kind, number, 5, len), data);
        rig.same(`${what}: read by Snap7`, await call(client, 'ReadArea', area, number, 5, len, client.S7WLByte), data);
        const ours = kind === 'DB' ? `DB${number}.DBB5:BYTE[${len}]` : `${kind}B5:BYTE[${len}]`;
        rig.same(`${what}: read by s7rig`, Buffer.from([].concat((await rig.read([ours]))[0].value)), data);
    }
}

async function everyWordLength(rig, client) {
    const lengths = [['S7WLByte', 1, 4], ['S7WLWord', 2, 3], ['S7WLDWord', 4, 2], ['S7WLReal', 4, 2]];
    for (const [name, size, amount] of lengths) {
        const data = pattern(size * amount, size);
        await call(client, 'WriteArea', client.S7AreaDB, 1, 200, amount, client[name], data);
        rig.same(`${name} x ${amount}: in the file`, await rig.bytes('DB', 1, 200, data.length), data);
        rig.same(`${name} x ${amount}: read`, await call(client, 'ReadArea', client.S7AreaDB, 1, 200, amount, client[name]), data);
    }
}

async function bits(rig, client) {
    await rig.write(['DB1.DBB300=0']);
    for (const bit of [0, 3, 7]) {
        await call(client, 'WriteArea', client.S7AreaDB, 1, 300 * 8 + bit, 1, client.S7WLBit, Buffer.from([1]));
        rig.same(`DB1.DBX300.${bit} by Snap7`,
                 await call(client, 'ReadArea', client.S7AreaDB, 1, 300 * 8 + bit, 1, client.S7WLBit), Buffer.from([1]));
        rig.same(`DB1.DBX300.${bit} by s7rig`, (await rig.read([`DB1.DBX300.${bit}`]))[0].value, 1);
    }
    rig.same('the byte in the file', await rig.bytes('DB', 1, 300, 1), Buffer.from([0x89]));
    await call(client, 'WriteArea', client.S7AreaDB, 1, 300 * 8 + 3, 1, client.S7WLBit, Buffer.from([0]));
    rig.same('and with bit 3 cleared', await rig.bytes('DB', 1, 300, 1), Buffer.from([0x81]));
}

// Addressed by number, two bytes each. Words that are no BCD are refused as on a real CPU (item code 03).
async function timersAndCounters(rig, client) {
    const timers = bcd(0x2130, 0x0999, 0x3001);
    const counters = bcd(0x0042, 0x0999);
    await call(client, 'TMWrite', 5, 3, timers);
    await call(client, 'CTWrite', 2, 2, counters);
    rig.same('T5..T7 in the file', await rig.bytes('T', 0, 10, 6), timers);
    rig.same('C2, C3 in the file', await rig.bytes('C', 0, 4, 4), counters);
    rig.same('T5..T7 by Snap7', await call(client, 'TMRead', 5, 3), timers);
    rig.same('C2, C3 by Snap7', await call(client, 'CTRead', 2, 2), counters);
    rig.same('all of them by s7rig', (await rig.read(['T5', 'T6', 'T7', 'C2', 'C3'])).map((item) => item.status),
             Array(5).fill('S7_OK'));
    const refused = await call(client, 'TMWrite', 5, 1, bcd(0x0ABC)).catch((error) => error);
    rig.same('a timer word that is no BCD is refused', refused instanceof Error, true);
    rig.same('and changes nothing', await rig.bytes('T', 0, 10, 2), bcd(0x2130));
}

async function listsWithABadItem(rig, client) {
    const item = (area, db, start, amount, wordLen = client.S7WLByte) =>
        ({ Area: area, DBNumber: db, Start: start, Amount: amount, WordLen: wordLen });
    const wanted = [item(client.S7AreaDB, 1, 5, 7), item(client.S7AreaDB, 99, 0, 2), item(client.S7AreaMK, 0, 5, 3),
                    item(client.S7AreaDB, 1, 4094, 4), item(client.S7AreaTM, 0, 5, 2, client.S7WLTimer)];
    const got = await call(client, 'ReadMultiVars', wanted);
    rig.same('list read: results', got.map((g) => g.Result), [0, NOT_AVAILABLE, 0, OUT_OF_RANGE, 0]);
    rig.same('list read: DB1', got[0].Data, await rig.bytes('DB', 1, 5, 7));
    rig.same('list read: M', got[2].Data, await rig.bytes('M', 0, 5, 3));
    rig.same('list read: T5, T6', got[4].Data, await rig.bytes('T', 0, 10, 4));

    const data = [Buffer.from([1, 2, 3]), Buffer.from([9]), Buffer.from([4, 5]), Buffer.from([6, 7, 8, 9])];
    const places = [item(client.S7AreaDB, 1, 400, 3), item(client.S7AreaDB, 99, 0, 1), item(client.S7AreaMK, 0, 400, 2),
                    item(client.S7AreaDB, 2, 4093, 4)];
    const done = await call(client, 'WriteMultiVars', places.map((place, i) => ({ ...place, Data: data[i] })));
    rig.same('list write: results', done.map((d) => d.Result), [0, NOT_AVAILABLE, 0, OUT_OF_RANGE]);
    rig.same('list write: DB1 in the file', await rig.bytes('DB', 1, 400, 3), data[0]);
    rig.same('list write: M in the file', await rig.bytes('M', 0, 400, 2), data[2]);
    rig.same('list write: nothing of the one past the end', await rig.bytes('DB', 2, 4093, 3), Buffer.alloc(3));
}

async function refusals(rig, client) {
    const number = (promise) => promise.then(() => 0, (error) => error.number);
    rig.same('missing DB', await number(call(client, 'DBRead', 99, 0, 2)), NOT_AVAILABLE);
    rig.same('past the end', await number(call(client, 'DBRead', 1, 4095, 2)), OUT_OF_RANGE);
    rig.same('write past the end', await number(call(client, 'DBWrite', 1, 4095, 2, Buffer.alloc(2))), OUT_OF_RANGE);
    rig.same('the last byte', await number(call(client, 'DBRead', 1, 4095, 1)), 0);
}

// The same by both sides, in one plant: SQL edits are seen by Snap7, and what Snap7 writes is in the tag.
async function tagsAgree(rig, client) {
    await rig.sql("UPDATE tag SET value = 1234.5 WHERE name = 'level'");
    rig.same('UPDATE tag, read by Snap7', (await call(client, 'DBRead', 1, 3500, 4)).readFloatBE(), 1234.5);
    const data = Buffer.alloc(4);
    data.writeFloatBE(-0.5);
    await call(client, 'DBWrite', 1, 3500, 4, data);
    rig.same('written by Snap7, tag.value', await rig.tag('level'), -0.5);
    rig.same('written by Snap7, read by s7rig', (await rig.read(['DB1.DBD3500:REAL']))[0].value, -0.5);
}

// Blocks go to the CPU, come back as they went, and are deleted; Snap7 sets the checksum to 0.
async function download(rig, client) {
    const DELETE_REFUSED = 0x01C00000, PASSWORD_NEEDED = 0x01D00000;
    const ask = (method, ...args) => call(client, method, ...args);
    const refused = (method, ...args) => ask(method, ...args).then(() => 0, (error) => error.number);
    const block = (subtype, number, mc7) => { // 28 bytes of interface
        const file = pattern(72 + mc7 + 28, number);
        file.write('707001010508', 'hex');
        file[5] = subtype;
        file.writeUInt16BE(number, 6);
        file.writeUInt32BE(file.length, 8);
        file.writeUInt32BE(0, 12); // no protection: tshark knows no other word for it than 0 and 3
        [28, 0, 0, mc7].forEach((len, i) => file.writeUInt16BE(len, 28 + 2 * i));
        file.writeUInt16BE(0, file.length - 10);
        return file;
    };
    for (const [type, subtype, number, mc7] of [[client.Block_OB, 0x08, 1, 500], [client.Block_FC, 0x0C, 7, 30], [client.Block_FB, 0x0E, 3, 3000],
                                                [client.Block_SDB, 0x0B, 1000, 100], [client.Block_DB, 0x0A, 77, 2000]]) {
        const what = `block ${subtype.toString(16)}/${number}`, file = block(subtype, number, mc7);
        await ask('Download', number, file);
        rig.same(`${what}: comes back`, await ask('FullUpload', type, number, 8192), file);
        rig.same(`${what}: listed`, (await ask('ListBlocksOfType', type)).includes(number), true);
        const info = await ask('GetAgBlockInfo', type, number);
        rig.same(`${what}: info`, [info.MC7Size, info.LoadSize], [mc7, file.length]);
    }
    rig.same('a downloaded DB in the file', await rig.bytes('DB', 77, 0, 2000), block(0x0A, 77, 2000).subarray(36, 2036));
    rig.same('and by number', (await ask('DBGet', 77)).length, 2000);
    await ask('Download', 78, block(0x0A, 77, 2000)); // as another number
    rig.same('DB78', await rig.bytes('DB', 78, 0, 2000), block(0x0A, 77, 2000).subarray(36, 2036));
    for (const [type, number] of [[client.Block_OB, 1], [client.Block_FC, 7], [client.Block_FB, 3], [client.Block_SDB, 1000], [client.Block_DB, 77],
                                  [client.Block_DB, 78]])
        await ask('Delete', type, number);
    rig.same('block counts', await ask('ListBlocks').then((c) => [c.OBCount, c.FBCount, c.FCCount, c.SDBCount, c.DBCount]), [0, 0, 0, 0, 2]);
    rig.same('deleted twice', await refused('Delete', client.Block_DB, 77), DELETE_REFUSED);
    await rig.sql("UPDATE plc SET protection = 2, password = 'secret'");
    rig.same('protected', await refused('Download', 5, block(0x0A, 5, 10)), PASSWORD_NEEDED);
    await rig.sql('UPDATE plc SET protection = 1, password = NULL');
}

// What the simulated CPU tells of itself, and what may be done with it.
async function services(rig, client) {
    const RUN = 8, STOP = 4, NO_PASSWORD = 0x01F00000;
    const ask = (method, ...args) => call(client, method, ...args);
    const refused = (method, ...args) => ask(method, ...args).then(() => false, (error) => error.number);
    const order = await ask('GetOrderCode');
    rig.same('order code', [order.Code.trim(), order.V1, order.V2, order.V3], ['S7RIG GENERIC', 1, 0, 0]);
    rig.same('CPU info', (await ask('GetCpuInfo')).ModuleTypeName, 'CPU generic');
    rig.same('CP info: PDU length', (await ask('GetCpInfo')).MaxPduLength, 960);
    rig.same('protection', (await ask('GetProtection')).sch_rel, 1);
    const ids = await ask('ReadSZLList');
    rig.same('SZL 0000 lists what is read', ids.includes(0x11) && ids.includes(0x424), true);
    rig.same('block counts', (await ask('ListBlocks')).DBCount, 2);
    rig.same('blocks of a type', await ask('ListBlocksOfType', client.Block_DB), [1, 2]);
    rig.same('block info', (await ask('GetAgBlockInfo', client.Block_DB, 2)).MC7Size, 4096);
    const file = await ask('FullUpload', client.Block_DB, 2, 8192);
    rig.same('upload: length', file.length, 72 + 4096 + 20);
    rig.same('upload: bytes', file.subarray(36, 36 + 4096), await rig.bytes('DB', 2, 0, 4096));

    rig.same('mode', await ask('PlcStatus'), RUN);
    await ask('PlcStop');
    rig.same('mode after a stop', await ask('PlcStatus'), STOP);
    rig.same('the file says so', (await rig.sql('SELECT mode FROM plc'))[0].mode, 'STOP');
    rig.same('reads go on', (await ask('DBRead', 1, 0, 4)).length, 4);
    rig.same('a second stop is refused', await refused('PlcStop') !== false, true);
    await ask('PlcHotStart');
    rig.same('mode after a start', await ask('PlcStatus'), RUN);
    await rig.sql("UPDATE plc SET mode = 'STOP'");
    rig.same('mode after an UPDATE', await ask('PlcStatus'), STOP);
    await ask('PlcColdStart');
    rig.same('mode after a cold start', await ask('PlcStatus'), RUN);
    await ask('Compress', 5000);
    await ask('CopyRamToRom', 5000);

    const when = new Date(1999, 10, 18, 12, 34, 56);
    await ask('SetPlcDateTime', when);
    rig.same('the clock runs from what was set', Math.abs(await ask('GetPlcDateTime') - when) < 60000, true);
    rig.same('no password is set', await refused('SetSessionPassword', 'secret'), NO_PASSWORD);
    await rig.sql("UPDATE plc SET protection = 3, password = 'secret'");
    rig.same('a stop wants the password', await refused('PlcStop') !== false, true);
    await ask('SetSessionPassword', 'secret');
    await ask('PlcStop');
    rig.same('mode after the password and a stop', await ask('PlcStatus'), STOP);
}

main('snap7_client', async (rig) => {
    await rig.serve(['1:4096', '2:4096'], [['level', 'DB1.DBD3500', 'REAL']]);
    const client = await connect(rig.port);
    await everyAreaBothWays(rig, client);
    await everyWordLength(rig, client);
    await bits(rig, client);
    await timersAndCounters(rig, client);
    await listsWithABadItem(rig, client);
    await refusals(rig, client);
    await tagsAgree(rig, client);
    await download(rig, client);
    await services(rig, client);
    client.Disconnect();
});
