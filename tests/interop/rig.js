// rig.js - s7rig as seen from a test: a plant in a folder of its own, a running serve, our client, plain sqlite3, and a tally of
// what was compared.
'use strict';

const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const readline = require('readline');
const { execFile, spawn } = require('child_process');
const { relay, Capture } = require('./relay');

const COMMAND = process.env.S7RIG;
const CHILD_MS = 20000; // longest life of one command
const OUTPUT_MAX = 1 << 26; // and most that it says

// The outcome of a command whatever its exit status: {status, out, err}.
function run(program, args, longest = CHILD_MS) {
    return new Promise((resolve, reject) => {
        execFile(program, args, { timeout: longest, maxBuffer: OUTPUT_MAX }, (error, out, err) => {
            if (error && typeof error.code !== 'number')
                reject(error);
            else
                resolve({ status: error ? error.code : 0, out, err });
        });
    });
}

async function must(program, args) {
    const result = await run(program, args);
    assert.strictEqual(result.status, 0, `${program} ${args.join(' ')}: ${result.err}`);
    return result.out;
}

class Rig {
    constructor(name) {
        this.name = name;
        this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 's7rig-interop-'));
        this.compared = 0;
        this.failures = [];
    }

    // ---- the simulator ----

    // dbs: ["1:1024", ...]; tags: [[name, address, type], ...]; relayed: see relayTo. Once for each kind of CPU.
    async serve(dbs, tags = [], { relayed = true, cpu = 'generic' } = {}) {
        this.plant = path.join(this.dir, `${cpu}.s7plant`);
        await must(COMMAND, ['plant', 'new', this.plant, '--cpu', cpu, ...dbs.flatMap((db) => ['--db', db])]);
        for (const [name, address, type] of tags)
            await this.sql(`INSERT INTO tag (name, address, type) VALUES ('${name}', '${address}', '${type}')`);
        this.server = spawn(COMMAND, ['serve', this.plant, '--listen', '127.0.0.1:0'],
                            { stdio: ['ignore', 'pipe', fs.openSync(path.join(this.dir, 'log'), 'w')] });
        this.ended = new Promise((resolve) => this.server.once('close', (code, signal) => resolve(signal || code)));
        const line = await new Promise((resolve, reject) => {
            readline.createInterface({ input: this.server.stdout }).once('line', resolve).once('close', reject);
        }).catch(() => '');
        assert.match(line, /^listening \S+ 127\.0\.0\.1:\d+$/, `serve said "${line}": ${this.log()}`);
        this.port = Number(line.split(':')[1]);
        if (relayed)
            await this.relayTo(this.port);
    }

    // Between our side and the other: what passes is kept for tshark when somebody asked for it.
    async relayTo(port) {
        const keep = process.env.S7RIG_PCAP_DIR || this.dir;
        this.capture = this.capture || new Capture(path.join(keep, `${this.name}.pcap`));
        this.relay = await relay(port, this.capture);
        this.port = this.relay.port;
    }

    log() {
        return fs.readFileSync(path.join(this.dir, 'log'), 'utf8');
    }

    // ---- three ways to see a value ----

    async sql(statement) {
        const out = await must('sqlite3', ['-json', '-cmd', '.timeout 5000', this.plant, statement]);
        return out.trim() === '' ? [] : JSON.parse(out);
    }

    async tag(name) {
        const [row] = await this.sql(`SELECT value, error FROM tag WHERE name = '${name}'`);
        assert.strictEqual(row.error, null, `tag ${name}: ${row.error}`);
        return row.value;
    }

    // len bytes of a block from start on, as the file has them.
    async bytes(kind, number, start, len) {
        const [row] = await this.sql(`SELECT hex(substr(data, ${start + 1}, ${len})) AS hex FROM block
                                      WHERE kind = '${kind}' AND number = ${number}`);
        return Buffer.from(row.hex, 'hex');
    }

    // A status list of the PLC's own, or of its personality: its records, none if there is no such list.
    async szl(list, index = 0) {
        const from = (table, where) => `SELECT record_len AS len, hex(data) AS hex FROM ${table} WHERE list = ${list} AND idx = ${index}${where}`;
        const [row] = [...await this.sql(from('szl', '')),
                       ...await this.sql(from('personality_szl', ' AND personality = (SELECT cpu FROM plc)'))];
        const bytes = Buffer.from(row ? row.hex : '', 'hex');
        return Array.from({ length: row ? bytes.length / row.len : 0 }, (_, i) => bytes.subarray(i * row.len, (i + 1) * row.len));
    }

    // s7rig read --json: an array of {address, status, value} in the order asked.
    async read(addresses, status = 0) {
        const args = ['read', `127.0.0.1:${this.port}`, '--json', ...addresses];
        const result = await run(COMMAND, args);
        assert.strictEqual(result.status, status, `s7rig ${args.join(' ')}: ${result.err}`);
        return JSON.parse(result.out);
    }

    async write(assignments, status = 0) {
        const args = ['write', `127.0.0.1:${this.port}`, ...assignments];
        const result = await run(COMMAND, args);
        assert.strictEqual(result.status, status, `s7rig ${args.join(' ')}: ${result.err}`);
    }

    // ---- the tally ----

    same(what, got, expected) {
        this.compared++;
        try {
            assert.deepStrictEqual(got, expected);
        } catch {
            this.failures.push(`${what}: expected ${show(expected)}, got ${show(got)}`);
        }
    }

    // What serve began.
    async stop() {
        if (this.relay)
            this.relay.close();
        if (this.server) {
            this.server.kill('SIGTERM');
            const how = await this.ended;
            if (how !== 0)
                this.failures.push(`serve ended with ${how}: ${this.log()}`);
        }
        this.relay = this.server = undefined;
    }

    async end() {
        await this.stop();
        fs.rmSync(this.dir, { recursive: true });
    }
}

function show(value) {
    if (Buffer.isBuffer(value))
        return `bytes ${value.toString('hex')}`;
    return JSON.stringify(value, (key, v) => (typeof v === 'bigint' ? `${v}n` : v));
}

// Run a test's body with a rig; prints what was compared and ends the process with its status.
async function main(name, body) {
    const rig = new Rig(name);
    let status = 0;
    try {
        await body(rig);
    } catch (error) {
        rig.failures.push(error.stack);
    }
    try {
        await rig.end();
    } catch (error) {
        rig.failures.push(error.stack);
    }
    for (const failure of rig.failures)
        console.error(`FAILED ${failure}`);
    if (rig.failures.length > 0 || rig.compared === 0)
        status = 1;
    console.log(`${name}: ${rig.compared} comparisons, ${rig.failures.length} failed`);
    process.exit(status);
}

function skip(reason) {
    console.log(`skipped: ${reason}`);
    process.exit(77);
}

module.exports = { main, skip, run, must };
