// nodes7_test.js - npm's nodes7 against s7rig serve: everything it knows, read and written, and each value seen three ways:
// by nodes7, by `s7rig read --json`, and by sqlite3 (tag.value, and the bytes of block.data).
'use strict';

const { main } = require('./rig');
const NodeS7 = require('nodes7');

// ---- bytes as the test expects them, made here and nowhere else ----

const be = {
    u8: (v) => Buffer.from([v]),
    i16: (v) => { const b = Buffer.alloc(2); b.writeInt16BE(v); return b; },
    u16: (v) => { const b = Buffer.alloc(2); b.writeUInt16BE(v); return b; },
    i32: (v) => { const b = Buffer.alloc(4); b.writeInt32BE(v); return b; },
    u32: (v) => { const b = Buffer.alloc(4); b.writeUInt32BE(v); return b; },
    f32: (v) => { const b = Buffer.alloc(4); b.writeFloatBE(v); return b; },
    f64: (v) => { const b = Buffer.alloc(8); b.writeDoubleBE(v); return b; },
    chars: (v) => Buffer.from(v, 'latin1'),
    // nodes7 fills the rest of a string with blanks
    string: (cap) => (v) => Buffer.concat([Buffer.from([cap, v.length]), Buffer.from(v.padEnd(cap), 'latin1')]),
    list: (one) => (vs) => Buffer.concat(vs.map(one)),
};
const bcd = (v) => Math.floor(v / 10) * 16 + v % 10;
const dt = (year, month, day, hour, minute, second, ms, weekday) =>
    Buffer.from([year % 100, month, day, hour, minute, second, Math.floor(ms / 10)].map(bcd)
        .concat([(ms % 10) * 16 + weekday]));
const dtl = (year, month, day, hour, minute, second, ms, weekday) =>
    Buffer.concat([be.u16(year), Buffer.from([month, day, weekday, hour, minute, second]), be.u32(ms * 1e6)]);

// [nodes7 address, value for nodes7, [kind, number, start], bytes, our address, our value, type of a tag on it]
// Without our value, ours is the same as nodes7's.
const place = (kind, number, start) => ({ kind, number, start });
const typed = (address, value, at, encode, ours, ourValue, tag) =>
    ({ address, value, at, bytes: encode(value), ours, ourValue: ourValue === undefined ? value : ourValue, tag });
const db = (start) => place('DB', 1, start);
const flags = (v) => v.map((bit) => (bit ? 1 : 0));

