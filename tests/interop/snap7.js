// snap7.js - node-snap7 (Snap7's own C++ client and server) with promises; ends the test as skipped where it could not be built.
'use strict';

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

module.exports = { load, call };
