// snap7.js - node-snap7 (Snap7's own C++ client and server) with promises; ends the test as skipped where it could not be built.
'use strict';

const net = require('net');
const { skip } = require('./rig');

function load() {
    try {
        return require('node-snap7');
    } catch (error) {
        return skip(`node-snap7 is not there; it needs g++, make and node's headers (on Debian: apt-get install g++ make `
                    + `libnode-dev): ${String(error.message).split('\n')[0]}`);
    }
}

// What a call of node-snap7 with a callback gives, or an Error with its number and text.
function call(object, method, ...args) {
    return new Promise((resolve, reject) => {
        object[method](...args, (error, result) => {
            if (error)
                reject(Object.assign(new Error(`${method}: ${object.ErrorText(error)}`), { number: error }));
            else
                resolve(result);
        });
    });
}

// node-snap7 leaves it to chance whether what it read is summer time, so an hour is not the PLC's.
const HOUR = 3600000;

function isNear(got, expected) {
    const apart = Math.abs(got - expected);
    return apart <= HOUR + 60000 && Math.min(apart % HOUR, HOUR - apart % HOUR) < 60000;
}

// A port that was free a moment ago; Snap7 cannot be asked which one it got for 0.
function freePort() {
    return new Promise((resolve, reject) => {
        const probe = net.createServer();
        probe.on('error', reject);
        probe.listen(0, '127.0.0.1', () => {
            const { port } = probe.address();
            probe.close(() => resolve(port));
        });
    });
}

// Starts a server of node-snap7; its port.
async function serve(server) {
    for (let attempt = 0; attempt < 20; attempt++) {
        const port = await freePort();
        server.SetParam(server.LocalPort, port);
        if (server.StartTo('127.0.0.1'))
            return port;
    }
    throw new Error(`Snap7's server did not start: ${server.ErrorText(server.LastError())}`);
}

module.exports = { load, call, isNear, serve };