const ROUND_TRIPS = [
    typed('DB1,X0.3', true, db(0), () => be.u8(0x08), 'DB1.DBX0.3', true, 'BOOL'),
    typed('DB1,BYTE2', 200, db(2), be.u8, 'DB1.DBB2', 200, 'BYTE'),
    typed('DB1,B3', 17, db(3), be.u8, 'DB1.DBB3', 17),
    typed('DB1,CHAR4', 'Z', db(4), be.chars, 'DB1.DBB4:CHAR'),
    typed('DB1,C5', 'y', db(5), be.chars, 'DB1.DBB5:CHAR'),
    typed('DB1,WORD6', 0xbeef, db(6), be.u16, 'DB1.DBW6', 0xbeef, 'WORD'),
    typed('DB1,W8', 1, db(8), be.u16, 'DB1.DBW8'),
    typed('DB1,INT10', -12345, db(10), be.i16, 'DB1.DBW10:INT', -12345, 'INT'),
    typed('DB1,I12', 32767, db(12), be.i16, 'DB1.DBW12:INT'),
    typed('DB1,DWORD16', 0xdeadbeef, db(16), be.u32, 'DB1.DBD16', 0xdeadbeef, 'DWORD'),
    typed('DB1,DW20', 7, db(20), be.u32, 'DB1.DBD20'),
    typed('DB1,DINT24', -123456789, db(24), be.i32, 'DB1.DBD24:DINT', -123456789, 'DINT'),
    typed('DB1,DI28', -1, db(28), be.i32, 'DB1.DBD28:DINT'),
    typed('DB1,REAL32', 3.25, db(32), be.f32, 'DB1.DBD32:REAL', 3.25, 'REAL'),
    typed('DB1,R36', -0.0078125, db(36), be.f32, 'DB1.DBD36:REAL'),
    typed('DB1,LREAL40', -1.5e100, db(40), be.f64, 'DB1.DBB40:LREAL'),
    typed('DB1,LR48', 0.1, db(48), be.f64, 'DB1.DBB48:LREAL'),
    typed('DB1,S60.10', 'Hello', db(60), be.string(10), 'DB1.DBB60:STRING(10)', 'Hello', 'STRING(10)'),
    typed('DB1,STRING72.20', 'Gr\u00fc\u00dfe', db(72), be.string(20), 'DB1.DBB72:STRING(20)', 'Gr\u00fc\u00dfe',
          'STRING(20)'),
    // arrays
    typed('DB1,INT100.2', [1, -2], db(100), be.list(be.i16), 'DB1.DBW100:INT[2]'),
    typed('DB1,X104.0.8', [true, false, true, true, false, false, false, true], db(104), () => be.u8(0x8d),
          'DB1.DBX104.0:BOOL[8]'),
    typed('DB1,X106.3.10', [true, false, true, true, false, true, false, false, true, true], db(106),
          () => Buffer.from([0x68, 0x19]), 'DB1.DBX106.3:BOOL[10]'),
    typed('DB1,S110.10.3', ['one', '', 'three'], db(110), be.list(be.string(10)), 'DB1.DBB110:STRING(10)[3]'),
    typed('DB1,REAL150.4', [0, 1, -2.5, 1e10], db(150), be.list(be.f32), 'DB1.DBD150:REAL[4]'),
    typed('DB1,LREAL170.2', [0.1, -1e-300], db(170), be.list(be.f64), 'DB1.DBB170:LREAL[2]'),
    typed('DB1,WORD190.3', [1, 0x8000, 0xffff], db(190), be.list(be.u16), 'DB1.DBW190:WORD[3]'),
    typed('DB1,DINT200.2', [-1, 2147483647], db(200), be.list(be.i32), 'DB1.DBD200:DINT[2]'),
    typed('DB1,DWORD210.2', [0, 0x7fffffff], db(210), be.list(be.u32), 'DB1.DBD210:DWORD[2]'),
    typed('DB1,BYTE220.3', [0, 128, 255], db(220), be.list(be.u8), 'DB1.DBB220:BYTE[3]'),
    typed('DB1,CHAR230.5', 'abcde', db(230), be.chars, 'DB1.DBB230:CHAR[5]', 'abcde'),
    // dates
    typed('DB1,DT240', new Date(2026, 0, 31, 23, 59, 58, 987), db(240), () => dt(2026, 1, 31, 23, 59, 58, 987, 7),
          'DB1.DBB240:DT', '2026-01-31T23:59:58.987', 'DT'),
    typed('DB1,DTZ250', new Date(Date.UTC(1999, 11, 31, 1, 2, 3, 4)), db(250), () => dt(1999, 12, 31, 1, 2, 3, 4, 6),
          'DB1.DBB250:DT', '1999-12-31T01:02:03.004', 'DT'),
    typed('DB1,DTL260', new Date(2026, 1, 28, 12, 0, 0, 5), db(260), () => dtl(2026, 2, 28, 12, 0, 0, 5, 7), 'DB1.DBB260:DTL',
          '2026-02-28T12:00:00.005', 'DTL'),
    typed('DB1,DTLZ280', new Date(Date.UTC(1970, 0, 1, 0, 0, 0, 0)), db(280), () => dtl(1970, 1, 1, 0, 0, 0, 0, 5),
          'DB1.DBB280:DTL', '1970-01-01T00:00:00', 'DTL'),
    // longer than a PDU: many jobs, several in flight
    typed('DB2,BYTE1.3000', Array.from({ length: 3000 }, (_, i) => i * 7 % 256), place('DB', 2, 1), be.list(be.u8),
          'DB2.DBB1:BYTE[3000]'),
    // other areas, English and German
    typed('M32.2', true, place('M', 0, 32), () => be.u8(0x04), 'M32.2', true, 'BOOL'),
    typed('MR4', 2.5, place('M', 0, 4), be.f32, 'MD4:REAL', 2.5, 'REAL'),
    typed('MB40', 9, place('M', 0, 40), be.u8, 'MB40'),
    typed('MC41', 'q', place('M', 0, 41), be.chars, 'MB41:CHAR'),
    typed('MW42', 4711, place('M', 0, 42), be.u16, 'MW42'),
    typed('MI44', -4711, place('M', 0, 44), be.i16, 'MW44:INT'),
    typed('MD48', 0x01020304, place('M', 0, 48), be.u32, 'MD48'),
    typed('MDI52', -5, place('M', 0, 52), be.i32, 'MD52:DINT'),
    typed('MLR60', Math.PI, place('M', 0, 60), be.f64, 'MB60:LREAL'),
    typed('MW70.3', [3, 2, 1], place('M', 0, 70), be.list(be.u16), 'MW70:WORD[3]'),
    typed('M80.1.4', [true, true, false, true], place('M', 0, 80), () => be.u8(0x16), 'M80.1:BOOL[4]'),
    typed('I0.7', true, place('I', 0, 0), () => be.u8(0x80), 'I0.7'),
    typed('IB1', 1, place('I', 0, 1), be.u8, 'IB1'),
    typed('IW2', 2, place('I', 0, 2), be.u16, 'IW2'),
    typed('II4', -2, place('I', 0, 4), be.i16, 'IW4:INT'),
    typed('ID8', 8, place('I', 0, 8), be.u32, 'ID8'),
    typed('IDI12', -8, place('I', 0, 12), be.i32, 'ID12:DINT'),
    typed('IR16', 0.5, place('I', 0, 16), be.f32, 'ID16:REAL'),
    typed('ILR24', 1 / 3, place('I', 0, 24), be.f64, 'IB24:LREAL'),
    typed('EB33', 33, place('I', 0, 33), be.u8, 'EB33'),
    typed('E34.5', true, place('I', 0, 34), () => be.u8(0x20), 'E34.5'),
    typed('EW36', 36, place('I', 0, 36), be.u16, 'EW36'),
    typed('QLR0', -1e300, place('Q', 0, 0), be.f64, 'QB0:LREAL'),
    typed('Q8.1', true, place('Q', 0, 8), () => be.u8(0x02), 'Q8.1'),
    typed('QB9', 255, place('Q', 0, 9), be.u8, 'QB9'),
    typed('QW10', 65535, place('Q', 0, 10), be.u16, 'QW10'),
    typed('QI12', -32768, place('Q', 0, 12), be.i16, 'QW12:INT'),
    typed('QD16', 4294967295, place('Q', 0, 16), be.u32, 'QD16'),
    typed('QDI20', -2147483648, place('Q', 0, 20), be.i32, 'QD20:DINT'),
    typed('QR24', 1.5, place('Q', 0, 24), be.f32, 'QD24:REAL'),
    typed('AB33', 1, place('Q', 0, 33), be.u8, 'AB33'),
    typed('AW36', 36, place('Q', 0, 36), be.u16, 'AW36'),
];

