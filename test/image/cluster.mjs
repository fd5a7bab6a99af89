// cluster.mjs - judges Kubernetes documents by the models of its API
//
//   cluster.mjs FILE...    each with documents of YAML; one line of JSON for
//                          each: file, kind, name and complaints
//
// kubernetes-models checks values; keys that no model has are found by the
// TypeScript compiler, to which an unknown property of a literal is an error.
import {execFileSync} from "node:child_process";
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import {parseAllDocuments} from "yaml";

const require = createRequire(import.meta.url);
const MODULES = dirname(dirname(require.resolve("yaml/package.json")));
const OPERATOR = "monitoring.coreos.com/v1";

function model(document) {
    const api = document.apiVersion;
    const from = api === OPERATOR
        ? `@kubernetes-models/prometheus-operator/${api}`
        : `kubernetes-models/${api.replace(/^(networking)\//, "$1.k8s.io/")}`;
    return `${from}/${document.kind}`;
}

async function faults(document) {
    const {[document.kind]: Model} = await import(model(document));
    try {
        new Model(document).validate();
        return [];
    } catch (error) {
        return [error.message];
    }
}

// The compiler's complaints about all documents at once, as "INDEX: text".
function strangers(documents) {
    const folder = mkdtempSync(join(MODULES, ".cluster-"));
    const lines = documents.map((document, index) =>
        `import {I${document.kind} as I${index}} from "${model(document)}";\n` +
        `export const d${index}: I${index} = ${JSON.stringify(document)};`);
    try {
        mkdirSync(folder, {recursive: true});
        writeFileSync(join(folder, "documents.ts"), lines.join("\n") + "\n");
        execFileSync(process.execPath, [join(MODULES, "typescript/bin/tsc"), "--noEmit", "--strict",
            "--skipLibCheck", "--target", "es2022", "--module", "nodenext",
            join(folder, "documents.ts")], {encoding: "utf8", stdio: "pipe"});
        return [];
    } catch (error) {
        if (!error.stdout)
            throw error;
        return [...error.stdout.matchAll(/documents\.ts\((\d+),\d+\): (.*)/g)]
            .map(([, line, text]) => [Math.floor((line - 1) / 2), text]);
    } finally {
        rmSync(folder, {recursive: true});
    }
}

const all = process.argv.slice(2).flatMap(file =>
    parseAllDocuments(readFileSync(file, "utf8")).map(d => ({file, document: d.toJS()})));
const unknown = strangers(all.map(({document}) => document));
for (const [index, {file, document}] of all.entries()) {
    const complaints = await faults(document);
    complaints.push(...unknown.filter(([which]) => which === index).map(([, text]) => text));
    console.log(JSON.stringify({file, kind: document.kind, name: document.metadata.name, complaints}));
}
