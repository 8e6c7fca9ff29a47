// nmap_test.js - nmap's script s7-info against each kind of CPU that tells of itself: its eight texts are those of the plant's file.
'use strict';

const { main, skip, run, must } = require('./rig');

// As nmap calls them: [list, record by its index, from byte, to byte]. What it calls "Module Type" is the module's name.
const TEXTS = {
    'Module': [0x11, 1, 2, 22], 'Basic Hardware': [0x11, 6, 2, 22], 'System Name': [0x1c, 1, 2, 34], 'Module Type': [0x1c, 2, 2, 34],
    'Plant Identification': [0x1c, 3, 2, 34], 'Copyright': [0x1c, 4, 2, 34], 'Serial Number': [0x1c, 5, 2, 34],
};
const KINDS = ['generic', 's7-300', 'cp343-1-lean', 's7-400', 's7-1500'];

const record = async (rig, list, index) => (await rig.szl(list)).find((bytes) => bytes.readUInt16BE(0) === index);

const unquote = (text) => text.replace(/&quot;/g, '"').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');

// {port: what nmap takes the port for, texts: {name: text}}
async function scan(port) {
    const xml = await must('nmap', ['-Pn', '-n', '-sT', '--unprivileged', '-p', String(port), '--script', '+s7-info', '-oX', '-',
                                    '127.0.0.1']);
    const texts = [...xml.matchAll(/<elem key="([^"]*)">([^<]*)<\/elem>/g)].map(([, name, text]) => [name, unquote(text).trim()]);
    return { product: (/ product="([^"]*)"/.exec(xml) || [])[1], texts: Object.fromEntries(texts) };
}

async function tells(rig, cpu) {
    await rig.serve(['1:256'], [], { cpu });
    if (cpu === 's7-400')
        await rig.sql('UPDATE plc SET slot = 2'); // nmap looks at slots 2 and 0 only
    const { product, texts } = await scan(rig.port);
    rig.same(`${cpu}: nmap takes it for`, product, 'Siemens S7 PLC');
    rig.same(`${cpu}: eight texts`, Object.keys(texts).length, 8);
    for (const [name, [list, index, from, to]] of Object.entries(TEXTS)) {
        const bytes = await record(rig, list, index);
        rig.same(`${cpu}: ${name}`, texts[name], bytes.subarray(from, to).toString('latin1').replace(/\0.*$/, '').trim());
    }
    const firmware = await record(rig, 0x11, 7);
    rig.same(`${cpu}: Version`, texts.Version, [...firmware.subarray(25, 28)].join('.'));
    await rig.stop();
}

const withNmap = () => main('nmap', async (rig) => {
    for (const cpu of KINDS)
        await tells(rig, cpu);
});

run('nmap', ['--version']).then(withNmap, () => skip('nmap is not installed (on Debian: apt-get install nmap)'));