// ---- nodes7 with promises ----

class Client {
    // timeout_ms: also how long nodes7 waits for the answer of each job
    async connect(port, timeout_ms = 8000) {
        this.conn = new NodeS7({ silent: true });
        await new Promise((resolve, reject) => {
            this.conn.initiateConnection({ host: '127.0.0.1', port, rack: 0, slot: 1, timeout: timeout_ms },
                                         (error) => (error ? reject(new Error(`nodes7: ${error}`)) : resolve()));
        });
        this.conn.setTranslationCB((tag) => tag); // names are addresses
    }

    // {bad, values}
    read(addresses) {
        this.conn.removeItems();
        this.conn.addItems(addresses);
        return new Promise((resolve) => this.conn.readAllItems((bad, values) => resolve({ bad, values })));
    }

    // true: something was refused
    write(addresses, values) {
        return new Promise((resolve, reject) => {
            if (this.conn.writeItems(addresses, values, resolve) !== 0)
                reject(new Error('nodes7 is still writing'));
        });
    }

    close() {
        return new Promise((resolve) => this.conn.dropConnection(resolve));
    }
}

// ---- the test ----

const tagName = (trip) => trip.address.replace(/[^A-Za-z0-9]/g, '_');
const tagAddress = (trip) => trip.ours.split(':')[0];

async function writtenByNodes7IsSeenByAll(rig, client) {
    const bad = await client.write(ROUND_TRIPS.map((t) => t.address), ROUND_TRIPS.map((t) => t.value));
    rig.same('nodes7 writes everything at once: anything bad', bad, false);
    for (const trip of ROUND_TRIPS)
        rig.same(`${trip.address}: bytes in the file after nodes7 wrote`,
                 await rig.bytes(trip.at.kind, trip.at.number, trip.at.start, trip.bytes.length), trip.bytes);
    const back = await client.read(ROUND_TRIPS.map((t) => t.address));
    rig.same('nodes7 reads everything at once: anything bad', back.bad, false);
    for (const trip of ROUND_TRIPS)
        rig.same(`${trip.address}: read back by nodes7`, back.values[trip.address], trip.value);
    await oursAgree(rig);
}

async function oursAgree(rig) {
    const items = await rig.read(ROUND_TRIPS.map((t) => t.ours));
    ROUND_TRIPS.forEach((trip, i) => rig.same(`${trip.address}: read by s7rig as ${trip.ours}`, loose(items[i].value),
                                        loose(trip.ourValue)));
    // nodes7's own notation is understood too
    const same = ROUND_TRIPS.filter((t) => t.address.startsWith('DB'));
    const again = await rig.read(same.map((t) => t.address));
    same.forEach((trip, i) => rig.same(`s7rig read ${trip.address}`, loose(again[i].value), loose(trip.ourValue)));
    for (const trip of ROUND_TRIPS.filter((t) => t.tag))
        rig.same(`${trip.address}: tag.value`, loose(await rig.tag(tagName(trip))), loose(trip.ourValue));
}

// BOOL is 0 or 1 in SQL and in our JSON, true or false in nodes7; arrays of CHAR are one text in nodes7.
function loose(value) {
    if (Array.isArray(value) && value.every((v) => typeof v === 'string' && v.length === 1))
        return value.join('');
    if (Array.isArray(value))
        return value.map(loose);
    return typeof value === 'boolean' ? Number(value) : value;
}

async function editedBySqlIsSeenByNodes7(rig, client) {
    await rig.sql("UPDATE tag SET value = 77 WHERE name = 'DB1_INT10'; UPDATE tag SET value = -7.5 WHERE name = 'DB1_REAL32';"
                  + "UPDATE tag SET value = 'SQL' WHERE name = 'DB1_S60_10'; UPDATE tag SET value = 0 WHERE name = 'DB1_X0_3'");
    const { bad, values } = await client.read(['DB1,INT10', 'DB1,REAL32', 'DB1,S60.10', 'DB1,X0.3']);
    rig.same('nodes7 after UPDATE tag: anything bad', bad, false);
    rig.same('nodes7 after UPDATE tag', values, { 'DB1,INT10': 77, 'DB1,REAL32': -7.5, 'DB1,S60.10': 'SQL', 'DB1,X0.3': false });
    await rig.sql("UPDATE block SET data = CAST(x'4080000000' || substr(data, 6) AS BLOB) WHERE kind = 'M'");
    rig.same('nodes7 after UPDATE block', (await client.read(['MR0'])).values.MR0, 4);
}

async function writtenByUsIsSeenByNodes7(rig, client) {
    await rig.write(['DB1.DBW10:INT=-321', 'DB1.DBD32:REAL=0.25', 'DB1.DBB60:STRING(10)=s7rig', 'DB1.DBX0.3=1', 'MW42=5',
                     'DB1.DBB40:LREAL=6.25', 'QD20:DINT=-20']);
    const { bad, values } = await client.read(['DB1,INT10', 'DB1,REAL32', 'DB1,S60.10', 'DB1,X0.3', 'MW42', 'DB1,LREAL40',
                                               'QDI20']);
    rig.same('nodes7 after s7rig write: anything bad', bad, false);
    rig.same('nodes7 after s7rig write', values, { 'DB1,INT10': -321, 'DB1,REAL32': 0.25, 'DB1,S60.10': 's7rig',
                                                   'DB1,X0.3': true, MW42: 5, 'DB1,LREAL40': 6.25, QDI20: -20 });
}

// One missing DB, one place past the end and one absent module spoil nothing but themselves.
async function badItemsSpoilNothingElse(rig, client) {
    const good = ['DB1,INT10', 'DB1,REAL32', 'MW42', 'DB2,BYTE2999', 'QDI20', 'DB1,S60.10'];
    for (const wrong of [['DB99,INT0'], ['DB1,INT2000'], ['PIW256'], ['DB99,REAL4', 'DB1,DINT5000', 'DB98,X0.0']]) {
        const { bad, values } = await client.read([...good, ...wrong]);
        const items = await rig.read([...good, ...wrong], 1);
        rig.same(`nodes7 with ${wrong}: anything bad`, bad, true);
        good.forEach((address, i) => rig.same(`${address} beside ${wrong}`, loose(values[address]), loose(items[i].value)));
        wrong.forEach((address, i) => {
            rig.same(`${address}: nodes7`, values[address], 'BAD 255');
            rig.same(`${address}: s7rig has no value`, 'value' in items[good.length + i], false);
        });
    }
    const codes = await rig.read(['DB99.DBW0', 'DB1.DBW2000', 'PIW256'], 1);
    rig.same('item codes: no such DB, past the end, no such module', codes.map((item) => item.code), [0x0a, 5, 1]);
}

async function badWritesSpoilNothingElse(rig, client) {
    const bad = await client.write(['DB1,INT10', 'DB99,INT0', 'DB1,INT2000', 'MW42'], [1001, 1, 2, 1002]);
    rig.same('nodes7 writes with a missing DB among them: anything bad', bad, true);
    rig.same('the good ones are written', (await rig.read(['DB1.DBW10:INT', 'MW42'])).map((item) => item.value), [1001, 1002]);
    rig.same('and are in the file', await rig.bytes('DB', 1, 10, 2), be.i16(1001));
}

// nodes7 0.3.18 asks for timer n as number n * 8 (a byte address times 8, as for other areas): a CPU gives it timer n * 8, and
// so does s7rig. See docs/interop.md.
async function timersAndCountersAsNodes7AsksForThem(rig, client) {
    await rig.sql("UPDATE block SET data = CAST(substr(data, 1, 80) || x'2130' || substr(data, 83) AS BLOB) WHERE kind = 'T'");
    await rig.sql("UPDATE block SET data = CAST(substr(data, 1, 32) || x'0042' || substr(data, 35) AS BLOB) WHERE kind = 'C'");
    const { bad, values } = await client.read(['T5', 'C2', 'T0', 'MW42']);
    rig.same('timers and counters: anything bad', bad, false);
    rig.same("nodes7's T5 is timer 40, its C2 is counter 16", values, { T5: 0x2130, C2: 0x0042, T0: 0, MW42: 1002 });
    rig.same('timer 40 in the file', await rig.bytes('T', 0, 80, 2), be.u16(0x2130));
    const ours = await rig.read(['T40', 'C16', 'T5', 'C2']);
    rig.same('s7rig reads them where a CPU has them', ours.map((item) => item.status), Array(4).fill('S7_OK'));
    rig.same('T40 and T5, C16 and C2 differ', [ours[0].value === ours[2].value, ours[1].value === ours[3].value],
             [false, false]);
}

// nodes7 has the name LINT, but its reading and writing of it are switched off: it gives undefined, and writes zeros.
async function lintIsANameOnlyInNodes7(rig, client) {
    await rig.write(['DB1.DBB300:LINT=-9007199254740993']);
    const { values } = await client.read(['DB1,LINT300', 'MW42']);
    rig.same('LINT by nodes7', values, { 'DB1,LINT300': undefined, MW42: 1002 });
    rig.same('LINT in the file', (await rig.bytes('DB', 1, 300, 8)).readBigInt64BE(), -9007199254740993n);
    await client.write(['DB1,LINT300'], [5]);
    rig.same('LINT written by nodes7', (await rig.bytes('DB', 1, 300, 8)).readBigInt64BE(), 0n);
}

// The variables of its own documentation, which overlap in DB1, read and written at once as it shows.
async function theVariablesOfItsReadme(rig, client) {
    const reals = Array.from({ length: 20 }, (_, i) => i * 1.5);
    await client.write(['DB1,REAL0.20', 'MR4', 'M32.2', 'M20.0'], [reals, -4.75, true, true]);
    await client.write(['DB1,REAL4', 'DB1,REAL8'], [867.25, 9]);
    await client.write(['DB1,INT12.2'], [[666, 777]]);
    const names = ['MR4', 'M32.2', 'M20.0', 'DB1,REAL0.20', 'DB1,REAL4', 'DB1,REAL8', 'DB1,INT12.2', 'DB1,LREAL4', 'DB1,X14.0',
                   'DB1,X14.0.8'];
    const { bad, values } = await client.read(names), file = await rig.bytes('DB', 1, 0, 80);
    rig.same('README: anything bad', bad, false);
    const bit = (n) => (file[14] >> n & 1) === 1;
    rig.same('README: values', values, {
        MR4: -4.75, 'M32.2': true, 'M20.0': true, 'DB1,REAL0.20': reals.map((_, i) => file.readFloatBE(4 * i)), 'DB1,REAL4': 867.25,
        'DB1,REAL8': 9, 'DB1,INT12.2': [666, 777], 'DB1,LREAL4': file.readDoubleBE(4), 'DB1,X14.0': bit(0),
        'DB1,X14.0.8': Array.from({ length: 8 }, (_, n) => bit(n)),
    });
    rig.same('README: in the file', [file.readFloatBE(4), file.readFloatBE(8), file.readInt16BE(12), file.readInt16BE(14)],
             [867.25, 9, 666, 777]);
}

// It writes a timer with data transport size 09, whose length counts bytes, but gives the length in bits: 16 for 2 bytes. No walk
// through the data can end well (tshark calls the frame malformed), so the job is refused as a whole (header error 8500). nodes7
// does not know that kind of answer: it waits for another one until its timeout.
async function aTimerCannotBeWrittenByNodes7(rig) {
    const client = new Client();
    await client.connect(rig.port, 1000);
    rig.same('nodes7 writes T5: anything bad', await client.write(['T5'], [0x0123]), true);
    rig.same('and neither timer 5 nor 40 has changed', [await rig.bytes('T', 0, 10, 2), await rig.bytes('T', 0, 80, 2)],
             [be.u16(0), be.u16(0x2130)]);
    await client.close();
}

main('nodes7', async (rig) => {
    const tags = ROUND_TRIPS.filter((t) => t.tag).map((t) => [tagName(t), tagAddress(t), t.tag]);
    await rig.serve(['1:1024', '2:4096'], tags);
    const client = new Client();
    await client.connect(rig.port);
    await writtenByNodes7IsSeenByAll(rig, client);
    await editedBySqlIsSeenByNodes7(rig, client);
    await writtenByUsIsSeenByNodes7(rig, client);
    await badItemsSpoilNothingElse(rig, client);
    await badWritesSpoilNothingElse(rig, client);
    await timersAndCountersAsNodes7AsksForThem(rig, client);
    await lintIsANameOnlyInNodes7(rig, client);
    await theVariablesOfItsReadme(rig, client);
    await client.close();
    await aTimerCannotBeWrittenByNodes7(rig);
});
